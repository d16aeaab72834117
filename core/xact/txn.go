package xact

import (
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/pgstat"
)

// A Txn is one transaction. It belongs to one goroutine, and is dead after Commit or Abort.
//
//	running ──Commit──▶ committed
//	running ──Abort, or Commit that could not log──▶ aborted
type Txn struct {
	m       *Manager
	session *Session
	iso     Isolation
	owner   lock.Owner

	xid    XID
	subs   []subtransaction // open subtransactions, outermost first
	live   []XID            // numbers of subtransactions that were not rolled back, ascending
	cid    uint32
	fixed  *Snapshot // of repeatable read, from the first Snapshot on
	snaps  []*Snapshot
	node   node[Txn]
	combos combos

	wrote          bool
	catalogChanged bool
	dropAtCommit   []page.RelFileNumber
	dropAtAbort    []page.RelFileNumber
	onEnd          []func(committed bool)
	ended          bool

	// Cancel, if set, stops what the transaction is doing; a standby calls it, from another goroutine, when replay must
	// remove what a snapshot of the transaction still sees.
	Cancel func(cause error)
}

// Begin starts a transaction of the session.
func (s *Session) Begin(iso Isolation) *Txn {
	t := &Txn{m: s.m, session: s, iso: iso}
	t.owner.PID, t.owner.Timeout = s.PID, s.LockTimeout
	return t
}

// Begin starts a transaction of a session of its own.
func (m *Manager) Begin(iso Isolation) *Txn { return m.NewSession(0).Begin(iso) }

// Manager returns the manager that runs the transaction.
func (t *Txn) Manager() *Manager { return t.m }

// Isolation returns the level that the transaction was begun with.
func (t *Txn) Isolation() Isolation { return t.iso }

// Owner returns the transaction as the lock table knows it.
func (t *Txn) Owner() *lock.Owner { return &t.owner }

// Counts returns what the session counts for the statistics; nil counts nothing.
func (t *Txn) Counts() *pgstat.Session { return t.session.Counts }

// SetIsolation changes the level. The next Snapshot is the first of the new one.
func (t *Txn) SetIsolation(iso Isolation) { t.iso, t.fixed = iso, nil }

// Ended reports whether Commit or Abort has been called.
func (t *Txn) Ended() bool { return t.ended }

// HasXID reports whether the transaction has a number.
func (t *Txn) HasXID() bool { return t.xid != InvalidXID }

// CurrentXID returns the number that what is written now carries, InvalidXID if it would have to be given out first: that of the
// innermost subtransaction that has one, or the transaction's.
func (t *Txn) CurrentXID() XID {
	for i := len(t.subs) - 1; i >= 0; i-- {
		if xid := t.subs[i].xid; xid != InvalidXID {
			return xid
		}
	}
	return t.xid
}

// XID returns the number that what is written now carries, giving it out if there is none yet: the innermost subtransaction's, or the
// transaction's if there is none. Who asks is about to write.
func (t *Txn) XID() (XID, error) {
	if len(t.subs) > 0 {
		return t.subXID()
	}
	return t.TopXID()
}

// TopXID returns the number of the transaction itself, giving it one if it has none.
func (t *Txn) TopXID() (XID, error) {
	if t.xid != InvalidXID {
		return t.xid, nil
	}
	if t.ended {
		return InvalidXID, pgerr.New(pgerr.InternalError, "xact: transaction has ended and cannot write")
	}
	if t.m.standby.Load() {
		return InvalidXID, pgerr.New(pgerr.ReadOnlySQLTransaction, "cannot assign a transaction number during recovery").
			WithHint("Write on the primary, or promote this standby.")
	}
	for numbered := false; !numbered; {
		if err := t.m.prepareStatus(t.m.NextXID()); err != nil {
			return InvalidXID, err
		}
		numbered = t.m.registry.number(t, t.m.statusReady) // false if others took numbers up to the next page meanwhile
	}
	t.m.cfg.Locks.TryAcquire(&t.owner, lock.Transaction(uint64(t.xid)), lock.Exclusive) // a new number: nobody else can hold it
	return t.xid, nil
}

// NoteWrite says that a page now carries the number from XID, so the end must be recorded.
func (t *Txn) NoteWrite() {
	if t.xid == InvalidXID {
		panic("xact: a transaction without a number has written")
	}
	t.wrote = true
	if n := len(t.subs); n > 0 {
		t.subs[n-1].wrote = true
	}
}

// Wrote reports whether NoteWrite has been called.
func (t *Txn) Wrote() bool { return t.wrote }

// CommandID returns the number of the current command, from 0.
func (t *Txn) CommandID() uint32 { return t.cid }

// NextCommand ends a command: snapshots taken from now on see what it did.
func (t *Txn) NextCommand() { t.cid++ }

// Snapshot returns what the next statement sees: under read committed a new LSN each time, under repeatable read
// the LSN of the first call. Own commands up to now are seen.
func (t *Txn) Snapshot() *Snapshot {
	if t.fixed != nil {
		return &Snapshot{LSN: t.fixed.LSN, CID: t.cid, m: t.m, txn: t, own: t.fixed.own}
	}
	s := t.Latest()
	if t.iso == RepeatableRead {
		t.fixed = s
	}
	return s
}

// Latest returns a snapshot of now whatever the isolation level, for looking at the catalog and for checks.
func (t *Txn) Latest() *Snapshot {
	s := &Snapshot{CID: t.cid, m: t.m, txn: t, own: t.session.recent()}
	t.m.registry.register(s, t.m.visibility.advance)
	t.track(s)
	return s
}

// track remembers a registered snapshot until the end of the transaction, reusing places of released ones.
func (t *Txn) track(s *Snapshot) {
	for i, old := range t.snaps {
		if !old.node.linked {
			t.snaps[i] = s
			return
		}
	}
	t.snaps = append(t.snaps, s)
}

// DropAtCommit has the files of a relation removed when the transaction commits.
func (t *Txn) DropAtCommit(rel page.RelFileNumber) { t.dropAtCommit = append(t.dropAtCommit, rel) }

// DropAtAbort has the files of a relation removed when the transaction aborts. It is called before they are created, by a
// transaction that has a number.
func (t *Txn) DropAtAbort(rel page.RelFileNumber) {
	t.m.registry.mu.Lock() // a checkpoint lists them
	defer t.m.registry.mu.Unlock()
	t.dropAtAbort = append(t.dropAtAbort, rel)
}

// ChangesCatalog makes the commit start a new version of the catalog.
func (t *Txn) ChangesCatalog() { t.catalogChanged = true }

// ChangedCatalog reports whether ChangesCatalog has been called.
func (t *Txn) ChangedCatalog() bool { return t.catalogChanged }

// OnEnd has f called after the outcome is decided and visible, and before waiters wake.
func (t *Txn) OnEnd(f func(committed bool)) { t.onEnd = append(t.onEnd, f) }
