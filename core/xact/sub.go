package xact

import (
	"fmt"
	"slices"

	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
)

// MaxSubs is how many subtransactions of one transaction may write.
const MaxSubs = 1 << 16

// A subtransaction is an open one, and what of its transaction is older than it.
type subtransaction struct {
	xid   XID  // InvalidXID until it writes
	wrote bool // it, or one that was released into it
	start
}

// start is how far the transaction was when a subtransaction began.
type start struct {
	live                      int
	locks                     lock.Mark
	onEnd                     int
	dropAtCommit, dropAtAbort int
	catalogChanged            bool
}

// BeginSub starts a subtransaction within what runs now and returns its level, which counts from 1. SAVEPOINT is BeginSub and a name kept
// with the level; several savepoints may have one name, the innermost counts.
//
//	SAVEPOINT a        level := t.BeginSub()
//	ROLLBACK TO a      t.RollbackToSub(level): a and what came after it is undone, and a stands as new
//	RELEASE a          t.ReleaseSub(level): a and those inside it become part of what is around a
//	an error           t.RollbackToSub(t.SubLevel()) frees rows and locks at once; the session refuses statements until ROLLBACK TO
//
// Commit takes open subtransactions along, Abort ends them. What a subtransaction writes carries a number of its own, which it gets with its
// first write. A statement's snapshot must not be used across the end of a subtransaction that it has seen changes of.
func (t *Txn) BeginSub() int {
	t.subs = append(t.subs, subtransaction{start: start{
		live:           len(t.live),
		locks:          t.m.cfg.Locks.Mark(&t.owner),
		onEnd:          len(t.onEnd),
		dropAtCommit:   len(t.dropAtCommit),
		dropAtAbort:    len(t.dropAtAbort),
		catalogChanged: t.catalogChanged,
	}})
	t.session.Counts.BeginSub(len(t.subs))
	return len(t.subs)
}

// SubLevel returns the level of the innermost open subtransaction, 0 if there is none.
func (t *Txn) SubLevel() int { return len(t.subs) }

// ReleaseSub ends the subtransactions from a level inwards: what they did is now what the one around them did, and its fate is theirs.
func (t *Txn) ReleaseSub(level int) {
	t.checkLevel(level)
	for _, s := range t.subs[level-1:] {
		if level > 1 && s.wrote {
			t.subs[level-2].wrote = true
		}
	}
	t.subs = t.subs[:level-1]
	t.session.Counts.ReleaseSub(level)
}

// RollbackToSub undoes a subtransaction with all inside it and begins it anew at the same level. Its rows are dead at once, locks
// taken since are given up, and who waited for one of its numbers wakes. Files of relations that it created are removed. Like
// Abort it cannot fail in a way that matters.
func (t *Txn) RollbackToSub(level int) {
	t.checkLevel(level)
	s := &t.subs[level-1]
	gone, created := t.live[s.live:], t.dropAtAbort[s.dropAtAbort:]
	wrote := slices.ContainsFunc(t.subs[level-1:], func(s subtransaction) bool { return s.wrote })
	if len(gone) > 0 {
		release := t.holdRedoPoint(created)
		defer release()
		t.abortSubs(gone, wrote, created)
	}
	t.m.registry.mu.Lock() // a checkpoint lists them
	t.dropAtAbort = t.dropAtAbort[:s.dropAtAbort]
	t.m.registry.mu.Unlock()
	for _, f := range t.onEnd[s.onEnd:] {
		f(false)
	}
	t.onEnd = t.onEnd[:s.onEnd]
	t.live = t.live[:s.live]
	t.dropAtCommit = t.dropAtCommit[:s.dropAtCommit]
	t.catalogChanged = s.catalogChanged
	t.cid++ // what was cached for this command is not true any more
	*s = subtransaction{start: s.start}
	t.subs = t.subs[:level]
	t.session.Counts.RollbackToSub(level)
	t.m.cfg.Locks.ReleaseSince(&t.owner, s.locks, lock.Transaction(uint64(t.xid))) // last: X4
}

// abortSubs makes the outcome of subtransactions known.
func (t *Txn) abortSubs(gone []XID, wrote bool, created []page.RelFileNumber) {
	if wrote {
		if err := t.m.logAbort(gone, created); err != nil {
			t.m.cfg.Logger.Warn().Err(err).Uint64("xid", uint64(gone[0])).
				Msg("abort of a subtransaction could not be logged; it counts as aborted without")
		}
	}
	t.m.setAborted(gone)
	t.m.registry.endSubs(gone)
	t.dropFiles(created)
}

func (t *Txn) checkLevel(level int) {
	if t.ended || level < 1 || level > len(t.subs) {
		panic(fmt.Sprintf("xact: no subtransaction at level %d of %d", level, len(t.subs)))
	}
}

// subXID returns the innermost subtransaction's number, giving it one if it has none; its transaction gets one first, which so is
// the smallest.
func (t *Txn) subXID() (XID, error) {
	s := &t.subs[len(t.subs)-1]
	if s.xid != InvalidXID {
		return s.xid, nil
	}
	if _, err := t.TopXID(); err != nil {
		return InvalidXID, err
	}
	if len(t.live) >= MaxSubs {
		return InvalidXID, tooManySubs(fmt.Sprintf("A transaction may have %d that write.", MaxSubs))
	}
	var xid XID
	for xid == InvalidXID {
		if err := t.m.prepareStatus(t.m.NextXID()); err != nil {
			return InvalidXID, err
		}
		xid = t.m.registry.numberSub(t.xid, t.m.statusReady)
	}
	s.xid = xid
	t.live = append(t.live, xid)
	t.m.cfg.Locks.TryAcquire(&t.owner, lock.Transaction(uint64(xid)), lock.Exclusive) // a new number: nobody else can hold it
	return xid, nil
}

func tooManySubs(detail string) error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "too many subtransactions in one transaction").
		WithDetail("%s", detail).
		WithHint("Commit more often, or set fewer savepoints.")
}

// Owns reports whether xid is the transaction's number or that of a subtransaction that was not rolled back.
func (t *Txn) Owns(xid XID) bool {
	return xid == t.xid && xid != InvalidXID || len(t.live) > 0 && t.ownsSub(xid)
}

func (t *Txn) ownsSub(xid XID) bool {
	_, found := slices.BinarySearch(t.live, xid)
	return found
}

// numbers returns the transaction's number and those of its subtransactions that were not rolled back, ascending.
func (t *Txn) numbers() []XID {
	if len(t.live) == 0 {
		return []XID{t.xid}
	}
	return append([]XID{t.xid}, t.live...)
}

// SameTransaction reports whether two running transactions are one, or subtransactions of one. It may be called from any goroutine.
func (m *Manager) SameTransaction(a, b XID) bool { return m.registry.sameTop(a, b) }
