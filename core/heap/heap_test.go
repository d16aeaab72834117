package heap_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/core/xact/xacttest"
)

var ctx = context.Background()

type rig struct {
	*xacttest.Rig
	heap *heap.Store
	rel  heap.Relation
}

func newRig(t testing.TB, opts xacttest.Options) *rig {
	r := &rig{Rig: xacttest.New(t, opts)}
	r.heap = heap.NewStore(heap.Config{GX: r.GX, Pool: r.Pool, Storage: r.Storage, Xact: r.Xact, Locks: r.Locks})
	r.rel = heap.Relation{Rel: 16384, Name: "t"}
	r.CreateRelation(t, r.rel.Rel)
	return r
}

func (r *rig) rows(t testing.TB, snap *xact.Snapshot) []string {
	t.Helper()
	s, err := r.heap.Scan(snap, r.rel)
	require.NoError(t, err)
	defer s.Close()
	var out []string
	for {
		_, row, ok, err := s.Next()
		require.NoError(t, err)
		if !ok {
			return out
		}
		out = append(out, string(row))
	}
}

func (r *rig) commit(t testing.TB, x *xact.Txn) page.LSN {
	t.Helper()
	lsn, err := x.Commit(ctx, xact.CommitOptions{})
	require.NoError(t, err)
	return lsn
}

func TestInsertAndScan(t *testing.T) {
	r := newRig(t, xacttest.Options{})
	x := r.Xact.Begin(xact.ReadCommitted)
	var rows [][]byte
	for i := range 1000 {
		rows = append(rows, fmt.Appendf(nil, "row %d", i))
	}
	tids, err := r.heap.Insert(ctx, x, r.rel, rows)
	require.NoError(t, err)
	require.Len(t, tids, 1000)
	require.Empty(t, r.rows(t, x.Snapshot()))
	x.NextCommand()
	require.Len(t, r.rows(t, x.Snapshot()), 1000)
	other := r.Xact.Begin(xact.RepeatableRead)
	require.Empty(t, r.rows(t, other.Snapshot()))
	require.NotZero(t, r.commit(t, x))
	require.Empty(t, r.rows(t, other.Snapshot()))
	r.commit(t, other)
	x = r.Xact.Begin(xact.ReadCommitted)
	require.Len(t, r.rows(t, x.Snapshot()), 1000)
	row, _, ok, err := r.heap.Fetch(x.Snapshot(), r.rel, tids[77], nil)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "row 77", string(row))
	require.NoError(t, x.Abort())
}
