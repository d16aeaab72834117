package engine

import (
	"sync"
	"time"

	"github.com/quiredb/quire/core/page"
)

// checkpointer decides when a checkpoint is due. It is a step machine: no clock, no goroutine.
type checkpointer struct {
	timeout time.Duration
	volume  page.LSN // log between checkpoints, in bytes

	mu   sync.Mutex
	last time.Time
	redo page.LSN // of the last one
	end  page.LSN // of its record: nothing happened since if the log ends here
}

// Due says why a checkpoint is due.
type Due string

// The reasons.
const (
	NotDue    Due = ""
	DueTime   Due = "time"
	DueVolume Due = "wal"
)

// Step returns whether a checkpoint is due at now, with the log ending at insert.
func (c *checkpointer) Step(now time.Time, insert page.LSN) Due {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case insert == c.end:
		return NotDue
	case insert-c.redo >= c.volume:
		return DueVolume
	case now.Sub(c.last) >= c.timeout:
		return DueTime
	}
	return NotDue
}

// done notes a checkpoint, whoever asked for it.
func (c *checkpointer) done(now time.Time, redo, end page.LSN) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last, c.redo, c.end = now, redo, end
}
