package engine

import (
	"sync/atomic"
	"time"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgstat"
	"github.com/quiredb/quire/core/wal"
)

// activity is what the engine counts of itself.
type activity struct {
	since            time.Time
	from             page.LSN // the end of the log then
	timed, requested atomic.Int64
}

// Activity is what the engine has done since it was opened.
type Activity struct {
	Since time.Time
	// Timed and Requested are checkpoints that were due by time, and those that the amount of log or a session asked for. On a standby they
	// are restartpoints.
	Timed, Requested int64
	Buffers          buffer.Stats
	WAL              wal.Stats
	WALBytes         int64 // of log, inserted or received
}

// Activity tells what the engine has done since it was opened.
func (e *Engine) Activity() Activity {
	a := &e.activity
	return Activity{
		Since: a.since, Timed: a.timed.Load(), Requested: a.requested.Load(),
		Buffers: e.Pool.Stats(), WAL: e.WAL.Stats(), WALBytes: int64(e.WAL.InsertLSN() - a.from),
	}
}

// loadStatistics takes up what the last stop has left of the statistics; keep is false if it was a crash. Nothing depends on them, so trouble
// is for the log.
func (e *Engine) loadStatistics(keep bool) {
	e.activity.since, e.activity.from = e.opts.Clock(), e.WAL.InsertLSN()
	e.Stats.SetOutside(func() pgstat.Outside {
		s := e.Pool.Stats()
		return pgstat.Outside{BlocksRead: s.Reads, BlocksHit: s.Hits, Deadlocks: e.Locks.Deadlocks()}
	})
	if err := e.Stats.Load(e.FS, e.Dir, keep); err != nil {
		e.log.Warn().Err(err).Msg("the statistics of the last run cannot be read; counters begin at zero")
	}
}

// saveStatistics writes the statistics for the next start.
func (e *Engine) saveStatistics() {
	if err := e.Stats.Save(e.FS, e.Dir); err != nil {
		e.log.Warn().Err(err).Msg("the statistics cannot be saved; counters will begin at zero")
	}
}
