package heap

import (
	"context"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// RowLock is the strength of a row's lock.
type RowLock uint8

const (
	// ForUpdate keeps everybody else from changing, deleting and locking the row (FOR UPDATE, and FOR NO KEY UPDATE, which is weaker
	// in PostgreSQL for the sake of foreign keys).
	ForUpdate RowLock = iota
	// ForShare keeps everybody else from changing and deleting the row (FOR SHARE, and FOR KEY SHARE).
	ForShare
)

// WaitPolicy says what to do when another transaction has the row.
type WaitPolicy uint8

const (
	// Block waits for that transaction.
	Block WaitPolicy = iota
	// NoWait fails with 55P03.
	NoWait
	// SkipLocked answers WouldBlock.
	SkipLocked
)

// LockRow locks the row version at tid for t until t ends, or until the subtransaction that runs now is rolled back. The outcomes are
// those of Update: with Changed the caller fetches the successor, looks whether it still wants it, and locks that; with WouldBlock
// it passes over the row. Under repeatable read a concurrent change is error 40001. With too many rows locked in all it fails with 53200.
//
// The lock lives in core/lock, not on the page: nothing is logged, the transaction needs no number, and a crash loses the lock
// together with its transaction. Changes of the row, which need no lock of their own, look for it under the page's content lock, and
// it is taken under that lock too, so that one of the two sees the other.
func (h *Store) LockRow(ctx context.Context, t *xact.Txn, snap *xact.Snapshot, rel Relation, tid page.TID, strength RowLock, policy WaitPolicy) (Result, error) {
	l := rowLocker{change{h: h, ctx: ctx, txn: t, snap: snap, rel: rel, tid: tid, xid: t.CurrentXID(), strength: lock.Exclusive, policy: policy}}
	if strength == ForShare {
		l.strength = lock.Share
	}
	defer l.leaveQueue()
	return l.run(l.attempt)
}

// rowLocker is a LockRow in progress: a change that changes nothing.
type rowLocker struct{ change }

func (l *rowLocker) attempt(b *buffer.Buffer) (stepResult, error) {
	b.RLock()
	defer b.RUnlock()
	item, err := l.item(b.Page())
	if err != nil {
		return stepResult{}, err
	}
	if r, err := l.judge(item); err != nil || r != (stepResult{}) {
		return r, err
	}
	switch ok, err := l.h.locks.TryRow(l.txn.Owner(), l.rowTag(), l.strength); {
	case err != nil:
		return stepResult{}, err
	case !ok:
		return stepResult{wait: l.rowTag()}, nil
	}
	return stepResult{tid: l.tid}, nil
}
