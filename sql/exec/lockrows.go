package exec

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/sql/plan"
)

// lockRows locks the rows behind what its child delivers. A row that somebody else has changed meanwhile is fetched again, and passes only
// if it still meets the whole condition, with the values it has now (X4).
type lockRows struct {
	x     *Context
	node  *plan.LockRows
	child Operator
	out   Row
	row   Row
	table Row
}

func newLockRows(x *Context, n *plan.LockRows) *lockRows {
	widest := 0
	for _, l := range n.Locks {
		widest = max(widest, len(l.Table.Columns))
	}
	return &lockRows{
		x: x, node: n, child: Build(x, n.Child), out: make(Row, len(n.Targets)), row: make(Row, len(n.Child.Common().Types)), table: make(Row, widest),
	}
}

func (l *lockRows) Open() error { return l.child.Open() }
func (l *lockRows) Close()      { l.child.Close() }

func (l *lockRows) Next() (Row, error) {
	for {
		row, err := l.child.Next()
		if err != nil || row == nil {
			return nil, err
		}
		copy(l.row, row)
		changed, keep := false, true
		for i := range l.node.Locks {
			lock := &l.node.Locks[i]
			if l.row[lock.TID].Null {
				continue // the side of an outer join that has no partner
			}
			moved, ok, err := l.lock(lock)
			if err != nil {
				return nil, err
			}
			if keep = ok; !ok {
				break
			}
			changed = changed || moved
		}
		if !keep {
			continue
		}
		if !changed {
			copy(l.out, l.row)
			return l.out, nil
		}
		if ok, err := l.x.passes(l.node.Quals, l.row); err != nil {
			return nil, err
		} else if !ok {
			continue
		}
		for i, t := range l.node.Targets {
			if l.out[i], err = t.Eval(l.x.Eval, l.row); err != nil {
				return nil, err
			}
		}
		return l.out, nil
	}
}

// lock locks one row of the joined row at hand, following it while others replace it. ok is false if there is nothing left to lock.
func (l *lockRows) lock(r *plan.LockedRel) (moved, ok bool, err error) {
	strength, policy := heap.ForUpdate, heap.Block
	if r.Mode <= plan.ForShare {
		strength = heap.ForShare
	}
	switch r.Wait {
	case plan.LockSkip:
		policy = heap.SkipLocked
	case plan.LockNoWait:
		policy = heap.NoWait
	}
	for {
		tid := unpackTID(l.row[r.TID].I)
		res, err := l.x.Heap.LockRow(l.x.Ctx, l.x.Txn, l.x.Snapshot, r.Table.Heap, tid, strength, policy)
		if err != nil {
			return moved, false, err
		}
		switch res.Outcome {
		case heap.OK:
			return moved, true, nil
		case heap.Changed:
		default:
			return moved, false, nil
		}
		if ok, err := l.fetch(r, res.TID); err != nil || !ok {
			return moved, false, err
		}
		moved = true
	}
}

// fetch puts the values of a row's successor into the joined row.
func (l *lockRows) fetch(r *plan.LockedRel, tid page.TID) (bool, error) {
	data, found, err := l.x.Heap.FetchVersion(r.Table.Heap, tid, nil)
	if err != nil || !found {
		return false, err
	}
	values := l.table[:len(r.Table.Columns)]
	if err := r.Table.Row.DecodeRow(data, values); err != nil {
		return false, badRow(r.Table, tid, err)
	}
	for i, slot := range r.Columns {
		if slot >= 0 {
			l.row[slot] = values[i].Clone()
		}
	}
	l.row[r.TID] = datum.Datum{I: packTID(tid)}
	return true, nil
}
