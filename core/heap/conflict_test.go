package heap_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/xact/xacttest"
	"github.com/quiredb/quire/genericxlog"
)

// recordAt reads a record of the log back.
func (r *rig) recordAt(t testing.TB, lsn page.LSN) *wal.Record {
	t.Helper()
	require.NoError(t, r.Log.Flush(ctx, r.Log.InsertLSN()))
	reader := wal.NewReader(r.FS, "/data/pg_wal", r.Log.SystemID(), r.Log.Timeline(), lsn, r.Log.FlushedLSN(), wal.WithSegmentBytes(xacttest.SegmentBytes))
	defer reader.Close()
	rec, err := reader.Next()
	require.NoError(t, err)
	return rec
}

// What goes from the indexes is announced to standbys first, as the indexes' own records say nothing of snapshots.
func TestVacuumAnnouncesConflictsBeforeIndexes(t *testing.T) {
	r := newRig(t, xacttest.Options{})
	r.deleteAll(t, r.seed(t, 3, 100))
	before := r.Log.InsertLSN()
	_, err := r.vacuum(func(*heap.DeadSet) error {
		rec := r.recordAt(t, before)
		require.Equal(t, r.Log.InsertLSN(), rec.EndLSN, "one record")
		body, err := genericxlog.DecodeBody(rec.Body, rec.LSN)
		require.NoError(t, err)
		require.Len(t, body.Blocks, 1)
		require.NotZero(t, body.Blocks[0].ConflictHorizon)
		require.Less(t, body.Blocks[0].ConflictHorizon, before)
		return nil
	})
	require.NoError(t, err)
	r.check(t)
}

func TestVacuumOfAbortedRowsAnnouncesNothing(t *testing.T) {
	r := newRig(t, xacttest.Options{})
	x := r.Xact.Begin(0)
	_, err := r.heap.Insert(ctx, x, r.rel, [][]byte{[]byte("never")})
	require.NoError(t, err)
	require.NoError(t, x.Abort())
	before := r.Log.InsertLSN()
	_, err = r.vacuum(func(*heap.DeadSet) error {
		rec := r.recordAt(t, before)
		body, err := genericxlog.DecodeBody(rec.Body, rec.LSN)
		require.NoError(t, err)
		require.Zero(t, body.Blocks[0].ConflictHorizon, "nobody ever saw the row")
		return nil
	})
	require.NoError(t, err)
}
