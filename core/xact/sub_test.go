package xact_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/core/xact/xacttest"
)

// write gives what runs now a number and something to record.
func write(t testing.TB, x *xact.Txn) xact.XID {
	t.Helper()
	xid, err := x.XID()
	require.NoError(t, err)
	x.NoteWrite()
	require.Equal(t, xid, x.CurrentXID())
	return xid
}

func states(t testing.TB, m *xact.Manager, xids ...xact.XID) (out []xact.State) {
	t.Helper()
	for _, xid := range xids {
		state, _, err := m.Status(xid)
		require.NoError(t, err)
		out = append(out, state)
	}
	return out
}

const running, committed, aborted = xact.InProgress, xact.Committed, xact.Aborted

func TestSubtransactions(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	x := r.Xact.NewSession(1).Begin(xact.ReadCommitted)
	require.Zero(t, x.SubLevel())
	outer := x.BeginSub()
	a := write(t, x)
	top, err := x.TopXID()
	require.NoError(t, err)
	require.Less(t, top, a, "the transaction has the smallest number")
	inner := x.BeginSub()
	require.Equal(t, []int{1, 2}, []int{outer, inner})
	require.Equal(t, a, x.CurrentXID(), "a subtransaction without a number writes nothing of its own")
	b := write(t, x)
	x.ReleaseSub(inner)
	require.Equal(t, a, x.CurrentXID())
	x.BeginSub()
	c := write(t, x)
	require.Equal(t, []xact.State{running, running, running, running}, states(t, r.Xact, top, a, b, c))
	require.True(t, r.Xact.SameTransaction(a, c))
	require.True(t, r.Xact.SameTransaction(top, b))
	require.False(t, r.Xact.SameTransaction(b, c+1))
	before := x.CommandID()
	x.RollbackToSub(x.SubLevel())
	require.NotEqual(t, before, x.CommandID())
	require.Equal(t, []xact.State{running, running, running, aborted}, states(t, r.Xact, top, a, b, c))
	require.True(t, x.Owns(b))
	require.False(t, x.Owns(c))
	d := write(t, x)
	require.Greater(t, d, c)
	require.Equal(t, 2, x.SubLevel())
	x.RollbackToSub(outer)
	require.Equal(t, 1, x.SubLevel())
	require.Equal(t, []xact.State{running, aborted, aborted, aborted, aborted}, states(t, r.Xact, top, a, b, c, d))
	e := write(t, x)
	lsn := commit(t, x)
	require.Equal(t, []xact.State{committed, aborted, committed}, states(t, r.Xact, top, a, e))
	_, at, err := r.Xact.Status(e)
	require.NoError(t, err)
	require.Equal(t, lsn, at)
	require.Panics(t, func() { x.ReleaseSub(1) })
	require.Equal(t, r.Xact.NextXID(), r.Xact.OldestXID())
}

func TestAbortEndsSubtransactions(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	x := r.Xact.NewSession(1).Begin(xact.ReadCommitted)
	x.BeginSub()
	a := write(t, x)
	x.ReleaseSub(1)
	x.BeginSub()
	b := write(t, x)
	require.NoError(t, x.Abort())
	require.Equal(t, []xact.State{aborted, aborted}, states(t, r.Xact, a, b))
}

// What a savepoint took is given up, what was there before stays, and who waits for a part of the transaction wakes with it.
func TestRollbackGivesUpWhatTheSubtransactionHad(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	x, y := r.Xact.NewSession(1).Begin(xact.ReadCommitted), r.Xact.NewSession(2).Begin(xact.ReadCommitted)
	take := func(tag lock.Tag) { require.NoError(t, r.Locks.Acquire(ctx, x.Owner(), tag, lock.Exclusive)) }
	var ended []string
	take(lock.Relation(1))
	level := x.BeginSub()
	take(lock.Relation(2))
	x.OnEnd(func(committed bool) { ended = append(ended, "sub") })
	x.ChangesCatalog()
	sub := write(t, x)
	x.DropAtCommit(100)
	r.CreateRelation(t, 101)
	x.DropAtAbort(101)
	done := make(chan error)
	go func() { done <- r.Xact.Wait(ctx, y, sub) }()
	for waits := false; !waits; _, waits = r.Locks.Waiting(y.Owner()) {
	}
	x.RollbackToSub(level)
	require.NoError(t, <-done)
	require.Equal(t, []string{"sub"}, ended)
	require.False(t, x.ChangedCatalog())
	require.True(t, r.Locks.Holds(x.Owner(), lock.Relation(1), lock.Exclusive))
	require.False(t, r.Locks.Holds(x.Owner(), lock.Relation(2), lock.Exclusive))
	top, err := x.TopXID()
	require.NoError(t, err)
	require.True(t, r.Locks.Holds(x.Owner(), lock.Transaction(uint64(top)), lock.Exclusive), "it was taken within, and the transaction goes on")
	there, err := r.Storage.Exists(page.RelFile{Rel: 101})
	require.NoError(t, err)
	require.False(t, there)
	require.Len(t, r.Xact.Active(), 1)
	require.Empty(t, r.Xact.Active()[0].Created)
	commit(t, x)
	commit(t, y)
	require.Equal(t, []string{"sub"}, ended)
}

// The session sees its own commit with all parts of it before others do.
func TestOwnCommitWithSubtransactions(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	s, other := r.Xact.NewSession(1), r.Xact.NewSession(2)
	x := s.Begin(xact.ReadCommitted)
	write(t, x)
	x.BeginSub()
	sub := write(t, x)
	_, err := x.Commit(ctx, xact.CommitOptions{Async: true})
	require.NoError(t, err)
	a, b := s.Begin(xact.ReadCommitted), other.Begin(xact.ReadCommitted)
	require.True(t, sees(t, a.Snapshot(), sub))
	require.False(t, sees(t, b.Snapshot(), sub))
	require.NoError(t, r.Log.Flush(ctx, r.Log.InsertLSN()))
	require.True(t, sees(t, b.Snapshot(), sub))
	commit(t, a)
	commit(t, b)
}

// Subtransactions on more status pages than one record takes: those that do not fit refer to their transaction, and all commit with
// its one record. A manager with nothing in memory finds the same.
func TestSubtransactionsOnManyPages(t *testing.T) {
	for _, end := range []string{"commit", "abort", "crash"} {
		t.Run(end, func(t *testing.T) {
			r := xacttest.New(t, xacttest.Options{Frames: 256})
			x := r.Xact.NewSession(1).Begin(xact.ReadCommitted)
			others := r.Xact.NewSession(2)
			all := []xact.XID{write(t, x)}
			for range 40 {
				x.BeginSub()
				all = append(all, write(t, x))
				for range 1021 {
					y := others.Begin(xact.ReadCommitted)
					_, err := y.XID()
					require.NoError(t, err)
					require.NoError(t, y.Abort())
				}
			}
			reader := r.Xact.Begin(xact.ReadCommitted)
			old := reader.Snapshot()
			want := aborted
			switch end {
			case "commit":
				lsn := commit(t, x)
				want = committed
				for _, xid := range all {
					_, at, err := r.Xact.Status(xid)
					require.NoError(t, err)
					require.Equal(t, lsn, at)
					require.False(t, sees(t, old, xid))
					require.True(t, sees(t, reader.Snapshot(), xid))
				}
			case "abort":
				require.NoError(t, x.Abort())
			case "crash": // after the records that refer to the transaction, before its commit
				require.NoError(t, xact.ReferToTop(r.Xact, all[0], all[1:]))
			}
			m, err := xact.Open(xact.Config{
				Log: r.Log, Pool: r.Pool, GX: r.GX, Locks: r.Locks, NextXID: r.Xact.NextXID(),
				DropFiles: func([]page.RelFileNumber) error { return nil },
			})
			require.NoError(t, err)
			for _, xid := range all {
				require.Equal(t, []xact.State{want}, states(t, m, xid))
			}
			if end == "crash" {
				require.NoError(t, x.Abort())
			}
			commit(t, reader)
		})
	}
}

func TestThousandsOfSubtransactions(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	x := r.Xact.NewSession(1).Begin(xact.ReadCommitted)
	var all []xact.XID
	for range 5000 {
		x.BeginSub()
		all = append(all, write(t, x))
		x.ReleaseSub(1)
	}
	commit(t, x)
	for _, xid := range all {
		require.Equal(t, []xact.State{committed}, states(t, r.Xact, xid))
	}
}

func TestTooManySubtransactions(t *testing.T) {
	r := xacttest.New(t, xacttest.Options{})
	x := r.Xact.NewSession(1).Begin(xact.ReadCommitted)
	for range xact.MaxSubs {
		x.BeginSub()
		write(t, x)
		x.ReleaseSub(1)
	}
	level := x.BeginSub()
	_, err := x.XID()
	require.True(t, pgerr.Is(err, pgerr.ProgramLimitExceeded), "%v", err)
	x.RollbackToSub(level)
	require.NoError(t, x.Abort())
}
