// Package xacttest sets up storage, log, buffers and transactions on an in-memory disk, for tests of the packages above them. It does
// no recovery: tests that crash go through the engine.
package xacttest

import (
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/storage"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/genericxlog"
)

const (
	systemID = 7
	timeline = 1
	// SegmentBytes is the size of a log segment in a Rig.
	SegmentBytes = 1 << 20
)

// Rig is the lower half of a host.
type Rig struct {
	FS      *vfs.MemFS
	Storage *storage.Manager
	Log     *wal.Log
	Pool    *buffer.Pool
	GX      *genericxlog.Manager
	Locks   *lock.Manager
	Xact    *xact.Manager
	Now     time.Time // what transactions take for the time

	closed bool
}

// Options adjust a Rig.
type Options struct {
	Frames      int // of the buffer pool; default 1024
	CachedPages int // of commit status; default that of xact
	NextXID     xact.XID
}

// New returns a rig with an empty directory, closed at the end of the test.
func New(t testing.TB, opts Options) *Rig {
	t.Helper()
	if opts.Frames == 0 {
		opts.Frames = 1024
	}
	r := &Rig{FS: vfs.NewMem(), Now: time.Unix(1_700_000_000, 0)}
	fatal := func(err error) { panic(err) }
	var err error
	r.Storage, err = storage.Open(r.FS, "/data")
	require.NoError(t, err)
	cfg := wal.Config{
		FS: r.FS, Dir: "/data/pg_wal", SystemID: systemID, Timeline: timeline,
		OnFatal: fatal, SegmentBytes: SegmentBytes, RingBytes: 1 << 20,
		Go: func(work func()) { work() },
	}
	require.NoError(t, wal.Create(cfg))
	r.Log, err = wal.Open(cfg, SegmentBytes, 0)
	require.NoError(t, err)
	r.Pool, err = buffer.New(buffer.Config{
		Storage: r.Storage, Frames: opts.Frames, OnFatal: fatal, PrivateMemory: true,
		FlushWAL: func(upTo page.LSN) error { return r.Log.Flush(t.Context(), upTo) },
	})
	require.NoError(t, err)
	r.GX = genericxlog.New(r.Log, r.Pool, genericxlog.OnFatal(fatal))
	r.Locks = lock.New()
	r.CreateRelation(t, xact.StatusRel)
	r.Xact, err = xact.Open(xact.Config{
		Log: r.Log, Pool: r.Pool, GX: r.GX, Locks: r.Locks,
		Clock: func() time.Time { return r.Now }, Logger: zerolog.Nop(),
		DropFiles: r.dropFiles, NextXID: opts.NextXID, CachedPages: opts.CachedPages,
	})
	require.NoError(t, err)
	t.Cleanup(func() { r.Close(t) })
	return r
}

// Close checks that nothing is held and closes everything. It may be called before the end of the test.
func (r *Rig) Close(t testing.TB) {
	t.Helper()
	if r.closed {
		return
	}
	r.closed = true
	if t.Failed() {
		return // what a failed test leaves open says nothing
	}
	require.NoError(t, r.Pool.Check())
	require.Empty(t, r.Locks.List(), "locks left at the end")
	require.NoError(t, r.Log.Close())
	require.NoError(t, r.Pool.Close())
	require.NoError(t, r.Storage.Close())
}

// CreateRelation makes the empty files of a heap.
func (r *Rig) CreateRelation(t testing.TB, rel page.RelFileNumber) {
	t.Helper()
	require.NoError(t, r.Storage.Create(page.RelFile{Rel: rel, Fork: page.MainFork}))
	require.NoError(t, r.Storage.Create(page.RelFile{Rel: rel, Fork: page.VisibilityFork}))
}

func (r *Rig) dropFiles(rels []page.RelFileNumber) error {
	for _, rel := range rels {
		if err := r.Pool.DropRelation(rel); err != nil {
			return err
		}
		if err := r.Storage.Drop(rel); err != nil {
			return err
		}
	}
	return nil
}
