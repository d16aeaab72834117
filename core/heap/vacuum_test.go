package heap_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/core/xact/xacttest"
)

// seed inserts rows of size bytes and returns their places.
func (r *rig) seed(t testing.TB, n, size int) []page.TID {
	t.Helper()
	x := r.Xact.Begin(xact.ReadCommitted)
	var rows [][]byte
	for i := range n {
		rows = append(rows, fmt.Appendf(nil, "%0*d", size, i))
	}
	tids, err := r.heap.Insert(ctx, x, r.rel, rows)
	require.NoError(t, err)
	r.commit(t, x)
	return tids
}

func (r *rig) deleteAll(t testing.TB, tids []page.TID) {
	t.Helper()
	x := r.Xact.Begin(xact.ReadCommitted)
	snap := x.Snapshot()
	for _, tid := range tids {
		result, err := r.heap.Delete(ctx, x, snap, r.rel, tid)
		require.NoError(t, err)
		require.Equal(t, heap.OK, result.Outcome)
	}
	r.commit(t, x)
}

func (r *rig) count(t testing.TB) int {
	t.Helper()
	x := r.Xact.Begin(xact.ReadCommitted)
	defer func() { require.NoError(t, x.Abort()) }()
	return len(r.rows(t, x.Snapshot()))
}

func TestVacuumAsksIndexesFirst(t *testing.T) {
	r := newRig(t, xacttest.Options{})
	tids := r.seed(t, 1000, 100)
	r.deleteAll(t, tids[:500])

	boom := errors.New("plugin crashed")
	_, err := r.vacuum(func(dead *heap.DeadSet) error {
		require.Equal(t, 500, dead.Len())
		for _, tid := range tids[:500] {
			require.True(t, dead.Contains(tid))
		}
		require.False(t, dead.Contains(tids[500]))
		return boom
	})
	require.ErrorIs(t, err, boom)

	// Nothing was freed: new rows go elsewhere.
	for _, tid := range r.seed(t, 10, 100) {
		require.NotContains(t, tids[:500], tid)
	}

	asked := 0
	stats, err := r.vacuum(func(*heap.DeadSet) error { asked++; return nil })
	require.NoError(t, err)
	require.Equal(t, 1, asked)
	require.EqualValues(t, 500, stats.Removed)
	require.EqualValues(t, 510, stats.Live)
	require.Equal(t, 510, r.count(t))
	r.check(t)
}

func TestFreedSpaceIsUsedAgain(t *testing.T) {
	r := newRig(t, xacttest.Options{})
	tids := r.seed(t, 2000, 100)
	before, err := r.heap.Blocks(r.rel)
	require.NoError(t, err)
	for range 5 {
		r.deleteAll(t, tids)
		_, err = r.vacuum(nil)
		require.NoError(t, err)
		tids = r.seed(t, 2000, 100)
	}
	after, err := r.heap.Blocks(r.rel)
	require.NoError(t, err)
	require.LessOrEqual(t, after, before+1)
	require.Equal(t, 2000, r.count(t))
	r.check(t)
}

func TestEmptyPagesAtTheEndGo(t *testing.T) {
	r := newRig(t, xacttest.Options{})
	tids := r.seed(t, 1000, 100)
	r.deleteAll(t, tids[10:])
	locked := false
	stats, err := r.heap.Vacuum(ctx, r.rel, heap.VacuumOptions{
		Horizon: r.Xact.Horizon(),
		Truncate: func() (func(), bool) {
			locked = true
			return func() { locked = false }, true
		},
	})
	require.NoError(t, err)
	require.False(t, locked)
	require.EqualValues(t, 1, stats.Pages)
	require.NotZero(t, stats.Truncated)
	n, err := r.Storage.NBlocks(r.rel.File())
	require.NoError(t, err)
	require.LessOrEqual(t, n, page.BlockNumber(1))
	require.Equal(t, 10, r.count(t))
	r.seed(t, 1000, 100)
	require.Equal(t, 1010, r.count(t))
	r.check(t)
}

func TestRewriteKeepsWhatSnapshotsSee(t *testing.T) {
	r := newRig(t, xacttest.Options{})
	tids := r.seed(t, 500, 200)
	old := r.Xact.Begin(xact.RepeatableRead)
	before := r.rows(t, old.Snapshot())

	// Rows that the old snapshot sees are replaced twice, some are deleted, an aborted transaction leaves its marks.
	for range 2 {
		x := r.Xact.Begin(xact.ReadCommitted)
		snap := x.Snapshot()
		for i, tid := range tids[:100] {
			result, err := r.heap.Update(ctx, x, snap, r.rel, tid, []byte("replaced"), false)
			require.NoError(t, err)
			require.Equal(t, heap.OK, result.Outcome)
			tids[i] = result.TID
		}
		r.commit(t, x)
	}
	r.deleteAll(t, tids[100:200])
	x := r.Xact.Begin(xact.ReadCommitted)
	_, err := r.heap.Delete(ctx, x, x.Snapshot(), r.rel, tids[300])
	require.NoError(t, err)
	require.NoError(t, x.Abort())

	now := r.Xact.Begin(xact.RepeatableRead)
	current := r.rows(t, now.Snapshot())
	from := r.rel
	r.rel = heap.Relation{Rel: 16385, Name: "t"}
	r.CreateRelation(t, r.rel.Rel)
	stats, err := r.heap.Rewrite(ctx, from, r.rel, r.Xact.Horizon())
	require.NoError(t, err)
	require.EqualValues(t, 700, stats.Rows) // 500 old versions, 200 new ones
	r.check(t)
	require.ElementsMatch(t, before, r.rows(t, old.Snapshot()))
	require.ElementsMatch(t, current, r.rows(t, now.Snapshot()))

	// The chain from what the old snapshot sees leads to the newest version.
	_, found, err := r.find(old.Snapshot(), "")
	require.NoError(t, err)
	replaced := 0
	for _, tid := range found {
		_, err := r.heap.Update(ctx, old, old.Snapshot(), r.rel, tid, []byte("no"), false)
		if err != nil {
			require.True(t, pgerr.Is(err, pgerr.SerializationFailure))
			replaced++
		}
	}
	require.Equal(t, 200, replaced)
	require.NoError(t, old.Abort())
	require.NoError(t, now.Abort())
}

func TestStatusesDecideUniqueness(t *testing.T) {
	r := newRig(t, xacttest.Options{})
	tids := r.seed(t, 4, 10)
	r.deleteAll(t, tids[1:2])
	a := r.Xact.Begin(xact.ReadCommitted)
	snap := a.Snapshot()
	_, err := r.heap.Delete(ctx, a, snap, r.rel, tids[2])
	require.NoError(t, err)
	mine, err := r.heap.Insert(ctx, a, r.rel, [][]byte{[]byte("mine")})
	require.NoError(t, err)
	x := r.Xact.Begin(xact.ReadCommitted)
	gone, err := r.heap.Insert(ctx, x, r.rel, [][]byte{[]byte("gone")})
	require.NoError(t, err)
	require.NoError(t, x.Abort())
	all := append(append(tids, mine...), gone...)
	all = append(all, page.TID{Block: 0, Offset: 200})

	lives := func(self xact.XID) (out []heap.Life) {
		got, err := r.heap.Statuses(self, r.rel, all)
		require.NoError(t, err)
		for _, s := range got {
			out = append(out, s.Life)
			if s.Life == heap.Undecided {
				require.Equal(t, a.CurrentXID(), s.XID)
			}
		}
		return out
	}
	require.Equal(t, []heap.Life{heap.Live, heap.Dead, heap.Dead, heap.Live, heap.Live, heap.Dead, heap.Dead}, lives(a.CurrentXID()))
	require.Equal(t, []heap.Life{heap.Live, heap.Dead, heap.Undecided, heap.Live, heap.Undecided, heap.Dead, heap.Dead}, lives(0))
	require.NoError(t, a.Abort())

	_, err = r.heap.Statuses(0, r.rel, []page.TID{{Block: 1 << 20, Offset: 1}})
	require.True(t, pgerr.Is(err, pgerr.DataCorrupted), "%v", err)
}

func TestRowsThatAreTooBig(t *testing.T) {
	r := newRig(t, xacttest.Options{})
	x := r.Xact.Begin(xact.ReadCommitted)
	_, err := r.heap.Insert(ctx, x, r.rel, [][]byte{make([]byte, heap.MaxRowSize+1)})
	require.True(t, pgerr.Is(err, pgerr.ProgramLimitExceeded), "%v", err)
	require.ErrorContains(t, err, fmt.Sprintf("row is too big: size %d, maximum size %d", heap.MaxRowSize+1, heap.MaxRowSize))
	require.False(t, x.HasXID())
	tids, err := r.heap.Insert(ctx, x, r.rel, [][]byte{make([]byte, heap.MaxRowSize), make([]byte, heap.MaxRowSize)})
	require.NoError(t, err)
	x.NextCommand()
	snap := x.Snapshot()
	result, err := r.heap.Update(ctx, x, snap, r.rel, tids[0], make([]byte, heap.MaxRowSize), true)
	require.NoError(t, err)
	require.Equal(t, heap.OK, result.Outcome)
	require.NotEqual(t, tids[0].Block, result.TID.Block)
	result, err = r.heap.Update(ctx, x, snap, r.rel, tids[0], nil, false)
	require.NoError(t, err)
	require.Equal(t, heap.SelfModified, result.Outcome, "the same command has replaced it already")
	r.commit(t, x)
}

func TestDeadSetOnTheWire(t *testing.T) {
	d := heap.NewDeadSet()
	var want []page.TID
	for _, blk := range []page.BlockNumber{0, 1, 70000, 1<<32 - 2} {
		for _, off := range []page.OffsetNumber{1, 2, 200} {
			want = append(want, page.TID{Block: blk, Offset: off})
			d.Add(page.TID{Block: blk, Offset: off})
		}
	}
	b, err := d.AppendBinary([]byte("x"))
	require.NoError(t, err)
	bits := roaring64.New()
	require.NoError(t, bits.UnmarshalBinary(b[1:]))
	require.EqualValues(t, len(want), bits.GetCardinality())
	var all []page.TID
	for tid := range d.All() {
		all = append(all, tid)
		require.True(t, bits.Contains(uint64(tid.Block)<<16|uint64(tid.Offset)))
	}
	require.Equal(t, want, all)
	blocks := 0
	for _, offs := range d.Blocks() {
		require.Equal(t, []page.OffsetNumber{1, 2, 200}, offs)
		blocks++
	}
	require.Equal(t, 4, blocks)
}

func TestConcurrentInsertersFillDifferentPages(t *testing.T) {
	r := newRig(t, xacttest.Options{})
	done := make(chan error)
	const sessions, each = 4, 500
	for range sessions {
		go func() {
			x := r.Xact.Begin(xact.ReadCommitted)
			for i := range each {
				if _, err := r.heap.Insert(ctx, x, r.rel, [][]byte{fmt.Appendf(nil, "row %d", i)}); err != nil {
					done <- err
					return
				}
			}
			_, err := x.Commit(ctx, xact.CommitOptions{})
			done <- err
		}()
	}
	for range sessions {
		require.NoError(t, <-done)
	}
	require.Equal(t, sessions*each, r.count(t))
	r.check(t)
}
