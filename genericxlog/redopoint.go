package genericxlog

import (
	"sync"

	"github.com/quiredb/quire/core/page"
)

// redoPoint knows which effects outside of pages are under way.
type redoPoint struct {
	mu   sync.Mutex
	last uint64              // number of the last hold
	held map[uint64]page.LSN // by number; the end of the log when each hold began
}

// HoldRedoPoint keeps the redo position of checkpoints before what is inserted from now on, until release is called. Whoever
// inserts a record whose effect is outside of pages, on files for example, holds it from before the insertion to after the effect: a
// checkpoint that has the record below its redo position must have the effect too. For pages the frames' dirty marks see to
// that. A hold keeps nobody waiting; it only makes the next recovery begin earlier.
func (m *Manager) HoldRedoPoint() (release func()) {
	r := &m.redo
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	number := r.last
	if r.held == nil {
		r.held = map[uint64]page.LSN{}
	}
	r.held[number] = m.log.InsertLSN()
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.held, number)
	}
}

// RedoPoint returns the position of the log at which a checkpoint may let redo begin, if it makes everything
// durable that happened before the call: the end of the log, or where the oldest hold began.
func (m *Manager) RedoPoint() page.LSN {
	r := &m.redo
	r.mu.Lock()
	defer r.mu.Unlock()
	point := m.log.InsertLSN()
	for _, lsn := range r.held {
		point = min(point, lsn)
	}
	return point
}
