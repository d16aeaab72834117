package heap_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/core/xact/xacttest"
)

const benchRow = 24 // bytes of row data, as of a table with an int8 and a short text

func benchRows(n int) [][]byte {
	rows := make([][]byte, n)
	for i := range rows {
		rows[i] = fmt.Appendf(nil, "%0*d", benchRow, i)
	}
	return rows
}

// The COPY path: batches of rows into pages, one record a page.
func BenchmarkInsertBatch(b *testing.B) {
	r := newRig(b, xacttest.Options{Frames: 16384})
	rows := benchRows(1000)
	x := r.Xact.Begin(xact.ReadCommitted)
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i += len(rows) {
		_, err := r.heap.Insert(ctx, x, r.rel, rows[:min(len(rows), b.N-i)])
		require.NoError(b, err)
	}
	b.StopTimer()
	require.NoError(b, x.Abort())
}

// One row to a call, one transaction.
func BenchmarkInsertSingle(b *testing.B) {
	r := newRig(b, xacttest.Options{Frames: 16384})
	rows := benchRows(1)
	x := r.Xact.Begin(xact.ReadCommitted)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		_, err := r.heap.Insert(ctx, x, r.rel, rows)
		require.NoError(b, err)
	}
	b.StopTimer()
	require.NoError(b, x.Abort())
}

func (r *rig) fill(b *testing.B, rows, perTxn int) []page.TID {
	var tids []page.TID
	for len(tids) < rows {
		x := r.Xact.Begin(xact.ReadCommitted)
		got, err := r.heap.Insert(ctx, x, r.rel, benchRows(perTxn))
		require.NoError(b, err)
		_, err = x.Commit(ctx, xact.CommitOptions{Async: true})
		require.NoError(b, err)
		tids = append(tids, got...)
	}
	require.NoError(b, r.Log.Flush(ctx, r.Log.InsertLSN()))
	return tids
}

func BenchmarkScan(b *testing.B) {
	for _, perTxn := range []int{10000, 1} {
		b.Run(fmt.Sprintf("rowsPerTransaction=%d", perTxn), func(b *testing.B) {
			r := newRig(b, xacttest.Options{Frames: 8192})
			const rows = 100000
			r.fill(b, rows, perTxn)
			x := r.Xact.Begin(xact.ReadCommitted)
			snap := x.Snapshot()
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; {
				s, err := r.heap.Scan(snap, r.rel)
				require.NoError(b, err)
				for ; n < b.N; n++ {
					_, _, ok, err := s.Next()
					if err != nil {
						b.Fatal(err)
					}
					if !ok {
						break
					}
				}
				s.Close()
			}
			b.StopTimer()
			require.NoError(b, x.Abort())
		})
	}
}

func BenchmarkFetch(b *testing.B) {
	r := newRig(b, xacttest.Options{Frames: 8192})
	tids := r.fill(b, 100000, 10000)
	x := r.Xact.Begin(xact.ReadCommitted)
	snap := x.Snapshot()
	var buf []byte
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		row, _, ok, err := r.heap.Fetch(snap, r.rel, tids[i*7919%len(tids)], buf[:0])
		if err != nil || !ok {
			b.Fatal(ok, err)
		}
		buf = row
	}
	b.StopTimer()
	require.NoError(b, x.Abort())
}

func BenchmarkUpdate(b *testing.B) {
	r := newRig(b, xacttest.Options{Frames: 16384})
	tids := r.fill(b, 100000, 10000)
	x := r.Xact.Begin(xact.ReadCommitted)
	snap := x.Snapshot()
	row := benchRows(1)[0]
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if i > 0 && i%len(tids) == 0 {
			x.NextCommand()
			snap.Release()
			snap = x.Snapshot()
		}
		res, err := r.heap.Update(ctx, x, snap, r.rel, tids[i%len(tids)], row, false)
		if err != nil {
			b.Fatal(err)
		}
		tids[i%len(tids)] = res.TID
	}
	b.StopTimer()
	require.NoError(b, x.Abort())
}

// The TPC-B pattern: few rows, each changed by many transactions, one after the other.
func BenchmarkHotUpdate(b *testing.B) {
	for _, rows := range []int{1, 10, 100000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			r := newRig(b, xacttest.Options{Frames: 16384})
			tids := r.fill(b, rows, min(rows, 10000))
			s := r.Xact.NewSession(1)
			row := benchRows(1)[0]
			hot := 0
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				x := s.Begin(xact.ReadCommitted)
				snap := x.Snapshot()
				at := &tids[i*7919%len(tids)]
				res, err := r.heap.Update(ctx, x, snap, r.rel, *at, row, true)
				if err != nil || res.Outcome != heap.OK {
					b.Fatal(res, err)
				}
				*at = res.TID
				if res.Hot {
					hot++
				}
				if _, err := x.Commit(ctx, xact.CommitOptions{Async: true}); err != nil {
					b.Fatal(err)
				}
				if i%64 == 0 {
					b.StopTimer()
					require.NoError(b, r.Log.Flush(ctx, r.Log.InsertLSN()))
					b.StartTimer()
				}
			}
			b.StopTimer()
			b.ReportMetric(float64(hot)/float64(b.N), "hot/op")
		})
	}
}
