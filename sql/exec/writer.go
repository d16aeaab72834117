package exec

import (
	"context"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgstat"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/sql/plan"
)

// Writer adds rows to a table and its indexes in batches (X3).
type Writer struct {
	x      *Context
	table  *plan.Table
	checks []plan.Check
	// late says that the statement may yet take equal rows out of the way: a key that is there already is looked at again at its end.
	late bool

	arena []byte
	rows  [][]byte
	keep  []Row // index columns need the values after the heap has placed the rows
	row   []byte
	// Per index: entries of rows that are in the heap.
	entries [][]am.Row
	values  []datum.Datum // backing of the entries' values
	delayed [][]am.Row    // per index: entries to be tried again at the end (late)
}

// NewWriter prepares writing to t; checks are t's, ready to run.
func NewWriter(x *Context, t *plan.Table, checks []plan.Check) *Writer {
	return &Writer{x: x, table: t, checks: checks, entries: make([][]am.Row, len(t.Indexes))}
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
	if err := CheckRow(w.x.Eval, w.table, w.checks, row); err != nil {
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
	return w.flush()
}

// Flush writes what is queued and settles what was put off. It ends a statement.
func (w *Writer) Flush() error {
	if err := w.flush(); err != nil {
		return err
	}
	w.late = false
	for i, rows := range w.delayed {
		if err := w.insert(i, rows); err != nil {
			return err
		}
	}
	w.delayed = nil
	return nil
}

func (w *Writer) flush() error {
	if len(w.rows) > 0 {
		tids, err := w.x.Heap.Insert(w.x.Ctx, w.x.Txn, w.table.Heap, w.rows)
		if err != nil {
			return err
		}
		w.count().Inserted(int64(len(tids)))
		for i, row := range w.keep {
			w.queue(tids[i], row)
		}
		w.arena, w.rows, w.keep = w.arena[:0], w.rows[:0], w.keep[:0]
	}
	return w.flushIndexes()
}

// count is what the session counts of the table.
func (w *Writer) count() *pgstat.Pending { return w.x.Txn.Counts().Relation(w.table.OID) }

// updated counts a row that was replaced.
func (w *Writer) updated(r heap.Result) {
	count := w.count()
	count.Updated(r.Hot)
	count.Pruned(r.Pruned)
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
	for i := range w.table.Indexes {
		if err := w.insert(i, w.entries[i]); err != nil {
			return err
		}
		w.entries[i] = w.entries[i][:0]
	}
	w.values = w.values[:0]
	return nil
}

// insert adds entries to one index. Of those that it does not take, an entry whose equal row is there is error 23505, or put off; for the
// others it waits until the transaction that has the equal row is over, and tries them again.
func (w *Writer) insert(i int, rows []am.Row) error {
	x := w.table.Indexes[i]
	rest, err := InsertEntries(w.x.Ctx, w.x.Txn, x, rows, !w.late)
	if err != nil || len(rest) == 0 {
		return err
	}
	if !w.late {
		return DuplicateKey(w.table, &x.Def, rest[0].Values)
	}
	if w.delayed == nil {
		w.delayed = make([][]am.Row, len(w.table.Indexes))
	}
	for _, r := range rest {
		w.delayed[i] = append(w.delayed[i], am.Row{TID: r.TID, Values: cloneRow(r.Values)})
	}
	return nil
}

// InsertEntries adds entries to an index and returns those whose equal row is there; one is enough if first says so, and then the others
// may be missing. It waits for transactions that have yet to decide whether theirs is, without anything of the access method in
// hand; deadlocks, cancelling and lock_timeout end the wait.
func InsertEntries(ctx context.Context, t *xact.Txn, x *plan.Index, rows []am.Row, first bool) (there []am.Row, err error) {
	for len(rows) > 0 {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		xid, err := t.XID()
		if err != nil {
			return nil, err
		}
		conflicts, err := x.Method.Insert(ctx, x.Def, uint64(xid), rows)
		if err != nil {
			return nil, err
		}
		var again []am.Row
		for _, c := range conflicts {
			if c.XID == 0 {
				there = append(there, rows[c.Row])
			} else {
				again = append(again, rows[c.Row])
			}
		}
		if first && len(there) > 0 {
			return there, nil
		}
		for _, c := range conflicts {
			if c.XID == 0 {
				continue
			}
			if err := t.Manager().Wait(ctx, t, xact.XID(c.XID)); err != nil {
				return nil, err
			}
		}
		rows = again
	}
	return there, nil
}
