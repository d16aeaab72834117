package exec

import (
	"context"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
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

	returned []Row
	at       int
	done     bool
	ret      projector
}

func newModify(x *Context, n *plan.ModifyTable) *modify {
	return &modify{
		x: x, node: n, child: Build(x, n.Child), ret: newProjector(x, n.Returning),
		w: NewWriter(x, n.Table),
	}
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
	fresh := make(Row, len(t.Columns))
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
		if err := CheckNotNull(t, fresh); err != nil {
			return err
		}
		m.w.row = t.Row.AppendRow(m.w.row[:0], fresh)
		r, err := m.x.Heap.Update(m.x.Ctx, m.x.Txn, m.x.Snapshot, t.Heap, tid, m.w.row, false)
		if err != nil {
			return err
		}
		switch r.Outcome {
		case heap.OK:
			if err := m.w.index(r.TID, fresh); err != nil {
				return err
			}
			return m.result(fresh)
		case heap.Gone, heap.SelfModified:
			return nil
		}
		var again bool
		if row, again, err = m.recheck(r.TID); err != nil || !again {
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
			return m.result(row[:len(t.Columns)])
		case heap.Gone, heap.SelfModified:
			return nil
		}
		var again bool
		if row, again, err = m.recheck(r.TID); err != nil || !again {
			return err
		}
		tid = r.TID
	}
}

// recheck fetches the successor of a row and decides whether the statement still wants it (by X4).
func (m *modify) recheck(tid page.TID) (Row, bool, error) {
	t := m.node.Table
	data, found, err := m.x.Heap.FetchVersion(t.Heap, tid, nil)
	if err != nil || !found {
		return nil, false, err
	}
	row := make(Row, len(t.Columns)+1)
	if err := t.Row.DecodeRow(data, row[:len(t.Columns)]); err != nil {
		return nil, false, badRow(t, tid, err)
	}
	row[t.TIDSlot()].I = packTID(tid)
	ok, err := m.x.passes(m.node.Quals, row)
	return row, ok, err
}

// Writer adds rows to a table and its indexes in batches.
type Writer struct {
	x     *Context
	table *plan.Table

	arena []byte
	rows  [][]byte
	keep  []Row // index columns need the values after the heap has placed the rows
	row   []byte
	// Per index: entries of rows that are in the heap.
	entries [][]am.Row
	values  []datum.Datum // backing of the entries' values
}

// NewWriter prepares writing to t.
func NewWriter(x *Context, t *plan.Table) *Writer {
	return &Writer{x: x, table: t, entries: make([][]am.Row, len(t.Indexes))}
}

// ready fails if some index of the table cannot be written: nothing skips an index.
func (w *Writer) ready() error {
	for _, x := range w.table.Indexes {
		if x.Method == nil {
			return x.Err
		}
	}
	return nil
}

// Add queues one row; its strings are copied.
func (w *Writer) Add(row Row) error {
	if err := CheckNotNull(w.table, row); err != nil {
		return err
	}
	from := len(w.arena)
	w.arena = w.table.Row.AppendRow(w.arena, row)
	w.rows = append(w.rows, w.arena[from:len(w.arena):len(w.arena)])
	if len(w.table.Indexes) > 0 {
		w.keep = append(w.keep, cloneRow(row))
	}
	if len(w.rows) < BatchRows && len(w.arena) < batchBytes {
		return nil
	}
	return w.Flush()
}

// Flush writes what is queued.
func (w *Writer) Flush() error {
	if len(w.rows) > 0 {
		tids, err := w.x.Heap.Insert(w.x.Ctx, w.x.Txn, w.table.Heap, w.rows)
		if err != nil {
			return err
		}
		for i, row := range w.keep {
			w.queue(tids[i], row)
		}
		w.arena, w.rows, w.keep = w.arena[:0], w.rows[:0], w.keep[:0]
	}
	return w.flushIndexes()
}

// index queues the index entries of a row that is in the heap already. The row's values are copied.
func (w *Writer) index(tid page.TID, row Row) error {
	if len(w.table.Indexes) == 0 {
		return nil
	}
	w.queue(tid, cloneRow(row))
	if len(w.entries[0]) < BatchRows {
		return nil
	}
	return w.flushIndexes()
}

// queue makes the index entries of a row.
func (w *Writer) queue(tid page.TID, row Row) {
	for i, x := range w.table.Indexes {
		from := len(w.values)
		for _, attr := range x.Attrs {
			w.values = append(w.values, row[attr])
		}
		w.entries[i] = append(w.entries[i], am.Row{TID: tid, Values: w.values[from:len(w.values):len(w.values)]})
	}
}

func (w *Writer) flushIndexes() error {
	if len(w.table.Indexes) == 0 || len(w.entries[0]) == 0 {
		return nil
	}
	if w.x.Ctx.Err() != nil {
		return context.Cause(w.x.Ctx)
	}
	xid, err := w.x.Txn.XID()
	if err != nil {
		return err
	}
	for i, x := range w.table.Indexes {
		conflicts, err := x.Method.Insert(w.x.Ctx, x.Def, uint64(xid), w.entries[i])
		if err != nil {
			return err
		}
		if len(conflicts) > 0 {
			return DuplicateKey(x.Def, conflicts[0])
		}
		w.entries[i] = w.entries[i][:0]
	}
	w.values = w.values[:0]
	return nil
}
