package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgstat"
	"github.com/quiredb/quire/core/sequence"
	"github.com/quiredb/quire/core/storage"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/engine/control"
	"github.com/quiredb/quire/genericxlog"
	"github.com/quiredb/quire/redo"
)

// An Engine is an open data directory. The parts are safe for concurrent use as their packages say.
type Engine struct {
	FS  vfs.FS
	Dir string

	WAL       *wal.Log
	Storage   *storage.Manager
	Pool      *buffer.Pool
	GX        *genericxlog.Manager
	Files     redo.Files
	Locks     *lock.Manager
	Xact      *xact.Manager
	Heap      *heap.Store
	Catalog   *catalog.Store
	Sequences *sequence.Store
	Stats     *pgstat.Store // what is shown of it all
	Applier   *redo.Applier // what recovered the directory; on a standby, what goes on replaying

	opts     Options
	log      zerolog.Logger
	lock     io.Closer
	control  controlFile
	recovery Recovery
	standby  standby

	hooks         atomic.Pointer[Hooks]
	checkpointing sync.Mutex // one checkpoint or restartpoint at a time
	checkpoints   checkpointer
	stopped       atomic.Bool
	background    background
	activity      activity
	fatalOnce     sync.Once
}

// Recovery tells what opening the directory took.
type Recovery struct {
	Needed    bool     // it had not been shut down
	From, End page.LSN // the log that was read
	Reason    string   // what was found at End instead of a record
	Redo      redo.Stats
	Aborted   int // transactions that were open at the crash
	Reset     int // unlogged relations
	// Orphans are files that no object owned. They were removed.
	Orphans []page.RelFileNumber
}

// Open opens the data directory dir and recovers it if need be. Its errors are for the operator: they say what is wrong,
// where, and what to do. After an error nothing is held, and the directory is as recoverable as before.
func Open(ctx context.Context, fsys vfs.FS, dir string, opts Options) (*Engine, error) {
	opts.setDefaults()
	if err := Check(fsys, dir); err != nil { // before the lock file is made: a wrong directory stays as it is
		return nil, err
	}
	held, err := lockDirectory(fsys, dir)
	if err != nil {
		return nil, err
	}
	e := newEngine(fsys, dir, opts, held)
	if err := e.start(ctx); err != nil {
		return nil, errors.Join(err, e.release())
	}
	e.runBackground()
	return e, nil
}

func newEngine(fsys vfs.FS, dir string, opts Options, held io.Closer) *Engine {
	e := &Engine{FS: fsys, Dir: dir, opts: opts, log: opts.Log, lock: held, Locks: lock.New(), Stats: pgstat.New(opts.Clock)}
	e.opts.Storage.OnFatal = e.fatal
	e.control = controlFile{fs: fsys, dir: dir, clock: opts.Clock}
	e.checkpoints.timeout, e.checkpoints.volume = opts.CheckpointTimeout, page.LSN(opts.MaxWALSize)
	e.checkpoints.last = opts.Clock()
	e.hooks.Store(&Hooks{})
	return e
}

// Control returns a copy of the control file.
func (e *Engine) Control() control.File { return e.control.get() }

// Recovery returns what opening the directory took.
func (e *Engine) Recovery() Recovery { return e.recovery }

// SetHooks connects replication.
func (e *Engine) SetHooks(h Hooks) { e.hooks.Store(&h) }

// IsStandby reports whether the engine replays instead of writing.
func (e *Engine) IsStandby() bool { return e.opts.Standby }

// fatal stops the host, once.
func (e *Engine) fatal(err error) {
	e.fatalOnce.Do(func() {
		e.stopped.Store(true)
		e.log.Error().Err(err).Msg("the host must stop; the next start recovers from the log")
		e.opts.OnFatal(err)
	})
}

// walConfig returns the configuration of the log as the control file has it.
func (e *Engine) walConfig(f control.File) wal.Config {
	cfg := wal.Config{
		FS: e.FS, Dir: filepath.Join(e.Dir, WALDir), SystemID: f.SystemID, Timeline: f.Timeline, Log: e.log, OnFatal: e.fatal,
		RingBytes: e.opts.RingBytes, SpareSegments: e.opts.SpareSegments, SegmentBytes: f.SegmentBytes,
		Received: e.opts.Standby, KnownDurable: knownDurable(f, e.opts.Standby),
	}
	if e.opts.NoBackground {
		cfg.Go = func(work func()) { work() }
	}
	return cfg
}

// knownDurable returns an LSN below which this node's log was durable when the control file was written. A fresh copy of a
// primary has its control file before its log.
func knownDurable(f control.File, standby bool) page.LSN {
	if standby {
		return f.Redo
	}
	return f.Checkpoint
}

// reader reads the log from an LSN to its end.
func (e *Engine) reader(f control.File, from page.LSN) *wal.Reader {
	opts := []wal.ReaderOption{wal.WithSegmentBytes(f.SegmentBytes), wal.WithKnownDurable(knownDurable(f, e.opts.Standby))}
	if e.opts.Standby {
		opts = append(opts, wal.WithReceived())
	}
	return wal.NewReader(e.FS, filepath.Join(e.Dir, WALDir), f.SystemID, f.Timeline, from, 0, opts...)
}

// Reader reads the durable log of the open directory from the record at from, for history and dumps. The caller closes it.
func (e *Engine) Reader(from page.LSN) *wal.Reader {
	f := e.Control()
	return wal.NewReader(e.FS, filepath.Join(e.Dir, WALDir), f.SystemID, f.Timeline, from, e.WAL.FlushedLSN(),
		wal.WithSegmentBytes(f.SegmentBytes), wal.WithReceived())
}

// dropFiles removes relations whose drop, or the abort of whose creation, is in the log. The log is made durable first: with
// the file gone and the record lost, earlier records would have nothing to change (D5).
func (e *Engine) dropFiles(rels []page.RelFileNumber) error {
	if err := e.WAL.Flush(context.Background(), e.WAL.InsertLSN()); err != nil {
		return err
	}
	for _, rel := range rels {
		e.Heap.Forget(rel)
	}
	return e.Files.Remove(rels)
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
