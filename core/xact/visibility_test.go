package xact_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/core/xact/xacttest"
)

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
	require.NoError(t, r.Xact.Settle(ctx), "no change of the catalog")
	require.False(t, sees(t, b.Snapshot(), xid))
	require.NoError(t, r.Xact.WaitVisible(ctx, lsn))
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

// A change of the catalog whose wait was given up is seen by its own session, and by others once they settle. Files stay.
func TestCancelledChangeOfTheCatalog(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	g := &gate{bound: r.Log.InsertLSN(), moved: make(chan struct{})}
	r.Xact.SetWatermark(g)
	mine := r.Xact.NewSession(1)
	r.CreateRelation(t, 100)
	x := writer(t, mine)
	x.ChangesCatalog()
	x.DropAtCommit(100)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	lsn, err := x.Commit(cancelled, xact.CommitOptions{Async: true})
	require.ErrorIs(t, err, xact.ErrDurabilityPending)
	ok, err := r.Storage.Exists(page.RelFile{Rel: 100})
	require.NoError(t, err)
	require.True(t, ok)

	a, b := mine.Begin(xact.ReadCommitted), r.Xact.Begin(xact.ReadCommitted)
	require.True(t, a.Snapshot().SeesOwnCatalog())
	require.False(t, b.Snapshot().SeesOwnCatalog())
	require.ErrorIs(t, r.Xact.Settle(cancelled), context.Canceled)
	done := make(chan error)
	go func() { done <- r.Xact.Settle(ctx) }()
	g.open(r.Log.InsertLSN())
	require.NoError(t, <-done)
	require.GreaterOrEqual(t, b.Snapshot().LSN, lsn)
	require.False(t, a.Snapshot().SeesOwnCatalog(), "everybody sees it now")
	commit(t, a)
	commit(t, b)
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
