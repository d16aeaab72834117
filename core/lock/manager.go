package lock

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quiredb/quire/core/pgerr"
)

// maxRows is how many rows may be locked at one time, in all: some 250 MB of memory.
const maxRows = 1 << 20

// Manager is the table of locks. One mutex guards it all: a transaction takes a handful of locks, each under a
// microsecond, and the search for deadlocks wants to see one state of everything.
type Manager struct {
	after   func(time.Duration) <-chan time.Time
	maxRows int64
	rows    atomic.Int64 // entries of KindRow; changed under mu

	deadlocks atomic.Int64

	mu      sync.Mutex
	entries map[Tag]*entry
	spare   []*entry // emptied entries for reuse
}

// New returns an empty table of locks.
func New() *Manager { return NewWithTimer(time.After) }

// NewWithTimer is New with another source of timeouts, for tests.
func NewWithTimer(after func(time.Duration) <-chan time.Time) *Manager {
	return &Manager{after: after, maxRows: maxRows, entries: make(map[Tag]*entry)}
}

// Acquire takes mode on tag for o, waiting as long as it must. The lock stays until Release or ReleaseAll; taking a mode
// that o already holds does nothing. Errors: 40P01 when waiting would close a cycle (the detail lists it), 55P03 when
// o.Timeout passes, and the cause of ctx when it ends first. After an error o holds what it held before.
func (m *Manager) Acquire(ctx context.Context, o *Owner, tag Tag, mode Mode) error {
	return m.acquire(ctx, o, tag, mode, false)
}

// WaitFor waits until o could take mode on tag, and takes nothing. Its errors are those of Acquire.
func (m *Manager) WaitFor(ctx context.Context, o *Owner, tag Tag, mode Mode) error {
	return m.acquire(ctx, o, tag, mode, true)
}

// TryAcquire takes mode on tag if that needs no waiting, and reports whether it did.
func (m *Manager) TryAcquire(o *Owner, tag Tag, mode Mode) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tryLocked(o, tag, mode, false)
}

// TryRow is TryAcquire for a row. It fails with 53200 when too many rows are locked.
func (m *Manager) TryRow(o *Owner, row Tag, mode Mode) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rows.Load() >= m.maxRows && m.entries[row] == nil {
		return false, pgerr.New(pgerr.OutOfMemory, "out of shared memory").
			WithDetail("%d rows are locked, which is as many as the lock table takes.", m.maxRows).
			WithHint("Lock fewer rows in one transaction, or change them in place of locking them.")
	}
	return m.tryLocked(o, row, mode, false), nil
}

// Deadlocks returns how many requests failed because they would have closed a cycle.
func (m *Manager) Deadlocks() int64 { return m.deadlocks.Load() }

// RowsLocked reports whether anybody holds or wants the lock of a row. It takes no mutex.
func (m *Manager) RowsLocked() bool { return m.rows.Load() > 0 }

// WouldWait reports whether o would have to wait for mode on tag.
func (m *Manager) WouldWait(o *Owner, tag Tag, mode Mode) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.tryLocked(o, tag, mode, true)
}

// tryLocked grants the request if nothing stands against it, those waiting already included (L2). Holds: m.mu.
func (m *Manager) tryLocked(o *Owner, tag Tag, mode Mode, passing bool) bool {
	e := m.entries[tag]
	if e == nil {
		if !passing {
			m.hold(m.newEntry(tag), o, mode)
		}
		return true
	}
	if e.heldBy(o).has(mode) {
		return true
	}
	if !e.grantable(o, mode, e.place(o)) {
		return false
	}
	if !passing {
		m.hold(e, o, mode)
	}
	return true
}

func (m *Manager) acquire(ctx context.Context, o *Owner, tag Tag, mode Mode, passing bool) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	m.mu.Lock()
	if m.tryLocked(o, tag, mode, passing) {
		m.mu.Unlock()
		return nil
	}
	e := m.entries[tag]
	w := &waiter{owner: o, entry: e, tag: tag, mode: mode, passing: passing, granted: make(chan struct{})}
	e.waiters = slices.Insert(e.waiters, e.place(o), w)
	o.waiting = w
	if cycle := m.avoidDeadlock(w); cycle != nil {
		m.deadlocks.Add(1)
		err := deadlockError(cycle)
		m.leave(w)
		m.mu.Unlock()
		return err
	}
	m.mu.Unlock()
	return m.sleep(ctx, w)
}

// sleep waits for the grant, for the end of ctx or for the owner's timeout.
func (m *Manager) sleep(ctx context.Context, w *waiter) error {
	var timeout <-chan time.Time
	if w.owner.Timeout > 0 {
		timeout = m.after(w.owner.Timeout)
	}
	var err error
	select {
	case <-w.granted:
		return nil
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-timeout:
		err = pgerr.New(pgerr.LockNotAvailable, "canceling statement due to lock timeout").
			WithDetail("Waited %v for %v on %v.", w.owner.Timeout, w.mode, w.tag)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if w.owner.waiting != w {
		return nil // granted between the two; the caller meets ctx at its next step
	}
	m.leave(w)
	return err
}

// Release gives up one mode of o on tag, however often it was taken, and does nothing if o does not hold it.
func (m *Manager) Release(o *Owner, tag Tag, mode Mode) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := len(o.held) - 1; i >= 0; i-- { // what is released by itself was mostly taken last
		if g := o.held[i]; g.mode == mode && g.entry.tag == tag {
			o.held = slices.Delete(o.held, i, i+1)
			m.giveUp(o, g)
			return
		}
	}
}

// ReleaseAll gives up everything that o holds. It is the last act of a transaction, after its outcome can be seen.
func (m *Manager) ReleaseAll(o *Owner) { m.ReleaseSince(o, 0, Tag{}) }

// Mark returns this moment, for ReleaseSince.
func (m *Manager) Mark(o *Owner) Mark {
	m.mu.Lock()
	defer m.mu.Unlock()
	return o.taken
}

// ReleaseSince gives up what o has taken since the mark, except on the tag keep; a stronger mode taken on what it held before goes, and the weaker stays. It is
// the last act of a subtransaction that is rolled back.
func (m *Manager) ReleaseSince(o *Owner, mark Mark, keep Tag) {
	m.mu.Lock()
	defer m.mu.Unlock()
	from := len(o.held)
	for from > 0 && o.held[from-1].when > mark {
		from--
	}
	newer := o.held[from:]
	o.held = o.held[:from]
	for i, g := range newer {
		newer[i] = grant{}
		if g.entry.tag == keep {
			o.held = append(o.held, g)
		} else {
			m.giveUp(o, g)
		}
	}
}

// giveUp takes a mode from what o holds on an entry, and wakes who waited for that. Holds: m.mu.
func (m *Manager) giveUp(o *Owner, g grant) {
	e := g.entry
	i := slices.IndexFunc(e.holders, func(h holder) bool { return h.owner == o })
	if e.holders[i].modes &^= 1 << g.mode; e.holders[i].modes == 0 {
		e.holders = slices.Delete(e.holders, i, i+1)
	}
	m.settle(e)
}

// Holds reports whether o holds mode on tag.
func (m *Manager) Holds(o *Owner, tag Tag, mode Mode) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entries[tag]
	return e != nil && e.heldBy(o).has(mode)
}

// hold adds mode to what o holds on e. Holds: m.mu.
func (m *Manager) hold(e *entry, o *Owner, mode Mode) {
	o.taken++
	o.held = append(o.held, grant{entry: e, mode: mode, when: o.taken})
	for i := range e.holders {
		if e.holders[i].owner == o {
			e.holders[i].modes |= 1 << mode
			return
		}
	}
	e.holders = append(e.holders, holder{owner: o, modes: 1 << mode})
}

// leave takes a waiter that was not granted out of its queue. Holds: m.mu.
func (m *Manager) leave(w *waiter) {
	e := w.entry
	e.waiters = slices.DeleteFunc(e.waiters, func(x *waiter) bool { return x == w })
	w.owner.waiting = nil
	m.settle(e)
}

// settle grants what can be granted on e, in queue order, and drops e from the table when nothing is left of it.
// Holds: m.mu.
func (m *Manager) settle(e *entry) {
	for i := 0; i < len(e.waiters); {
		w := e.waiters[i]
		if !e.grantable(w.owner, w.mode, i) {
			i++
			continue
		}
		e.waiters = slices.Delete(e.waiters, i, i+1)
		w.owner.waiting = nil
		if !w.passing {
			m.hold(e, w.owner, w.mode)
		}
		close(w.granted)
	}
	if len(e.holders) == 0 && len(e.waiters) == 0 {
		delete(m.entries, e.tag)
		if e.tag.Kind == KindRow {
			m.rows.Add(-1)
		}
		if len(m.spare) < 64 {
			m.spare = append(m.spare, e)
		}
	}
}

// newEntry puts an empty entry for tag into the table. Holds: m.mu.
func (m *Manager) newEntry(tag Tag) *entry {
	var e *entry
	if n := len(m.spare); n > 0 {
		e, m.spare = m.spare[n-1], m.spare[:n-1]
	} else {
		e = new(entry)
	}
	e.tag = tag
	m.entries[tag] = e
	if tag.Kind == KindRow {
		m.rows.Add(1)
	}
	return e
}
