package genericxlog

import (
	"fmt"
	"sync/atomic"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
)

// A Manager ties the log and the buffer pool of one data directory together. It is safe for concurrent use.
type Manager struct {
	log     *wal.Log
	pool    *buffer.Pool
	onFatal func(error)
	redo    redoPoint
	counter atomic.Uint64 // newest version handed to a page of an unlogged relation (G6)
}

// An Option adjusts a Manager.
type Option func(*Manager)

// OnFatal sets what stops the host when something fails after the first shared byte may have changed. The panic
// that brought it there goes on afterwards.
func OnFatal(stop func(error)) Option { return func(m *Manager) { m.onFatal = stop } }

// New returns a Manager. log may be nil for a Manager that only applies records.
func New(log *wal.Log, pool *buffer.Pool, opts ...Option) *Manager {
	m := &Manager{log: log, pool: pool, onFatal: func(error) {}}
	for _, o := range opts {
		o(m)
	}
	return m
}

// critical is deferred where failing is no longer an option (G2): a panic stops the host instead of one session.
func (m *Manager) critical() {
	if r := recover(); r != nil {
		m.onFatal(fmt.Errorf("genericxlog: failed while a record was being applied: %v", r))
		panic(r)
	}
}

// Log returns the log that records go to.
func (m *Manager) Log() *wal.Log { return m.log }

// Pool returns the buffer pool that holds the pages.
func (m *Manager) Pool() *buffer.Pool { return m.pool }

// nextCounter returns a version for an unlogged page, greater than its last one and than any that this process gave
// out, so that a block that is dropped and made again never shows an old version twice.
func (m *Manager) nextCounter(last page.LSN) page.LSN {
	for {
		seen := m.counter.Load()
		next := max(seen, uint64(last)) + 1
		if m.counter.CompareAndSwap(seen, next) {
			return page.LSN(next)
		}
	}
}
