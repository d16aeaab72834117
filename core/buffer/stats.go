package buffer

// Stats counts since New, except for what says "now".
type Stats struct {
	Frames    int   // in all arenas, now
	Dirty     int64 // dirty pages, now
	Hits      int64 // pins of a block that was in a frame
	Reads     int64 // blocks read from storage
	Writes    int64 // pages written to storage
	Evictions int64 // blocks that made room for others
	// Allocations are frames that were taken for a block.
	Allocations int64
}

// Stats returns the counters.
func (p *Pool) Stats() Stats {
	s := Stats{
		Dirty:     p.counters.dirty.Load(),
		Hits:      p.table.hits(),
		Reads:     p.counters.reads.Load(),
		Writes:    p.counters.writes.Load(),
		Evictions: p.counters.evictions.Load(),
	}
	for _, a := range p.allArenas() {
		s.Frames += len(a.frames)
		s.Allocations += a.allocations.Load()
	}
	return s
}
