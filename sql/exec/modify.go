package exec

import (
	"slices"

	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/sql/plan"
)

// Rows go to the heap and to the indexes in batches of at most this many rows and bytes.
const (
	BatchRows  = 1000
	batchBytes = 1 << 20
)

// modify changes a table by the rows of its child. Everything happens at the first Next, except that an INSERT, UPDATE or DELETE with
// RETURNING keeps the rows to return.
type modify struct {
	x     *Context
	node  *plan.ModifyTable
	child Operator
	w     *Writer
	// indexed are the columns that some index has and the statement sets: if none of them changes, the new version may be a
	// heap-only one.
	indexed []int

	returned []Row
	at       int
	done     bool
	ret      projector
}

func newModify(x *Context, n *plan.ModifyTable) *modify {
	m := &modify{
		x: x, node: n, child: Build(x, n.Child), ret: newProjector(x, n.Returning),
		w: NewWriter(x, n.Table, n.Checks),
	}
	set := n.Set
	if n.Conflict != nil {
		set = n.Conflict.Set
	}
	if set != nil {
		for _, index := range n.Table.Indexes {
			for _, attr := range index.Attrs {
				if set[attr] != nil {
					m.indexed = append(m.indexed, attr)
					m.w.late = m.w.late || index.Def.Unique && n.Op == plan.OpUpdate
				}
			}
		}
	}
	return m
}

// hot reports whether all indexed columns of a new version are those of the old one.
func (m *modify) hot(old, fresh Row) bool {
	for _, attr := range m.indexed {
		if a, b := &old[attr], &fresh[attr]; a.Null != b.Null || !a.Null && (a.I != b.I || a.S != b.S) {
			return false
		}
	}
	return true
}

func (m *modify) Open() error {
	m.done, m.at, m.returned = false, 0, nil
	return m.child.Open()
}

func (m *modify) Close() { m.child.Close() }

func (m *modify) Next() (Row, error) {
	if !m.done {
		m.done = true
		if err := m.run(); err != nil {
			return nil, err
		}
	}
	if m.at == len(m.returned) {
		return nil, nil
	}
	m.at++
	return m.returned[m.at-1], nil
}

func (m *modify) run() error {
	if err := m.w.ready(); err != nil {
		return err
	}
	each := m.insert
	if m.node.Conflict != nil {
		each = newUpsert(m).row
	}
	switch m.node.Op {
	case plan.OpUpdate:
		each = m.update
	case plan.OpDelete:
		each = m.delete
	}
	tick := ticker{ctx: m.x.Ctx}
	for {
		row, err := m.child.Next()
		if err != nil {
			return err
		}
		if row == nil {
			return m.w.Flush()
		}
		if err := tick.tick(); err != nil {
			return err
		}
		if err := each(row); err != nil {
			return err
		}
	}
}

// result keeps what RETURNING shows of a row.
func (m *modify) result(row Row) error {
	m.x.Affected++
	if m.node.Returning == nil {
		return nil
	}
	out, err := m.ret.apply(row)
	if err != nil {
		return err
	}
	m.returned = append(m.returned, cloneRow(out))
	return nil
}

func (m *modify) insert(row Row) error {
	row = row[:len(m.node.Table.Columns)]
	if err := m.w.Add(row); err != nil {
		return err
	}
	return m.result(row)
}

// update replaces one row, following it when somebody else has replaced it meanwhile.
func (m *modify) update(row Row) error {
	t := m.node.Table
	tid := unpackTID(row[t.TIDSlot()].I)
	fresh := make(Row, len(t.Columns), len(row))
	for {
		for i := range fresh {
			if m.node.Set[i] == nil {
				fresh[i] = row[i]
				continue
			}
			v, err := m.node.Set[i].Eval(m.x.Eval, row)
			if err != nil {
				return err
			}
			fresh[i] = v
		}
		if err := CheckRow(m.x.Eval, t, m.node.Checks, fresh); err != nil {
			return err
		}
		m.w.row = t.Row.AppendRow(m.w.row[:0], fresh)
		r, err := m.x.Heap.Update(m.x.Ctx, m.x.Txn, m.x.Snapshot, t.Heap, tid, m.w.row, m.hot(row, fresh))
		if err != nil {
			return err
		}
		switch r.Outcome {
		case heap.OK:
			m.w.updated(r)
			if !r.Hot {
				if err := m.w.index(r.TID, fresh); err != nil {
					return err
				}
			}
			return m.result(append(fresh, row[len(fresh):]...))
		case heap.Gone, heap.SelfModified:
			return nil
		}
		var again bool
		if row, again, err = m.recheck(row, r.TID); err != nil || !again {
			return err
		}
		tid = r.TID
	}
}

func (m *modify) delete(row Row) error {
	t := m.node.Table
	tid := unpackTID(row[t.TIDSlot()].I)
	for {
		r, err := m.x.Heap.Delete(m.x.Ctx, m.x.Txn, m.x.Snapshot, t.Heap, tid)
		if err != nil {
			return err
		}
		switch r.Outcome {
		case heap.OK:
			m.w.count().Deleted()
			return m.result(row)
		case heap.Gone, heap.SelfModified:
			return nil
		}
		var again bool
		if row, again, err = m.recheck(row, r.TID); err != nil || !again {
			return err
		}
		tid = r.TID
	}
}

// recheck fetches the successor of a row and decides whether the statement still wants it (by X4), joined with the same rows as before.
func (m *modify) recheck(old Row, tid page.TID) (Row, bool, error) {
	t := m.node.Table
	data, found, err := m.x.Heap.FetchVersion(t.Heap, tid, nil)
	if err != nil || !found {
		return nil, false, err
	}
	row := slices.Clone(old)
	if err := t.Row.DecodeRow(data, row[:len(t.Columns)]); err != nil {
		return nil, false, badRow(t, tid, err)
	}
	row[t.TIDSlot()].I = packTID(tid)
	ok, err := m.x.passes(m.node.Quals, row)
	return row, ok, err
}
