package engine_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/engine"
)

// BenchmarkRecovery is the time from a killed process to an open directory, after 100 000 rows in small transactions on real files.
func BenchmarkRecovery(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		dir := filepath.Join(b.TempDir(), "data")
		require.NoError(b, engine.Init(vfs.OS(), dir, engine.InitOptions{Superuser: "boss"}))
		e, err := engine.Open(ctx, vfs.OS(), dir, engine.Options{})
		require.NoError(b, err)
		began := time.Now()
		fill(b, e, 100_000)
		b.ReportMetric(100_000/time.Since(began).Seconds(), "inserted-rows/s")
		require.NoError(b, e.WAL.Step(ctx))
		size := e.WAL.InsertLSN() - e.Control().Redo
		e.Kill()
		b.StartTimer()
		e, err = engine.Open(ctx, vfs.OS(), dir, engine.Options{})
		b.StopTimer()
		require.NoError(b, err)
		b.ReportMetric(float64(size)/1e6, "wal-MB")
		b.ReportMetric(float64(e.Recovery().Redo.Records), "records")
		require.NoError(b, e.Shutdown(ctx))
		b.StartTimer()
	}
}

func fill(b *testing.B, e *engine.Engine, rows int) {
	x := e.Xact.Begin(xact.ReadCommitted)
	table := &catalog.Table{Name: "t"}
	require.NoError(b, e.Catalog.CreateTable(ctx, x, table))
	_, err := x.Commit(ctx, xact.CommitOptions{})
	require.NoError(b, err)
	rel := relation(table)
	for i := 0; i < rows; {
		x := e.Xact.Begin(xact.ReadCommitted)
		for range 10 {
			_, err := e.Heap.Insert(ctx, x, rel, [][]byte{fmt.Appendf(nil, "row %08d with some text in it", i)})
			require.NoError(b, err)
			i++
		}
		_, err := x.Commit(ctx, xact.CommitOptions{Async: true})
		require.NoError(b, err)
	}
}
