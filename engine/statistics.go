package engine

import "github.com/quiredb/quire/core/pgstat"

// loadStatistics takes up what the last stop has left of the statistics; keep is false if it was a crash. Nothing depends on them, so trouble
// is for the log.
func (e *Engine) loadStatistics(keep bool) {
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
