package exec

import (
	"errors"
	"io"
	"slices"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/sql/plan"
)

// indexKeys computes the search arguments. none says that no row can match: comparing with NULL is never true.
func (x *Context) indexKeys(conds []plan.IndexCond) (keys []am.ScanKey, none bool, err error) {
	keys = make([]am.ScanKey, len(conds))
	for i := range conds {
		c := &conds[i]
		keys[i] = am.ScanKey{Column: c.Column, Strategy: c.Strategy}
		if c.Strategy == am.AnyEqual {
			if keys[i].Args, err = x.anyKeys(c); err != nil || len(keys[i].Args) == 0 {
				return nil, true, err
			}
			continue
		}
		if c.Arg == nil {
			continue
		}
		v, err := c.Arg.Eval(x.Eval, nil)
		if err != nil {
			return nil, false, err
		}
		if v.Null || c.Narrow && !fits(c.Type, v) {
			return nil, true, nil
		}
		keys[i].Arg = v
	}
	return keys, false, nil
}

// anyKeys computes the values of column = ANY (…): those that are not null and that the column can have, ascending, each once.
func (x *Context) anyKeys(c *plan.IndexCond) ([]datum.Datum, error) {
	var list []datum.Datum
	if c.Arg != nil {
		v, err := c.Arg.Eval(x.Eval, nil)
		if err != nil || v.Null {
			return nil, err
		}
		if list, err = v.Array(c.Element); err != nil {
			return nil, err
		}
	}
	for _, e := range c.List {
		v, err := e.Eval(x.Eval, nil)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	list = slices.DeleteFunc(list, func(v datum.Datum) bool { return v.Null || c.Narrow && !fits(c.Type, v) })
	slices.SortFunc(list, func(a, b datum.Datum) int { return datum.Compare(c.Type, a, b) })
	return slices.CompactFunc(list, func(a, b datum.Datum) bool { return datum.Compare(c.Type, a, b) == 0 }), nil
}

// searches is how often an index is searched for keys, as PostgreSQL counts it: once for each value of a list.
func searches(keys []am.ScanKey) int64 {
	n := int64(1)
	for i := range keys {
		if keys[i].Strategy == am.AnyEqual {
			n *= int64(len(keys[i].Args))
		}
	}
	return n
}

// fits reports whether an integer is a value of a narrower integer type.
func fits(t datum.OID, v datum.Datum) bool {
	bits := 8*datum.MustLookup(t).Len - 1
	return bits >= 63 || v.I >= -1<<bits && v.I < 1<<bits
}

// hits reads the hits of an index scan one by one.
type hits struct {
	cursor am.Cursor
	batch  []am.Hit
	at     int
}

func (h *hits) next() (am.Hit, bool, error) {
	for h.at == len(h.batch) {
		batch, err := h.cursor.Next()
		if errors.Is(err, io.EOF) {
			return am.Hit{}, false, nil
		}
		if err != nil {
			return am.Hit{}, false, err
		}
		h.batch, h.at = batch, 0
	}
	h.at++
	return h.batch[h.at-1], true, nil
}

// follows reports whether the next hit, as far as it is there, lies on the given page of the table.
func (h *hits) follows(blk page.BlockNumber) bool {
	return h.at < len(h.batch) && h.batch[h.at].TID.Block == blk
}

func (h *hits) close() {
	if h.cursor != nil {
		_ = h.cursor.Close() // an error of the scan has been reported by Next
		h.cursor = nil
	}
	h.batch, h.at = nil, 0
}
