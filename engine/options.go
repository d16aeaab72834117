package engine

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/storage"
)

// Options say how a directory is opened. They are copied by Open and never changed.
type Options struct {
	// Frames is the number of 8 KiB buffers of the host's own arena; 0 means 16384 (128 MiB).
	Frames int
	// ArenaFrames gives the number of buffers of an access method's arena; nil means a quarter of Frames.
	ArenaFrames func(arena string) int
	// PrivateMemory keeps buffers in ordinary memory, which other processes cannot map.
	PrivateMemory bool

	Log zerolog.Logger
	// Clock gives the time; nil means time.Now.
	Clock func() time.Time
	// OnFatal is called with the cause when the process must stop: a failed fsync, a page damaged in memory, a failure
	// in the middle of a change. It should end the process. nil: the engine only refuses further work.
	OnFatal func(error)

	// Standby opens the directory for replaying: no record is written, and package replica feeds the log.
	Standby bool

	// CheckpointTimeout is the time between checkpoints; 0 means 5 minutes. Long intervals make recovery long.
	CheckpointTimeout time.Duration
	// MaxWALSize is the amount of log after which a checkpoint is due, in bytes; 0 means 1 GiB.
	MaxWALSize int64
	// WALKeepSize is the amount of log that is kept for replicas without a slot, in bytes; 0 means none.
	WALKeepSize int64
	// WALWriterDelay is the time after which asynchronous commits are durable; 0 means 200 ms.
	WALWriterDelay time.Duration

	// NoBackground starts no goroutine: the caller steps checkpointer and writers. Tests do.
	NoBackground bool
	// RingBytes is the size of the log's buffer in bytes; 0 means 16 MiB.
	RingBytes int
	// Storage passes through to package storage. SegmentBlocks is a property of the directory.
	Storage storage.Options
	// SpareSegments is how many WAL segments are kept ready ahead; 0 means 8.
	SpareSegments int
}

func (o *Options) setDefaults() {
	if o.Frames == 0 {
		o.Frames = 16384
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.OnFatal == nil {
		o.OnFatal = func(error) {}
	}
	if o.CheckpointTimeout == 0 {
		o.CheckpointTimeout = 5 * time.Minute
	}
	if o.MaxWALSize == 0 {
		o.MaxWALSize = 1 << 30
	}
	if o.WALWriterDelay == 0 {
		o.WALWriterDelay = 200 * time.Millisecond
	}
	o.Storage.Log = o.Log
}

// Hooks connect replication, which sits above the engine. Any may be nil. They are set before background work begins, by
// SetHooks.
type Hooks struct {
	// Retain returns the oldest LSN that senders, slots or archiving still need; 0 means none.
	Retain func() page.LSN
	// ShutdownCheckpoint runs when the shutdown checkpoint is durable, before anything is closed; end is where it ends.
	// A walsender waits here until its replicas have it.
	ShutdownCheckpoint func(ctx context.Context, end page.LSN)
}
