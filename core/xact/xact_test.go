package xact_test

import (
	"context"
	"errors"
	"sync"
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

// gate is a watermark that tests move by hand.
type gate struct {
	mu    sync.Mutex
	bound page.LSN
	moved chan struct{}
}

func (g *gate) Bound() page.LSN {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bound
}

func (g *gate) open(to page.LSN) {
	g.mu.Lock()
	g.bound = to
	close(g.moved)
	g.moved = make(chan struct{})
	g.mu.Unlock()
}

func (g *gate) Wait(ctx context.Context, upTo page.LSN) error {
	for {
		g.mu.Lock()
		bound, moved := g.bound, g.moved
		g.mu.Unlock()
		if bound >= upTo {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// A watermark may stand anywhere, in the middle of a record too: a commit is visible when all of its record lies below.
func TestVisibilityFollowsTheWatermark(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	g := &gate{bound: r.Log.InsertLSN(), moved: make(chan struct{})}
	r.Xact.SetWatermark(g)
	s := r.Xact.NewSession(1)
	var ends []page.LSN
	var xids []xact.XID
	var lsns []page.LSN
	for range 3 {
		x := writer(t, s)
		xids = append(xids, x.CurrentXID())
		lsn, err := x.Commit(ctx, xact.CommitOptions{Async: true})
		require.NoError(t, err)
		lsns, ends = append(lsns, lsn), append(ends, r.Log.InsertLSN())
	}
	reader := r.Xact.Begin(xact.ReadCommitted)
	count := func() (n int) {
		snap := reader.Snapshot()
		defer snap.Release()
		for i, xid := range xids {
			if sees(t, snap, xid) {
				require.Equal(t, n, i, "commits are visible in the order of the log")
				n++
			}
		}
		return n
	}
	require.Equal(t, 0, count())
	for at := lsns[0]; at <= ends[2]; at++ {
		g.open(at)
		want := 0
		for _, end := range ends {
			if end <= at {
				want++
			}
		}
		require.Equal(t, want, count(), "watermark at %v, records end at %v", at, ends)
	}
	commit(t, reader)
}

func TestOwnCommitsAreSeenAtOnce(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	mine, other := r.Xact.NewSession(1), r.Xact.NewSession(2)
	x := writer(t, mine)
	xid := x.CurrentXID()
	lsn, err := x.Commit(ctx, xact.CommitOptions{Async: true})
	require.NoError(t, err)
	a, b := mine.Begin(xact.ReadCommitted), other.Begin(xact.ReadCommitted)
	require.True(t, sees(t, a.Snapshot(), xid))
	require.False(t, sees(t, b.Snapshot(), xid))
	require.Less(t, r.Xact.Horizon(), lsn)
	require.NoError(t, r.Xact.Settle(ctx))
	require.True(t, sees(t, b.Snapshot(), xid))
	commit(t, a)
	commit(t, b)
	require.GreaterOrEqual(t, r.Xact.Horizon(), lsn)
}

// Giving up the wait for durability does not undo the commit, and says so.
func TestCancelledWaitIsACommit(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	g := &gate{bound: r.Log.InsertLSN(), moved: make(chan struct{})}
	r.Xact.SetWatermark(g)
	mine, other := r.Xact.NewSession(1), r.Xact.NewSession(2)
	x := writer(t, mine)
	xid := x.CurrentXID()
	waiting, cancel := context.WithCancelCause(ctx)
	cancel(errors.New("canceling statement due to user request"))
	lsn, err := x.Commit(waiting, xact.CommitOptions{})
	require.ErrorIs(t, err, xact.ErrDurabilityPending)
	require.ErrorContains(t, err, "user request")
	require.Equal(t, "40003", string(pgerr.CodeOf(err)))
	require.NotZero(t, lsn)
	state, at, err := r.Xact.Status(xid)
	require.NoError(t, err)
	require.Equal(t, xact.Committed, state)
	require.Equal(t, lsn, at)

	a, b := mine.Begin(xact.ReadCommitted), other.Begin(xact.ReadCommitted)
	require.True(t, sees(t, a.Snapshot(), xid))
	require.False(t, sees(t, b.Snapshot(), xid))

	// Whoever waits for it waits until it is visible.
	done := make(chan error)
	go func() { done <- r.Xact.Wait(ctx, b, xid) }()
	select {
	case <-done:
		t.Fatal("woke before the commit was visible")
	default:
	}
	g.open(r.Log.InsertLSN())
	require.NoError(t, <-done)
	require.True(t, sees(t, b.Snapshot(), xid))
	commit(t, a)
	commit(t, b)
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

// Sessions commit as fast as they can while others look. Of two snapshots the younger sees all that the older sees, for
// everybody: no two readers disagree about the order of commits (the long fork).
func TestSnapshotsAgreeOnTheOrderOfCommits(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	const writers, readers, each = 4, 2, 300
	type view struct {
		lsn  page.LSN
		seen map[xact.XID]bool
	}
	var wg, looking sync.WaitGroup
	stop := make(chan struct{})
	views := make([][]view, readers)
	for i := range readers {
		looking.Add(1)
		go func() {
			defer looking.Done()
			s := r.Xact.NewSession(int32(100 + i))
			for {
				select {
				case <-stop:
					return
				default:
				}
				x := s.Begin(xact.RepeatableRead)
				snap := x.Snapshot()
				v := view{snap.LSN, map[xact.XID]bool{}}
				next := r.Xact.NextXID()
				for xid := max(xact.FirstXID, next-min(next, 64)); xid < next; xid++ {
					ok, err := snap.XIDVisible(xid)
					if err != nil {
						t.Error(err)
					}
					v.seen[xid] = ok
				}
				for xid, was := range v.seen {
					if ok, _ := snap.XIDVisible(xid); ok != was {
						t.Errorf("snapshot %v changed its mind about %d", snap, xid)
					}
				}
				_, _ = x.Commit(ctx, xact.CommitOptions{})
				views[i] = append(views[i], v)
			}
		}()
	}
	for i := range writers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			s := r.Xact.NewSession(int32(i))
			for n := range each {
				x := s.Begin(xact.ReadCommitted)
				if _, err := x.XID(); err != nil {
					t.Error(err)
					return
				}
				x.NoteWrite()
				lsn, err := x.Commit(ctx, xact.CommitOptions{Async: n%3 == 0})
				if err != nil {
					t.Error(err)
				}
				if n%3 != 0 && r.Xact.Visible() < lsn {
					t.Errorf("commit at %v returned before it was visible", lsn)
				}
			}
		}()
	}
	wg.Wait()
	close(stop)
	looking.Wait()
	for _, list := range views {
		for _, v := range list {
			for xid, saw := range v.seen {
				state, lsn, err := r.Xact.Status(xid)
				require.NoError(t, err)
				require.Equal(t, state == xact.Committed && lsn <= v.lsn, saw)
			}
		}
	}
}

func TestStandby(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	replayed := r.Log.InsertLSN()
	m, err := xact.Open(xact.Config{
		Log: r.Log, Pool: r.Pool, GX: r.GX, Locks: r.Locks, Standby: true, Replayed: replayed,
		DropFiles: func([]page.RelFileNumber) error { return nil },
	})
	require.NoError(t, err)
	require.True(t, m.InRecovery())
	reader := m.Begin(xact.ReadCommitted)
	_, err = reader.XID()
	require.True(t, pgerr.Is(err, pgerr.ReadOnlySQLTransaction), "%v", err)

	// The pages are those of the primary; what a standby knows of a transaction is what it was told.
	x := writer(t, r.Xact.NewSession(1))
	xid := x.CurrentXID()
	state, _, err := m.Status(xid)
	require.NoError(t, err)
	require.Equal(t, xact.InProgress, state)
	lsn := commit(t, x)
	m.ApplyCommit(xid, lsn, walrec.Commit{CatalogChanged: true})
	require.False(t, sees(t, reader.Snapshot(), xid), "not replayed as far as readers know")
	before, _ := m.CatalogVersion(reader.Snapshot().LSN)
	m.SetReplayed(r.Log.InsertLSN())
	require.True(t, sees(t, reader.Snapshot(), xid))
	after, _ := m.CatalogVersion(reader.Snapshot().LSN)
	require.Equal(t, lsn, after)
	require.NotEqual(t, before, after)
	m.ApplyAbort(xid + 5)
	require.Equal(t, xid+6, m.NextXID())
	commit(t, reader)

	m.Promote(xid + 100)
	y := writer(t, m.NewSession(1))
	require.Equal(t, xid+100, y.CurrentXID())
	commit(t, y)
	state, _, err = m.Status(xid + 50)
	require.NoError(t, err)
	require.Equal(t, xact.Aborted, state)
}

func TestAbortUnfinished(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{NextXID: 500})
	x := writer(t, r.Xact.NewSession(1))
	done := x.CurrentXID()
	lsn := commit(t, x)
	r.CreateRelation(t, 77)
	before := r.Log.InsertLSN()
	require.NoError(t, r.Xact.AbortUnfinished([]walrec.ActiveXact{
		{XID: 400, Created: []page.RelFileNumber{77}},
		{XID: uint64(done)}, // a checkpoint's list may be older than its end
	}))
	require.Greater(t, r.Log.InsertLSN(), before)
	ok, err := r.Storage.Exists(page.RelFile{Rel: 77})
	require.NoError(t, err)
	require.False(t, ok)
	_, at, err := r.Xact.Status(done)
	require.NoError(t, err)
	require.Equal(t, lsn, at)
	state, _, err := r.Xact.Status(400)
	require.NoError(t, err)
	require.Equal(t, xact.Aborted, state)
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
