package lock

import "time"

// An Owner holds locks: one transaction, or one session for the locks it keeps between transactions. It is used by one
// goroutine at a time (L4). The zero Owner is ready.
type Owner struct {
	// PID is the session's number as clients know it; it appears in deadlock details and in pg_locks.
	PID int32
	// Timeout bounds each wait; zero means no bound. It is lock_timeout of the session.
	Timeout time.Duration

	held    []grant // guarded by Manager.mu; in the order in which they were taken
	taken   Mark    // guarded by Manager.mu; grants so far
	waiting *waiter // guarded by Manager.mu
}

// A Mark is a moment in an owner's life: what it took up to then, and what it has taken since.
type Mark uint64

// A grant is one mode that an owner holds on one entry, which lists the owner among its holders.
type grant struct {
	entry *entry
	mode  Mode
	when  Mark
}

// A holder is one owner's share of an entry.
type holder struct {
	owner *Owner
	modes modeSet
}

// A waiter is a request that could not be granted at once.
type waiter struct {
	owner *Owner
	entry *entry // valid while the request is in its queue
	tag   Tag
	mode  Mode
	// passing requests are granted without becoming holders: they only wanted to know that they could.
	passing bool
	granted chan struct{} // closed under Manager.mu when the request is granted
}

// An entry is a tag with holders or waiters; an entry with neither is not in the table.
type entry struct {
	tag     Tag
	holders []holder
	waiters []*waiter // queue order
}

func (e *entry) heldBy(o *Owner) modeSet {
	for i := range e.holders {
		if e.holders[i].owner == o {
			return e.holders[i].modes
		}
	}
	return 0
}

// blockedByHolder reports whether somebody other than o holds a mode that conflicts with mode.
func (e *entry) blockedByHolder(o *Owner, mode Mode) bool {
	for i := range e.holders {
		if h := &e.holders[i]; h.owner != o && h.modes&conflicts[mode] != 0 {
			return true
		}
	}
	return false
}

// place returns where in the queue a request of o belongs: before the first waiter that o already blocks, which could
// not go ahead of o in any case, or at the end (PostgreSQL's ProcSleep does the same).
func (e *entry) place(o *Owner) int {
	if held := e.heldBy(o); held != 0 {
		for i, w := range e.waiters {
			if conflicts[w.mode]&held != 0 {
				return i
			}
		}
	}
	return len(e.waiters)
}

// grantable reports whether a request at queue position pos could be granted now.
func (e *entry) grantable(o *Owner, mode Mode, pos int) bool {
	for _, w := range e.waiters[:pos] {
		if w.owner != o && conflicts[mode].has(w.mode) {
			return false
		}
	}
	return !e.blockedByHolder(o, mode)
}
