package exec

import (
	"context"
	"io"
	"slices"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/sql/plan"
)

// upsert is an INSERT … ON CONFLICT, row by row. A row is looked for in the arbiter indexes first. If none is there, the new row goes into
// the heap and then into the indexes; should one of the arbiters know better by then, the new row is deleted again and the search starts
// anew. So of sessions that race for a key one inserts and the others find its row.
type upsert struct {
	*modify
	order  []*plan.Index // arbiters first
	number int           // of arbiters
	mine   map[page.TID]bool
	keys   []am.ScanKey
	entry  []datum.Datum
}

func newUpsert(m *modify) *upsert {
	u := &upsert{modify: m, mine: map[page.TID]bool{}}
	u.order = append(u.order, m.node.Conflict.Arbiters...)
	u.number = len(u.order)
	for _, x := range m.node.Table.Indexes {
		if !slices.Contains(u.order, x) {
			u.order = append(u.order, x)
		}
	}
	return u
}

// row inserts one row or does what the clause says.
func (u *upsert) row(row Row) error {
	t := u.node.Table
	row = row[:len(t.Columns)]
	if err := CheckRow(u.x.Eval, t, u.node.Checks, row); err != nil {
		return err
	}
	for {
		if u.x.Ctx.Err() != nil {
			return context.Cause(u.x.Ctx)
		}
		tid, found, err := u.find(row)
		if err != nil {
			return err
		}
		var done bool
		if found {
			done, err = u.conflict(row, tid)
		} else {
			done, err = u.insertRow(row)
		}
		if err != nil || done {
			return err
		}
	}
}

// find looks for a row of equal key in the arbiters: one of this statement's own, or one that is committed.
func (u *upsert) find(row Row) (page.TID, bool, error) {
	for _, x := range u.order[:u.number] {
		u.keys = u.keys[:0]
		for i, attr := range x.Attrs {
			if row[attr].Null {
				break // equal to nothing
			}
			u.keys = append(u.keys, am.ScanKey{Column: i, Strategy: "=", Arg: row[attr]})
		}
		if len(u.keys) < len(x.Attrs) {
			continue
		}
		if tid, found, err := u.findIn(x, row); err != nil || found {
			return tid, found, err
		}
	}
	return page.TID{}, false, nil
}

func (u *upsert) findIn(x *plan.Index, row Row) (tid page.TID, found bool, err error) {
	cursor, err := x.Method.Scan(u.x.Ctx, x.Def, u.keys, am.ScanOptions{Direction: am.Forward})
	if err != nil {
		return page.TID{}, false, err
	}
	defer func() {
		if e := cursor.Close(); err == nil {
			err = e
		}
	}()
	count := u.x.Txn.Counts().Relation(x.Def.OID)
	count.Scanned(1)
	snap := u.x.Txn.Latest()
	defer snap.Release()
	for {
		hits, err := cursor.Next()
		if err == io.EOF {
			return page.TID{}, false, nil
		}
		if err != nil {
			return page.TID{}, false, err
		}
		for _, hit := range hits {
			count.Returned(1)
			if u.mine[hit.TID] {
				return hit.TID, true, nil
			}
			there, _, ok, err := u.fetch(snap, hit.TID)
			if err != nil {
				return page.TID{}, false, err
			}
			if ok {
				count.Fetched(1)
			}
			if ok && u.equal(x, there, row) {
				return hit.TID, true, nil
			}
		}
	}
}

// equal compares the key columns of two rows: a hit may be lossy.
func (u *upsert) equal(x *plan.Index, a, b Row) bool {
	for i, attr := range x.Attrs {
		if a[attr].Null || b[attr].Null || datum.Compare(x.Def.Columns[i].Type, a[attr], b[attr]) != 0 {
			return false
		}
	}
	return true
}

// fetch reads the version of a row that snap sees, and returns where it lies.
func (u *upsert) fetch(snap *xact.Snapshot, tid page.TID) (Row, page.TID, bool, error) {
	t := u.node.Table
	data, at, ok, err := u.x.Heap.Fetch(snap, t.Heap, tid, nil)
	if err != nil || !ok {
		return nil, at, false, err
	}
	row := make(Row, len(t.Columns), 2*len(t.Columns))
	if err := t.Row.DecodeRow(data, row); err != nil {
		return nil, at, false, badRow(t, tid, err)
	}
	return row, at, true, nil
}

// insertRow inserts a row that no arbiter has. It reports false if one of them has it now.
func (u *upsert) insertRow(row Row) (done bool, err error) {
	t := u.node.Table
	u.w.row = t.Row.AppendRow(u.w.row[:0], row)
	tids, err := u.x.Heap.Insert(u.x.Ctx, u.x.Txn, t.Heap, [][]byte{u.w.row})
	if err != nil {
		return false, err
	}
	u.w.count().Inserted(1)
	for i, x := range u.order {
		u.entry = u.entry[:0]
		for _, attr := range x.Attrs {
			u.entry = append(u.entry, row[attr])
		}
		entries := []am.Row{{TID: tids[0], Values: u.entry}}
		if i >= u.number {
			there, err := InsertEntries(u.x.Ctx, u.x.Txn, x, entries, true)
			if err != nil {
				return false, err
			}
			if len(there) > 0 {
				return false, DuplicateKey(t, &x.Def, u.entry)
			}
			continue
		}
		xid, err := u.x.Txn.XID()
		if err != nil {
			return false, err
		}
		conflicts, err := x.Method.Insert(u.x.Ctx, x.Def, uint64(xid), entries)
		if err != nil {
			return false, err
		}
		if len(conflicts) > 0 {
			return false, u.withdraw(tids[0], conflicts[0])
		}
	}
	u.mine[tids[0]] = true
	return true, u.result(row)
}

// withdraw deletes a row that has lost the race for its key, and waits until the winner's transaction has ended and can be seen.
func (u *upsert) withdraw(tid page.TID, c am.Conflict) error {
	if _, err := u.x.Heap.Delete(u.x.Ctx, u.x.Txn, u.x.Snapshot, u.node.Table.Heap, tid); err != nil {
		return err
	}
	u.w.count().Deleted()
	m := u.x.Txn.Manager()
	if c.XID != 0 {
		return m.Wait(u.x.Ctx, u.x.Txn, xact.XID(c.XID))
	}
	return m.Settle(u.x.Ctx) // it is committed, and perhaps not visible yet
}

// conflict deals with a row that is there. It reports false if that row is no more, or another by now.
func (u *upsert) conflict(row Row, tid page.TID) (done bool, err error) {
	update := u.node.Conflict.Set != nil
	if u.mine[tid] {
		if update {
			return false, errTwice()
		}
		return true, nil
	}
	if u.x.Txn.Isolation() == xact.RepeatableRead {
		if _, _, ok, err := u.fetch(u.x.Snapshot, tid); err != nil {
			return false, err
		} else if !ok {
			return false, pgerr.New(pgerr.SerializationFailure, "could not serialize access due to concurrent update")
		}
	}
	if !update {
		return true, nil
	}
	snap := u.x.Txn.Latest()
	defer snap.Release()
	old, at, ok, err := u.fetch(snap, tid)
	if err != nil || !ok {
		return false, err
	}
	return u.replace(old, at, tid, row)
}

// replace updates the row that is there, whose version lies at at and whose index entry leads to root.
func (u *upsert) replace(old Row, at, root page.TID, proposed Row) (done bool, err error) {
	t, c := u.node.Table, u.node.Conflict
	both := append(old, proposed...)
	if ok, err := u.x.passes(c.Where, both); err != nil || !ok {
		return err == nil, err
	}
	fresh := make(Row, len(t.Columns))
	for i := range fresh {
		fresh[i] = both[i]
		if c.Set[i] != nil {
			if fresh[i], err = c.Set[i].Eval(u.x.Eval, both); err != nil {
				return false, err
			}
		}
	}
	if err := CheckRow(u.x.Eval, t, u.node.Checks, fresh); err != nil {
		return false, err
	}
	u.w.row = t.Row.AppendRow(u.w.row[:0], fresh)
	r, err := u.x.Heap.Update(u.x.Ctx, u.x.Txn, u.x.Snapshot, t.Heap, at, u.w.row, u.hot(old, fresh))
	if err != nil {
		return false, err
	}
	switch r.Outcome {
	case heap.OK:
		u.w.updated(r)
		u.mine[root], u.mine[r.TID] = true, true
		if !r.Hot {
			if err := u.w.index(r.TID, fresh); err != nil {
				return false, err
			}
			if err := u.w.flushIndexes(); err != nil {
				return false, err
			}
		}
		return true, u.result(fresh)
	case heap.SelfModified:
		return false, errTwice()
	}
	return false, nil // changed or gone: look again
}

func errTwice() error {
	return pgerr.New(pgerr.CardinalityViolation, "ON CONFLICT DO UPDATE command cannot affect row a second time").
		WithHint("Ensure that no rows proposed for insertion within the same command have duplicate constrained values.")
}
