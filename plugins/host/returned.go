package host

import (
	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/plugins/wire"
)

// returned makes datums of the key values that hits carry. Where they begin with the first columns of an ordered index,
// it also sees to it that the hits come in order: a statement that relies on it must not be deceived quietly.
type returned struct {
	columns  []int
	types    []*datum.TypeInfo
	order    []am.Column // of the values at the front that must ascend, or descend if backward
	backward bool
	values   []datum.Datum
	last     []datum.Datum // of the hit before, its own copy
}

// newReturned checks the wish against what the method declares.
func newReturned(about am.Description, idx am.Index, opts am.ScanOptions) (*returned, error) {
	if len(opts.Return) == 0 {
		return nil, nil
	}
	if !about.Caps.ReturnKeys {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "access method %q does not return the values of keys", about.Name)
	}
	r := &returned{columns: opts.Return, backward: opts.Direction == am.Backward}
	ordered := about.Caps.Ordered
	for i, c := range opts.Return {
		if c < 0 || c >= len(idx.Columns) || len(opts.Return) > wire.MaxColumns {
			return nil, pgerr.New(pgerr.InternalError, "columns %d to return of an index of %d columns", opts.Return, len(idx.Columns))
		}
		col := idx.Columns[c]
		t, class := datum.Lookup(col.Type), about.OpClassFor(col.OpClass, col.Type)
		if t == nil || class == nil || class.NoReturn {
			return nil, pgerr.New(pgerr.FeatureNotSupported, "access method %q does not return values of operator class %q", about.Name, col.OpClass)
		}
		r.types = append(r.types, t)
		if ordered = ordered && c == i; ordered {
			r.order = append(r.order, col)
		}
	}
	return r, nil
}

// decode sets the values of hits.
func (r *returned) decode(hits []am.Hit, from []wire.Hit) error {
	n := len(r.columns)
	if cap(r.values) < len(hits)*n {
		r.values = make([]datum.Datum, len(hits)*n)
	}
	for i := range hits {
		values := r.values[i*n : (i+1)*n : (i+1)*n]
		for c, v := range from[i].Values {
			if v == nil {
				values[c] = datum.NewNull()
				continue
			}
			d, err := r.types[c].ParseBinary(v)
			if err != nil {
				return lieError("index returned %d bytes as a value of type %s: %w", len(v), r.types[c].Name, err)
			}
			values[c] = d
		}
		if len(r.order) > 0 {
			if err := r.follows(values); err != nil {
				return err
			}
		}
		hits[i].Values = values
	}
	return nil
}

// follows compares a hit with the one before.
func (r *returned) follows(values []datum.Datum) error {
	if r.last != nil {
		c := 0
		for i, col := range r.order {
			if c = datum.CompareIn(col.Order, r.types[i].OID, r.last[i], values[i]); c != 0 {
				break
			}
		}
		if c > 0 && !r.backward || c < 0 && r.backward {
			return lieError("index returned rows out of its order")
		}
	} else {
		r.last = make([]datum.Datum, len(r.order))
	}
	for i := range r.order {
		r.last[i] = values[i].Clone()
	}
	return nil
}
