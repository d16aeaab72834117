package engine_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/engine/control"
)

func spoil(t testing.TB, fs vfs.FS, name string, change func(b []byte) []byte) {
	b, err := vfs.ReadFile(fs, name)
	require.NoError(t, err)
	require.NoError(t, vfs.WriteFileAtomic(fs, name, change(b)))
}

func flip(at int) func([]byte) []byte {
	return func(b []byte) []byte { b[at] ^= 1; return b }
}

// Each kind of trouble with a directory gets one line that says what is wrong, where, and what to do.
func TestTroubleAtOpen(t *testing.T) {
	firstSegment := "data/pg_wal/000000010000000000000001"
	for _, c := range []struct {
		name    string
		prepare func(m *vfs.MemFS)
		message string
	}{
		{"no directory", func(m *vfs.MemFS) { require.NoError(t, m.Rename("data", "elsewhere")) },
			"data directory data does not exist; create it with: quire init -D data"},
		{"a file", func(m *vfs.MemFS) {
			require.NoError(t, m.Rename("data", "elsewhere"))
			require.NoError(t, vfs.WriteFileAtomic(m, "data", nil))
		}, "data directory data is a file"},
		{"no control file", func(m *vfs.MemFS) {
			require.NoError(t, m.Remove("data/control.a"))
			require.NoError(t, m.Remove("data/control.b"))
		}, "data holds no control file; create one with: quire init -D data"},
		{"both copies bad", func(m *vfs.MemFS) {
			spoil(t, m, "data/control.a", flip(40))
			spoil(t, m, "data/control.b", flip(300))
		}, "both control files of data are unreadable"},
		{"log missing", func(m *vfs.MemFS) { require.NoError(t, m.Remove(firstSegment)) },
			"segment data/pg_wal/000000010000000000000001 is missing"},
		{"checkpoint record damaged", func(m *vfs.MemFS) {
			f, _, err := control.Read(m, "data")
			require.NoError(t, err)
			spoil(t, m, firstSegment, flip(int(f.Checkpoint)%(64<<10)+3))
		}, "that the control file names is not in the log"},
		{"log emptied", func(m *vfs.MemFS) {
			spoil(t, m, firstSegment, func(b []byte) []byte { clear(b); return b })
		}, "that the control file names is not in the log"},
	} {
		m := newDirectory(t)
		c.prepare(m)
		before := names(t, m)
		_, err := engine.Open(ctx, m, "data", small())
		require.ErrorContains(t, err, c.message, c.name)
		require.NotContains(t, err.Error(), "\n", c.name)
		if !strings.HasPrefix(c.name, "log") && !strings.HasPrefix(c.name, "checkpoint") {
			require.Equal(t, before, names(t, m), "%s: a directory that is refused stays as it is", c.name)
		}
	}
}

func names(t testing.TB, m *vfs.MemFS) []string {
	all, err := m.ReadDir(".")
	require.NoError(t, err)
	if info, err := m.Stat("data"); err == nil && info.IsDir {
		inside, err := m.ReadDir("data")
		require.NoError(t, err)
		all = append(all, inside...)
	}
	return all
}

func TestOneProcessADirectory(t *testing.T) {
	m := newDirectory(t)
	e, err := engine.Open(ctx, m, "data", small())
	require.NoError(t, err)
	_, err = engine.Open(ctx, m, "data", small())
	require.ErrorIs(t, err, engine.ErrInUse)
	require.ErrorContains(t, err, "another quire process serves data; stop it first")
	_, err = engine.Verify(ctx, m, "data", engine.VerifyOptions{})
	require.ErrorIs(t, err, engine.ErrInUse)
	require.NoError(t, e.Shutdown(ctx))
	e, err = engine.Open(ctx, m, "data", small())
	require.NoError(t, err)
	e.Kill()
}

func TestInitRefusesWhatIsThere(t *testing.T) {
	m := newDirectory(t)
	opts := engine.InitOptions{Superuser: "boss"}
	require.ErrorContains(t, engine.Init(m, "data", opts), "data is a Quire data directory already; start it with: quire serve -D data")
	require.NoError(t, m.MkdirAll("full", 0o700))
	require.NoError(t, vfs.WriteFileAtomic(m, "full/photo.jpg", nil))
	require.ErrorContains(t, engine.Init(m, "full", opts), "directory full is not empty (it holds photo.jpg)")
	require.ErrorContains(t, engine.Init(m, "nameless", engine.InitOptions{}), "the first role needs a name")
}

// A crash at any point of Init leaves a directory that is refused with a remedy, or one that works.
func TestCrashDuringInit(t *testing.T) {
	m := vfs.NewMem()
	var images []*vfs.MemFS
	cutEvery(m, 3, func(vfs.Op) { images = append(images, m.CrashClone(nil, vfs.KeepAll)) })
	require.NoError(t, engine.Init(m, "data", engine.InitOptions{Superuser: "boss", WALSegmentBytes: 64 << 10, Storage: small().Storage}))
	m.SetHook(nil)
	refused := 0
	for _, im := range images {
		e, err := engine.Open(ctx, im, "data", small())
		if err != nil {
			refused++
			require.ErrorContains(t, err, "quire init -D data")
			continue
		}
		require.NoError(t, e.Shutdown(ctx))
	}
	require.Greater(t, refused, 5)
}

// A flipped bit in a durable record in the middle of the log stops recovery, with file and offset. It is not taken for the end.
func TestDamagedLogStopsRecovery(t *testing.T) {
	m := newDirectory(t)
	e, err := engine.Open(ctx, m, "data", small())
	require.NoError(t, err)
	w := newWorkload(t, e, 1)
	w.createTable("a", false, false)
	at := e.WAL.InsertLSN()
	w.insert("a", 3, 100, xact.CommitOptions{}, false)
	w.insert("a", 3, 100, xact.CommitOptions{}, false)
	e.Kill()
	spoil(t, m, "data/pg_wal/000000010000000000000001", flip(int(at)%(64<<10)+10))
	before := names(t, m)
	_, err = engine.Open(ctx, m, "data", small())
	var corrupt *wal.CorruptError
	require.ErrorAs(t, err, &corrupt)
	require.Equal(t, at, corrupt.LSN)
	require.ErrorContains(t, err, fmt.Sprintf("file %s, offset %d", filepath.Join("data", "pg_wal", "000000010000000000000001"), int(at)%(64<<10)))
	require.Equal(t, before, names(t, m))

	rep, err := engine.Verify(ctx, m, "data", engine.VerifyOptions{Storage: small().Storage})
	require.NoError(t, err)
	require.NotEmpty(t, rep.Problems)
	require.Contains(t, rep.Problems[0].Text, "corrupt WAL record")
}

// A page that went bad on disk is found when it is read, and by Verify.
func TestDamagedPage(t *testing.T) {
	m := newDirectory(t)
	spoil(t, m, "data/base/1", flip(5000))
	rep, err := engine.Verify(ctx, m, "data", engine.VerifyOptions{Storage: small().Storage})
	require.NoError(t, err)
	require.Len(t, rep.Problems, 1)
	require.Contains(t, rep.Problems[0].Text, "page 1/main 0 is corrupt (file data/base/1, block 0)")
	_, err = engine.Open(ctx, m, "data", small())
	require.ErrorContains(t, err, "page 1/main 0 is corrupt (file data/base/1, block 0)")
}

// When the disk is full for the log, statements fail with 53100 and nothing is lost; with space again, work goes on.
func TestDiskFull(t *testing.T) {
	m := newDirectory(t)
	e, err := engine.Open(ctx, m, "data", small())
	require.NoError(t, err)
	w := newWorkload(t, e, 1)
	w.createTable("a", false, false)
	w.insert("a", 2, 100, xact.CommitOptions{}, false)
	m.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpReserve || op.Kind == vfs.OpCreate {
			return syscall.ENOSPC
		}
		return nil
	})
	var full error
	for i := 0; full == nil && i < 10000; i++ {
		x := e.Xact.Begin(xact.ReadCommitted)
		rel := relation(w.table(x, "a"))
		if _, full = e.Heap.Insert(ctx, x, rel, [][]byte{[]byte("lost " + strings.Repeat("y", 3000))}); full == nil {
			w.commits = append(w.commits, commit{})
		}
		require.NoError(t, x.Abort())
	}
	require.ErrorIs(t, full, syscall.ENOSPC)
	var state interface{ SQLState() string }
	require.True(t, errors.As(full, &state))
	require.Equal(t, "53100", state.SQLState())
	m.SetHook(nil)
	w.acked = len(w.commits)
	w.insert("a", 2, 100, xact.CommitOptions{}, false)
	require.NoError(t, e.Shutdown(ctx))
	image{fs: m, l: w.ledger, where: "after the disk was full"}.settle(t)
}

// A failed fsync of the log stops the engine, and the next start recovers what was acknowledged.
func TestFailedSyncStopsTheEngine(t *testing.T) {
	m := newDirectory(t)
	m.FailFsync(vfs.FsyncExt4)
	opts := small()
	var cause error
	opts.OnFatal = func(err error) { cause = err }
	e, err := engine.Open(ctx, m, "data", opts)
	require.NoError(t, err)
	w := newWorkload(t, e, 1)
	w.createTable("a", false, false)
	w.insert("a", 2, 100, xact.CommitOptions{}, false)
	m.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpSync && strings.Contains(op.Name, "pg_wal") {
			return syscall.EIO
		}
		return nil
	})
	x := e.Xact.Begin(xact.ReadCommitted)
	_, err = e.Heap.Insert(ctx, x, relation(w.table(x, "a")), [][]byte{[]byte("r998")})
	require.NoError(t, err)
	w.commits = append(w.commits, commit{{table: "a", row: "r998"}})
	_, err = x.Commit(ctx, xact.CommitOptions{})
	require.Error(t, err)
	require.ErrorIs(t, cause, syscall.EIO)
	require.ErrorIs(t, e.Checkpoint(ctx, engine.CheckpointOnline), engine.ErrStopped)
	m.SetHook(nil)
	e.Kill()
	image{fs: m.CrashClone(nil, vfs.DropUnsynced), l: w.ledger, where: "after a failed sync"}.settle(t)
	image{fs: m, l: w.ledger, where: "after a failed sync, process only"}.settle(t)
}
