package storage

import "sync/atomic"

type counters struct {
	reads, rereads, checksumFailures atomic.Int64
	pages, batches, syncs            atomic.Int64
	repaired                         atomic.Int64
}

// Stats counts since Open.
type Stats struct {
	PagesRead        int64
	Rereads          int64 // pages read a second time because the first read did not verify
	ChecksumFailures int64 // pages that did not verify the second time either
	PagesWritten     int64
	Batches          int64 // double-write batches, one fsync each
	FileSyncs        int64 // fsyncs of relation files
	PagesRepaired    int64 // torn pages that Open restored
}

// Stats returns the counters.
func (m *Manager) Stats() Stats {
	c := &m.counters
	return Stats{
		PagesRead:        c.reads.Load(),
		Rereads:          c.rereads.Load(),
		ChecksumFailures: c.checksumFailures.Load(),
		PagesWritten:     c.pages.Load(),
		Batches:          c.batches.Load(),
		FileSyncs:        c.syncs.Load(),
		PagesRepaired:    c.repaired.Load(),
	}
}
