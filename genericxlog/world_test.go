package genericxlog_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/storage"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/genericxlog"
)

// A world is a log, a pool and files on an in-memory disk, and nothing above.
type world struct {
	t    testing.TB
	fs   *vfs.MemFS
	cfg  wal.Config
	log  *wal.Log
	st   *storage.Manager
	pool *buffer.Pool
	gx   *genericxlog.Manager
}

const segmentBytes = 1 << 20

func newWorld(t testing.TB) *world {
	w := &world{t: t, fs: vfs.NewMem()}
	w.cfg = wal.Config{
		FS: w.fs, Dir: "pg_wal", SystemID: 7, Timeline: 1, Log: zerolog.Nop(), SegmentBytes: segmentBytes, RingBytes: 1 << 20,
		OnFatal: func(err error) { t.Errorf("log halted: %v", err) }, Go: func(f func()) { f() },
	}
	require.NoError(t, wal.Create(w.cfg))
	var err error
	w.log, err = wal.Open(w.cfg, segmentBytes, 0)
	require.NoError(t, err)
	w.openPool()
	t.Cleanup(func() {
		require.NoError(t, w.pool.Check())
		require.NoError(t, w.log.Close())
	})
	return w
}

func (w *world) openPool() {
	var err error
	w.st, err = storage.OpenWith(w.fs, ".", storage.Options{DoubleWriteBytes: 1})
	require.NoError(w.t, err)
	w.pool, err = buffer.New(buffer.Config{
		Storage: w.st, Frames: 64, PrivateMemory: true,
		FlushWAL: func(lsn page.LSN) error { return w.log.Flush(context.Background(), lsn) },
	})
	require.NoError(w.t, err)
	w.gx = genericxlog.New(w.log, w.pool)
}

func (w *world) create(rel page.RelFileNumber) genericxlog.Relation {
	require.NoError(w.t, w.st.Create(page.RelFile{Rel: rel}))
	return genericxlog.Relation{Rel: rel}
}

// pin pins and locks a block, reserving it if it is the next one.
func (w *world) pin(rel genericxlog.Relation, blk page.BlockNumber) *buffer.Buffer {
	length, err := w.pool.Length(rel.File())
	require.NoError(w.t, err)
	var b *buffer.Buffer
	if blk < length {
		b, err = w.pool.Pin(rel.Tag(blk))
	} else {
		b, err = w.pool.PinNew(rel.Tag(blk))
	}
	require.NoError(w.t, err)
	b.Lock()
	return b
}

func release(b *buffer.Buffer) {
	b.Unlock()
	b.Unpin()
}

// change edits one block in the lock-holding form.
func (w *world) change(rel genericxlog.Relation, blk page.BlockNumber, flags genericxlog.Flags, edit func(e *page.Editor) error) page.LSN {
	b := w.pin(rel, blk)
	defer release(b)
	s := w.gx.Start(rel)
	e, err := s.RegisterBuffer(b, flags)
	require.NoError(w.t, err)
	require.NoError(w.t, edit(e))
	lsn, err := s.Finish()
	require.NoError(w.t, err)
	return lsn
}

// page returns a copy of a block.
func (w *world) page(rel genericxlog.Relation, blk page.BlockNumber) page.Page {
	b, err := w.pool.PinForRedo(rel.Tag(blk))
	require.NoError(w.t, err)
	defer b.Unpin()
	b.RLock()
	defer b.RUnlock()
	p := page.New()
	copy(p, b.Page())
	return p
}

// records flushes the log and returns all records.
func (w *world) records() []*wal.Record {
	require.NoError(w.t, w.log.Step(context.Background()))
	r := w.reader()
	defer r.Close()
	var all []*wal.Record
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(w.t, err)
		all = append(all, rec.Clone())
	}
}

func (w *world) reader() *wal.Reader {
	return wal.NewReader(w.fs, w.cfg.Dir, w.cfg.SystemID, w.cfg.Timeline, segmentBytes, w.log.FlushedLSN(), wal.WithSegmentBytes(segmentBytes))
}
