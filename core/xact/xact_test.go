package xact_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/walrec"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/core/xact/xacttest"
)

var ctx = context.Background()

// writer begins a transaction that has a number and something to record.
func writer(t testing.TB, s *xact.Session) *xact.Txn {
	t.Helper()
	x := s.Begin(xact.ReadCommitted)
	_, err := x.XID()
	require.NoError(t, err)
	x.NoteWrite()
	return x
}

func commit(t testing.TB, x *xact.Txn) page.LSN {
	t.Helper()
	lsn, err := x.Commit(ctx, xact.CommitOptions{})
	require.NoError(t, err)
	return lsn
}

func sees(t testing.TB, s *xact.Snapshot, xid xact.XID) bool {
	t.Helper()
	ok, err := s.XIDVisible(xid)
	require.NoError(t, err)
	return ok
}

func TestReadersLeaveNothing(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	before := r.Log.InsertLSN()
	x := r.Xact.Begin(xact.ReadCommitted)
	x.Snapshot()
	lsn, err := x.Commit(ctx, xact.CommitOptions{})
	require.NoError(t, err)
	require.Zero(t, lsn)
	require.NoError(t, r.Xact.Begin(xact.ReadCommitted).Abort())
	require.Equal(t, before, r.Log.InsertLSN())
	require.Equal(t, xact.FirstXID, r.Xact.NextXID())
	_, err = x.Commit(ctx, xact.CommitOptions{})
	require.ErrorContains(t, err, "has ended")
}

func TestStatus(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	s := r.Xact.NewSession(1)
	a, b, c := writer(t, s), writer(t, s), writer(t, s)
	ax, bx, cx := a.CurrentXID(), b.CurrentXID(), c.CurrentXID()
	require.Equal(t, ax, r.Xact.OldestXID())
	lsn := commit(t, a)
	require.NoError(t, b.Abort())
	require.NoError(t, b.Abort(), "aborting twice does nothing")

	check := func(xid xact.XID, want xact.State, at page.LSN) {
		t.Helper()
		state, got, err := r.Xact.Status(xid)
		require.NoError(t, err)
		require.Equal(t, want, state)
		require.Equal(t, at, got)
	}
	check(ax, xact.Committed, lsn)
	check(bx, xact.Aborted, 0)
	check(cx, xact.InProgress, 0)
	require.Equal(t, cx, r.Xact.OldestXID())
	require.Equal(t, []walrec.ActiveXact{{XID: uint64(cx)}}, r.Xact.Active())

	// A number that was handed out and not used is aborted once it has ended, without a record.
	end := r.Log.InsertLSN()
	d := s.Begin(xact.ReadCommitted)
	dx, err := d.XID()
	require.NoError(t, err)
	commit(t, d)
	require.Equal(t, end, r.Log.InsertLSN())
	check(dx, xact.Aborted, 0)
	commit(t, c)
}

func TestHorizonIsTheOldestSnapshot(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	s := r.Xact.NewSession(1)
	old := s.Begin(xact.RepeatableRead)
	first := old.Snapshot().LSN
	commit(t, writer(t, s))
	young := s.Begin(xact.ReadCommitted)
	second := young.Snapshot()
	require.Greater(t, second.LSN, first)
	require.Equal(t, first, r.Xact.Horizon())
	require.Equal(t, first, old.Snapshot().LSN, "repeatable read keeps its snapshot")
	old.Snapshot().Release()
	require.Equal(t, first, r.Xact.Horizon())
	require.Len(t, r.Xact.SnapshotsBelow(second.LSN), 1)
	latest := old.Latest()
	require.Equal(t, second.LSN, latest.LSN)
	latest.Release()
	commit(t, old)
	require.Equal(t, second.LSN, r.Xact.Horizon())
	require.Empty(t, r.Xact.SnapshotsBelow(second.LSN))
	commit(t, writer(t, s))
	require.Equal(t, second.LSN, r.Xact.Horizon())
	second.Release()
	second.Release()
	require.Greater(t, r.Xact.Horizon(), second.LSN)
	commit(t, young)
}

// Numbers far apart use different status pages, and a small cache reads them again.
func TestStatusPagesAndCache(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{CachedPages: 1, NextXID: 1000})
	s := r.Xact.NewSession(1)
	long := writer(t, s)
	committed := map[xact.XID]page.LSN{}
	for range 5000 {
		x := s.Begin(xact.ReadCommitted)
		xid, err := x.XID()
		require.NoError(t, err)
		if xid%700 == 0 {
			x.NoteWrite()
			lsn, err := x.Commit(ctx, xact.CommitOptions{Async: true})
			require.NoError(t, err)
			committed[xid] = lsn
			continue
		}
		require.NoError(t, x.Abort())
	}
	n, err := r.Pool.Length(page.RelFile{Rel: xact.StatusRel})
	require.NoError(t, err)
	require.EqualValues(t, 5600/1021+1, n)
	longXID := long.CurrentXID()
	committed[longXID] = commit(t, long)
	for range 2 { // the cache holds one page: each look at another page reads it
		for xid := xact.XID(1000); xid < r.Xact.NextXID(); xid += 7 {
			state, lsn, err := r.Xact.Status(xid)
			require.NoError(t, err)
			require.Equal(t, committed[xid], lsn)
			require.Equal(t, lsn != 0, state == xact.Committed)
			require.NotEqual(t, xact.InProgress, state)
		}
	}
	state, _, err := r.Xact.Status(999)
	require.NoError(t, err)
	require.Equal(t, xact.Aborted, state, "before the crash, and no record of its end")
}

func TestWaitFindsDeadlocks(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	a, b := writer(t, r.Xact.NewSession(11)), writer(t, r.Xact.NewSession(12))
	done := make(chan error)
	go func() { done <- r.Xact.Wait(ctx, a, b.CurrentXID()) }()
	for waits := false; !waits; {
		_, waits = r.Locks.Waiting(a.Owner())
	}
	err := r.Xact.Wait(ctx, b, a.CurrentXID())
	require.True(t, pgerr.Is(err, pgerr.DeadlockDetected), "%v", err)
	require.Equal(t, "Process 12 waits for ShareLock on transaction 3; blocked by process 11.\n"+
		"Process 11 waits for ShareLock on transaction 4; blocked by process 12.", pgerr.From(err).Detail)
	require.NoError(t, b.Abort())
	require.NoError(t, <-done)
	require.NoError(t, a.Abort())
}

func TestCatalogVersions(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	s := r.Xact.NewSession(1)
	old := s.Begin(xact.RepeatableRead)
	before, ok := r.Xact.CatalogVersion(old.Snapshot().LSN)
	require.True(t, ok)
	x := writer(t, s)
	x.ChangesCatalog()
	lsn, err := x.Commit(ctx, xact.CommitOptions{Async: true})
	require.NoError(t, err)
	require.GreaterOrEqual(t, r.Xact.Visible(), lsn, "a change of the catalog is waited for")
	now, ok := r.Xact.CatalogVersion(r.Xact.Visible())
	require.True(t, ok)
	require.Equal(t, lsn, now)
	again, ok := r.Xact.CatalogVersion(old.Snapshot().LSN)
	require.True(t, ok)
	require.Equal(t, before, again)
	for range 1000 {
		x := writer(t, s)
		x.ChangesCatalog()
		commit(t, x)
	}
	_, ok = r.Xact.CatalogVersion(old.Snapshot().LSN)
	require.False(t, ok, "too old to be known")
	commit(t, old)
}

func TestFilesGoWithTheirTransaction(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	s := r.Xact.NewSession(1)
	exists := func(rel page.RelFileNumber) bool {
		ok, err := r.Storage.Exists(page.RelFile{Rel: rel})
		require.NoError(t, err)
		return ok
	}
	r.CreateRelation(t, 100)
	r.CreateRelation(t, 101)
	x := writer(t, s)
	x.DropAtAbort(100)
	require.Equal(t, []walrec.ActiveXact{{XID: uint64(x.CurrentXID()), Created: []page.RelFileNumber{100}}}, r.Xact.Active())
	x.DropAtCommit(101)
	var ended []bool
	x.OnEnd(func(committed bool) {
		ended = append(ended, committed, r.Locks.Holds(x.Owner(), lock.Transaction(uint64(x.CurrentXID())), lock.Exclusive))
	})
	commit(t, x)
	require.Equal(t, []bool{true, true}, ended, "before waiters wake")
	require.True(t, exists(100))
	require.False(t, exists(101))

	x = writer(t, s)
	x.DropAtAbort(100)
	require.NoError(t, x.Abort())
	require.False(t, exists(100))
}

func TestComboCommands(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	x := r.Xact.Begin(xact.ReadCommitted)
	n := x.Combo(1, 5)
	require.Equal(t, n, x.Combo(1, 5))
	require.NotEqual(t, n, x.Combo(1, 6))
	cmin, cmax, ok := x.ComboCommands(n)
	require.True(t, ok)
	require.EqualValues(t, 1, cmin)
	require.EqualValues(t, 5, cmax)
	_, _, ok = x.ComboCommands(99)
	require.False(t, ok)
	commit(t, x)
}

func BenchmarkSnapshot(b *testing.B) {
	r := xacttest.New(b, xacttest.Options{})
	x := r.Xact.Begin(xact.ReadCommitted)
	b.ReportAllocs()
	for range b.N {
		x.Snapshot().Release()
	}
	b.StopTimer()
	commit(b, x)
}

func BenchmarkCommitAsync(b *testing.B) {
	r := xacttest.New(b, xacttest.Options{})
	s := r.Xact.NewSession(1)
	b.ReportAllocs()
	for range b.N {
		x := s.Begin(xact.ReadCommitted)
		_, _ = x.XID()
		x.NoteWrite()
		if _, err := x.Commit(ctx, xact.CommitOptions{Async: true}); err != nil {
			b.Fatal(err)
		}
	}
}
