package engine_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/engine/control"
)

func standbyOptions() engine.Options {
	o := small()
	o.Standby = true
	return o
}

// A follower is a standby that takes the primary's log by hand.
type follower struct {
	t  testing.TB
	e  *engine.Engine
	fs *vfs.MemFS
	r  *wal.Reader
}

// follow makes a standby of a copy of a directory that was shut down.
func follow(t testing.TB, copied *vfs.MemFS) *follower {
	f, _, err := control.Read(copied, "data")
	require.NoError(t, err)
	require.NoError(t, engine.PrepareStandby(copied, "data", *f, 0))
	return openFollower(t, copied)
}

func openFollower(t testing.TB, fs *vfs.MemFS) *follower {
	e, err := engine.Open(ctx, fs, "data", standbyOptions())
	require.NoError(t, err)
	return &follower{t: t, e: e, fs: fs, r: e.Reader(e.Applier.Replayed())}
}

// receive takes what is durable on the primary, and makes it durable here.
func (f *follower) receive(primary *wal.Log) error {
	buf := make([]byte, 3000)
	for {
		at := f.e.WAL.InsertLSN()
		n, err := primary.ReadDurable(buf, at)
		if err != nil || n == 0 {
			return err
		}
		if err := f.e.WAL.AppendRaw(at, buf[:n]); err != nil {
			return err
		}
		if err := f.e.WAL.Flush(ctx, at+page.LSN(n)); err != nil {
			return err
		}
	}
}

// replay applies what was received. check runs after each record.
func (f *follower) replay(check func(at page.LSN)) error {
	f.r.SetLimit(f.e.WAL.FlushedLSN())
	for {
		rec, err := f.r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f.e.Apply(rec); err != nil {
			return err
		}
		if check != nil {
			check(rec.EndLSN)
		}
	}
}

// digests returns the digest of every relation that is logged.
func digests(t testing.TB, e *engine.Engine) map[page.RelFile]string {
	rels, err := e.Storage.List()
	require.NoError(t, err)
	out := map[page.RelFile]string{}
	for _, rel := range rels {
		main, empty := page.RelFile{Rel: rel}, page.RelFile{Rel: rel, Fork: page.InitFork}
		unlogged, err := e.Storage.Exists(empty)
		require.NoError(t, err)
		rf := main
		if unlogged {
			rf = empty
		}
		files := []page.RelFile{rf}
		visible := page.RelFile{Rel: rel, Fork: page.VisibilityFork}
		if mapped, err := e.Storage.Exists(visible); err == nil && mapped && !unlogged {
			files = append(files, visible)
		}
		for _, rf := range files {
			sum, n, err := e.RelationDigest(rf)
			require.NoError(t, err)
			out[rf] = fmt.Sprintf("%d pages %x", n, sum)
		}
	}
	return out
}

// A standby that only has the log ends every transaction with the same bytes in every page of every relation.
func TestReplayEqualityAtEveryStep(t *testing.T) {
	m := newDirectory(t)
	copied := m.CrashClone(nil, vfs.KeepAll)
	primary, err := engine.Open(ctx, m, "data", small())
	require.NoError(t, err)
	at := map[page.LSN]map[page.RelFile]string{}
	w := newWorkload(t, primary, 7)
	w.after = func() { at[primary.WAL.InsertLSN()] = digests(t, primary) }
	keepAll := func() page.LSN { return 1 }
	primary.SetHooks(engine.Hooks{Retain: keepAll})
	w.everything()
	require.NoError(t, primary.WAL.Step(ctx))

	f := follow(t, copied)
	compared := 0
	require.NoError(t, f.receive(primary.WAL))
	require.NoError(t, f.replay(func(lsn page.LSN) {
		if want, ok := at[lsn]; ok {
			require.Equal(t, want, digests(t, f.e), "at %v", lsn)
			compared++
		}
	}))
	require.Equal(t, len(at), compared)
	consistent, err := f.e.Consistent()
	require.NoError(t, err)
	require.True(t, consistent)
	require.Equal(t, read(t, primary).String(), read(t, f.e).String(), "and readers see the same")
	require.NoError(t, primary.Shutdown(ctx))
	require.NoError(t, f.e.Shutdown(ctx))
}

// The power goes on a standby before every file operation, restartpoints included. It comes back, receives the rest and has
// the same bytes.
func TestStandbyCrashSweep(t *testing.T) {
	m := newDirectory(t)
	copied := m.CrashClone(nil, vfs.KeepAll)
	primary, err := engine.Open(ctx, m, "data", small())
	require.NoError(t, err)
	primary.SetHooks(engine.Hooks{Retain: func() page.LSN { return 1 }})
	newWorkload(t, primary, 3).everything()
	require.NoError(t, primary.WAL.Step(ctx))
	want := digests(t, primary)

	f := follow(t, copied)
	rng := rand.New(rand.NewSource(1))
	oneIn := 2
	if testing.Short() {
		oneIn = 17
	}
	crashes := 0
	cutEvery(f.fs, oneIn, func(op vfs.Op) {
		for _, mode := range []vfs.CrashMode{vfs.DropUnsynced, vfs.KeepAll, vfs.Random} {
			crashes++
			back := openFollower(t, f.fs.CrashClone(rng, mode))
			require.NoError(t, back.receive(primary.WAL), "%v before %v", mode, op)
			require.NoError(t, back.replay(nil), "%v before %v", mode, op)
			consistent, err := back.e.Consistent()
			require.NoError(t, err)
			require.True(t, consistent)
			require.Equal(t, want, digests(t, back.e), "%v before %v", mode, op)
			require.NoError(t, back.e.Shutdown(ctx))
		}
	})
	for f.e.WAL.InsertLSN() < primary.WAL.FlushedLSN() {
		require.NoError(t, f.receiveSome(primary.WAL))
		require.NoError(t, f.replay(nil))
		require.NoError(t, f.e.Checkpoint(ctx, engine.CheckpointOnline))
	}
	f.fs.SetHook(nil)
	require.Equal(t, want, digests(t, f.e))
	require.NoError(t, f.e.Shutdown(ctx))
	require.NoError(t, primary.Shutdown(ctx))
	t.Logf("%d crashes", crashes)
}

// receiveSome takes at most 20 000 bytes.
func (f *follower) receiveSome(primary *wal.Log) error {
	buf := make([]byte, 20000)
	at := f.e.WAL.InsertLSN()
	n, err := primary.ReadDurable(buf, at)
	if err == nil {
		err = f.e.WAL.AppendRaw(at, buf[:n])
	}
	if err == nil {
		err = f.e.WAL.Flush(ctx, at+page.LSN(n))
	}
	return err
}

// A primary's directory does not start as a standby, nor the other way round.
func TestRolesOfDirectories(t *testing.T) {
	m := newDirectory(t)
	_, err := engine.Open(ctx, m, "data", standbyOptions())
	require.ErrorContains(t, err, "data is a primary's directory (shut down): start it with: quire serve -D data")
	f := follow(t, m)
	require.NoError(t, f.e.Shutdown(ctx))
	_, err = engine.Open(ctx, m, "data", small())
	require.ErrorContains(t, err, "data is a standby's directory (standby shut down): start it with: quire standby -D data")
}

// A base copy comes without log: it is received from the redo position on, wherever that lies in its segment. Pages of the
// copy may be newer than the redo position.
func TestStandbyFromACopyWithoutLog(t *testing.T) {
	m := newDirectory(t)
	primary, err := engine.Open(ctx, m, "data", small())
	require.NoError(t, err)
	primary.SetHooks(engine.Hooks{Retain: func() page.LSN { return 1 }})
	w := newWorkload(t, primary, 3)
	w.createTable("a", false, false)
	w.insert("a", 5, 500, xact.CommitOptions{}, false)
	w.checkpoint()
	began := primary.Control()
	w.insert("a", 5, 500, xact.CommitOptions{}, false)
	require.NoError(t, primary.Pool.FlushDirty(ctx, 0, nil))
	require.NoError(t, primary.Storage.Sync())
	copied := m.CrashClone(nil, vfs.KeepAll)
	segments, err := copied.ReadDir("data/pg_wal")
	require.NoError(t, err)
	for _, name := range segments {
		require.NoError(t, copied.Remove("data/pg_wal/"+name))
	}
	for _, name := range []string{"data/control.a", "data/control.b", "data/pg_wal"} {
		require.NoError(t, copied.Remove(name))
	}
	require.NoError(t, engine.PrepareStandby(copied, "data", began, primary.WAL.InsertLSN()))

	f := openFollower(t, copied)
	consistent, err := f.e.Consistent()
	require.NoError(t, err)
	require.False(t, consistent, "pages may be newer than what was replayed")
	require.NoError(t, f.receiveSome(primary.WAL))
	f.e.Kill()
	f = openFollower(t, copied)
	require.NoError(t, primary.WAL.Step(ctx))
	require.NoError(t, f.receive(primary.WAL))
	require.NoError(t, f.replay(nil))
	consistent, err = f.e.Consistent()
	require.NoError(t, err)
	require.True(t, consistent)
	require.Equal(t, digests(t, primary), digests(t, f.e))
	require.NoError(t, f.e.Shutdown(ctx))
	require.NoError(t, primary.Shutdown(ctx))
}
