package session_test

import (
	"context"
	"io"
	"slices"
	"strconv"
	"sync"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
)

// fakeMethod is an access method that keeps its entries in memory: enough to see what executor and DDL ask of one. The lossy kind
// reports every third entry that does not match as well, for a recheck.
type fakeMethod struct {
	name    string
	ordered bool
	mu      sync.Mutex
	rows    map[page.RelFileNumber][]am.Row
	down    bool        // behaves as if its process were gone
	heap    *heap.Store // judges equal rows, for unique indexes; nil has none
}

func newFake(name string, ordered bool) *fakeMethod {
	return &fakeMethod{name: name, ordered: ordered, rows: map[page.RelFileNumber][]am.Row{}}
}

func (f *fakeMethod) Describe() am.Description {
	d := am.Description{
		Name: f.name, Version: "1",
		Options: []am.OptionDef{{Name: "length", Type: am.OptionInt, Default: "80", Min: "1", Max: "4096"}},
		Caps:    am.Caps{MultiColumn: true, BitmapOnly: !f.ordered, OptionalKey: true, Ordered: f.ordered, Backward: f.ordered, SearchNulls: f.ordered, AnyEqual: f.ordered, ReturnKeys: f.ordered, Unique: f.heap != nil},
		Cost:    am.Cost{PagesFraction: 1, PerPage: 1, PerTuple: 1},
	}
	ops := []string{"="}
	if f.ordered {
		ops = []string{"=", "<", "<=", ">", ">="}
		d.Cost = am.Cost{PerPage: 4, PerTuple: 1}
	}
	for _, t := range []datum.OID{datum.Int2, datum.Int4, datum.Int8, datum.Text} {
		name := datum.MustLookup(t).Name + "_ops"
		d.OpClasses = append(d.OpClasses, am.OpClass{Name: name, Type: t, Operators: ops, Default: true})
	}
	return d
}

func (f *fakeMethod) ValidateOptions(_ context.Context, _ []am.Column, options map[string]string) (map[string]string, error) {
	out := map[string]string{"length": "80"}
	for k, v := range options {
		if k != "length" {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "unrecognized parameter %q", k)
		}
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 4096 {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "value %s out of bounds for option %q", v, k).
				WithDetail("Valid values are between \"1\" and \"4096\".")
		}
		out[k] = v
	}
	return out, nil
}

func (f *fakeMethod) Build(_ context.Context, idx am.Index, rows func(func([]am.Row) error) error) (am.BuildStats, error) {
	n := int64(0)
	err := rows(func(batch []am.Row) error {
		n += int64(len(batch))
		f.add(idx, batch)
		return nil
	})
	return am.BuildStats{Rows: n, Pages: page.BlockNumber(n/100 + 1)}, err
}

func (f *fakeMethod) BuildEmpty(context.Context, am.Index) ([]page.Page, error) {
	p := make(page.Page, page.Size)
	e := page.NewEditor(p)
	if err := e.Init(0, 0); err != nil {
		return nil, err
	}
	return []page.Page{e.Page()}, nil
}

func (f *fakeMethod) add(idx am.Index, rows []am.Row) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range rows {
		f.addLocked(idx, r)
	}
}

// addLocked keeps a copy of a row. Holds: f.mu.
func (f *fakeMethod) addLocked(idx am.Index, r am.Row) {
	c := am.Row{TID: r.TID, Values: make([]datum.Datum, len(r.Values))}
	for i, v := range r.Values {
		c.Values[i] = v.Clone()
	}
	f.rows[idx.Rel.Rel] = append(f.rows[idx.Rel.Rel], c)
}

func (f *fakeMethod) Insert(_ context.Context, idx am.Index, xid uint64, rows []am.Row) ([]am.Conflict, error) {
	if f.down {
		return nil, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "access method %q is not available", f.name).Because(am.ErrUnavailable)
	}
	if !idx.Unique {
		f.add(idx, rows)
		return nil, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var conflicts []am.Conflict
	for i, r := range rows {
		c, there, err := f.conflict(idx, xid, r)
		if err != nil {
			return nil, err
		}
		if c != nil {
			c.Row = i
			conflicts = append(conflicts, *c)
		} else if !there {
			f.addLocked(idx, r)
		}
	}
	return conflicts, nil
}

// conflict looks for an equal row that is not dead; there says that the row itself is in the index. Holds: f.mu.
func (f *fakeMethod) conflict(idx am.Index, xid uint64, r am.Row) (*am.Conflict, bool, error) {
	for _, v := range r.Values {
		if v.Null {
			return nil, false, nil
		}
	}
	for _, other := range f.rows[idx.Rel.Rel] {
		if !slices.EqualFunc(other.Values, r.Values, func(a, b datum.Datum) bool { return !a.Null && a.I == b.I && a.S == b.S }) {
			continue
		}
		if other.TID == r.TID {
			return nil, true, nil
		}
		status, err := f.heap.Statuses(xact.XID(xid), heap.Relation{Rel: idx.Heap}, []page.TID{other.TID})
		if err != nil {
			return nil, false, err
		}
		switch status[0].Life {
		case heap.Live:
			return &am.Conflict{TID: other.TID}, false, nil
		case heap.Undecided:
			return &am.Conflict{TID: other.TID, XID: uint64(status[0].XID)}, false, nil
		}
	}
	return nil, false, nil
}

func (f *fakeMethod) Scan(_ context.Context, idx am.Index, keys []am.ScanKey, opts am.ScanOptions) (am.Cursor, error) {
	if f.down {
		return nil, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "access method %q is not available", f.name).Because(am.ErrUnavailable)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	dir := opts.Direction
	if dir == 0 {
		dir = am.Forward
	}
	var hits []am.Hit
	rows := slices.Clone(f.rows[idx.Rel.Rel])
	if f.ordered {
		slices.SortStableFunc(rows, func(a, b am.Row) int {
			for i, c := range idx.Columns {
				x, y := a.Values[i], b.Values[i]
				cmp := 0
				switch {
				case x.Null && y.Null:
				case x.Null != y.Null:
					cmp = 1
					if x.Null == c.NullsFirst {
						cmp = -1
					}
				default:
					if cmp = datum.Compare(c.Type, x, y); c.Desc {
						cmp = -cmp
					}
				}
				if cmp != 0 {
					return cmp * int(dir)
				}
			}
			return 0
		})
	}
	for i, r := range rows {
		ok := matches(idx, r, keys)
		if ok || !f.ordered && i%3 == 0 {
			hit := am.Hit{TID: r.TID, Recheck: !f.ordered}
			for _, c := range opts.Return {
				hit.Values = append(hit.Values, r.Values[c])
			}
			hits = append(hits, hit)
		}
	}
	return &fakeCursor{hits: hits}, nil
}

func matches(idx am.Index, r am.Row, keys []am.ScanKey) bool {
	for _, k := range keys {
		v := r.Values[k.Column]
		switch k.Strategy {
		case am.IsNull:
			if !v.Null {
				return false
			}
			continue
		case am.IsNotNull:
			if v.Null {
				return false
			}
			continue
		}
		if v.Null {
			return false
		}
		if k.Strategy == am.AnyEqual {
			if !slices.ContainsFunc(k.Args, func(arg datum.Datum) bool { return datum.Compare(idx.Columns[k.Column].Type, v, arg) == 0 }) {
				return false
			}
			continue
		}
		c := datum.Compare(idx.Columns[k.Column].Type, v, k.Arg)
		if !map[string]bool{"=": c == 0, "<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[k.Strategy] {
			return false
		}
	}
	return true
}

type fakeCursor struct{ hits []am.Hit }

func (c *fakeCursor) Next() ([]am.Hit, error) {
	if len(c.hits) == 0 {
		return nil, io.EOF
	}
	n := min(7, len(c.hits))
	out := c.hits[:n]
	c.hits = c.hits[n:]
	return out, nil
}

func (c *fakeCursor) Close() error { return nil }

func (f *fakeMethod) BulkDelete(_ context.Context, idx am.Index, dead am.DeadSet) (am.BulkDeleteStats, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := len(f.rows[idx.Rel.Rel])
	f.rows[idx.Rel.Rel] = slices.DeleteFunc(f.rows[idx.Rel.Rel], func(r am.Row) bool { return dead.Contains(r.TID) })
	after := len(f.rows[idx.Rel.Rel])
	return am.BulkDeleteStats{Removed: int64(before - after), Remaining: int64(after)}, nil
}

func (f *fakeMethod) Cleanup(_ context.Context, idx am.Index) (am.CleanupStats, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return am.CleanupStats{Pages: page.BlockNumber(len(f.rows[idx.Rel.Rel])/100 + 1), Rows: int64(len(f.rows[idx.Rel.Rel]))}, nil
}

func (f *fakeMethod) Check(context.Context, am.Index, func(string)) error { return nil }

// fakeRegistry holds the fakes.
type fakeRegistry map[string]*fakeMethod

func (r fakeRegistry) Lookup(name string) (am.Method, error) {
	f, ok := r[name]
	if !ok {
		return nil, pgerr.New(pgerr.UndefinedObject, "access method %q does not exist", name).WithHint("The plugin directory holds others.").Because(am.ErrUnknown)
	}
	if f.down {
		return nil, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "access method %q is not available", name).
			WithHint("Its process restarts by itself; try again.").Because(am.ErrUnavailable)
	}
	return f, nil
}

func (r fakeRegistry) List() []am.Info {
	var out []am.Info
	for name := range r {
		out = append(out, am.Info{Name: name, State: "ready"})
	}
	slices.SortFunc(out, func(a, b am.Info) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out
}
