package exec

import (
	"errors"
	"io"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/sql/plan"
)

// indexKeys computes the search arguments. none says that no row can match: comparing with NULL is never true.
func (x *Context) indexKeys(conds []plan.IndexCond) (keys []am.ScanKey, none bool, err error) {
	keys = make([]am.ScanKey, len(conds))
	for i, c := range conds {
		keys[i] = am.ScanKey{Column: c.Column, Strategy: c.Strategy}
		if c.Arg == nil {
			continue
		}
		v, err := c.Arg.Eval(x.Eval, nil)
		if err != nil {
			return nil, false, err
		}
		if v.Null {
			return nil, true, nil
		}
		keys[i].Arg = v
	}
	return keys, false, nil
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

func (h *hits) close() {
	if h.cursor != nil {
		_ = h.cursor.Close() // an error of the scan has been reported by Next
		h.cursor = nil
	}
	h.batch, h.at = nil, 0
}
