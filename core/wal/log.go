package wal

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
)

// Log is an open log: one writer, any number of readers. All methods may be called from any goroutine.
type Log struct {
	cfg  Config
	geo  geometry
	ring ring

	inserted atomic.Uint64 // the end of the last record
	durable  atomic.Uint64 // W2
	halted   atomic.Pointer[haltError]

	insertion insertion
	flushing  flushing
	segments  segments
	out       output // belongs to the flush leader
	reading   reading
	counts    counters

	wake       chan struct{} // tells Run that half of the ring waits for the disk
	preparing  atomic.Bool   // a next segment is being made in the background
	background sync.WaitGroup
}

// Stats counts since Open.
type Stats struct {
	Records uint64 // inserted
	Flushes uint64 // rounds of write and sync
	Written uint64 // bytes, block padding included
}

type counters struct{ records, flushes, written atomic.Uint64 }

// Stats returns the counters.
func (l *Log) Stats() Stats {
	return Stats{Records: l.counts.records.Load(), Flushes: l.counts.flushes.Load(), Written: l.counts.written.Load()}
}

// InsertLSN returns the end of the last inserted record, where the next one will start.
func (l *Log) InsertLSN() page.LSN { return page.LSN(l.inserted.Load()) }

// FlushedLSN returns the position below which everything is durable (W2).
func (l *Log) FlushedLSN() page.LSN { return page.LSN(l.durable.Load()) }

// OldestLSN returns the start of the oldest segment that is still kept.
func (l *Log) OldestLSN() page.LSN { return page.LSN(l.segments.oldest.Load()) }

// Timeline returns the timeline that the log is written on.
func (l *Log) Timeline() page.TimelineID { return l.cfg.Timeline }

// SystemID returns the identity that is part of every record's checksum.
func (l *Log) SystemID() uint64 { return l.cfg.SystemID }

// halt ends all promises (W6). The first caller's cause is the one that is told.
func (l *Log) halt(cause error) {
	if !l.halted.CompareAndSwap(nil, &haltError{cause: cause}) {
		return
	}
	l.cfg.Log.Error().Err(cause).Stringer("flushed", l.FlushedLSN()).Stringer("inserted", l.InsertLSN()).
		Msg("the write-ahead log cannot be written; nothing more is acknowledged")
	l.cfg.OnFatal(cause)
}

// haltedErr returns nil while the log works.
func (l *Log) haltedErr() error {
	if h := l.halted.Load(); h != nil {
		return h
	}
	return nil
}

// Close releases files and wakes every waiter with ErrClosed. It does not flush: what was not acknowledged may be lost,
// as in a crash. A second Close does nothing.
func (l *Log) Close() error {
	if !l.flushing.close(l) {
		return nil
	}
	l.background.Wait()
	return errors.Join(l.out.close(), l.reading.close())
}

// file is a segment that is open under its number.
type file struct {
	number uint64
	vfs.File
}
