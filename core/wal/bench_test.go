package wal

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// diskLog makes a log with production settings on the operating system's file system.
func diskLog(b testing.TB) (Config, *Log) {
	cfg := Config{
		FS: vfs.OS(), Dir: filepath.Join(b.TempDir(), DirName), SystemID: 1, Timeline: 1, Log: zerolog.Nop(),
		OnFatal: func(err error) { b.Error(err) },
	}
	require.NoError(b, Create(cfg))
	l, err := Open(cfg, FirstLSN, 0)
	require.NoError(b, err)
	return cfg, l
}

var benchBody = make([]byte, 40)

func build(dst []byte, _ page.LSN) []byte { return append(dst, benchBody...) }

// TestInsertDoesNotAllocate: neither insertion nor a flush that nobody else waits for.
func TestInsertDoesNotAllocate(t *testing.T) {
	_, l := diskLog(t)
	l.Insert(Generic, 1, build)
	require.Zero(t, testing.AllocsPerRun(1000, func() { l.Insert(Generic, 1, build) }))
	ctx := context.Background()
	flushAll(t, l)
	require.Zero(t, testing.AllocsPerRun(20, func() {
		_, end := l.Insert(Commit, 1, build)
		if err := l.Flush(ctx, end); err != nil {
			t.Error(err)
		}
	}))
	require.NoError(t, l.Close())
}

// BenchmarkInsert is a record of 40 bytes without waiting for the disk; the ring's flushes are included.
func BenchmarkInsert(b *testing.B) {
	_, l := diskLog(b)
	b.ReportAllocs()
	b.SetBytes(int64(len(benchBody)))
	for b.Loop() {
		l.Insert(Generic, 1000000, build)
	}
	b.StopTimer()
	require.NoError(b, l.Close())
}

// BenchmarkInsertInMemory leaves the disk out: the ring counts as durable whenever it fills up.
func BenchmarkInsertInMemory(b *testing.B) {
	_, l := diskLog(b)
	b.ReportAllocs()
	for b.Loop() {
		if l.inserted.Load()-l.durable.Load() > 4<<20 {
			l.durable.Store(l.inserted.Load())
		}
		l.Insert(Generic, 1000000, build)
	}
	b.StopTimer()
	require.NoError(b, l.Close())
}

// BenchmarkCommit is insert and flush; the metric syncs/op tells how well committers share.
func BenchmarkCommit(b *testing.B) {
	for _, committers := range []int{1, 8, 64} {
		b.Run(map[int]string{1: "alone", 8: "by8", 64: "by64"}[committers], func(b *testing.B) {
			_, l := diskLog(b)
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for range committers {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						l.Insert(Generic, 7, build)
						_, end := l.Insert(Commit, 7, nil)
						if err := l.Flush(context.Background(), end); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(l.Stats().Flushes)/float64(b.N), "syncs/op")
			require.NoError(b, l.Close())
		})
	}
}

// BenchmarkRead reads records of 55 bytes in order.
func BenchmarkRead(b *testing.B) {
	cfg, l := diskLog(b)
	const records = 200_000
	for range records {
		l.Insert(Generic, 1000000, build)
	}
	flushAll(b, l)
	end := l.InsertLSN()
	require.NoError(b, l.Close())
	b.SetBytes(int64(end-FirstLSN) / records)
	b.ReportAllocs()
	r := NewReader(cfg.FS, cfg.Dir, 1, 1, FirstLSN, end)
	for b.Loop() {
		if _, err := r.Next(); errors.Is(err, io.EOF) {
			require.NoError(b, r.Close())
			r = NewReader(cfg.FS, cfg.Dir, 1, 1, FirstLSN, end)
		}
	}
	require.NoError(b, r.Close())
}

// BenchmarkEndOfLog is what every start pays to know that a log ends: the scan of the rest of a segment and of one more, full
// of old records.
func BenchmarkEndOfLog(b *testing.B) {
	cfg, l := diskLog(b)
	for l.InsertLSN() < FirstLSN+SegmentBytes {
		l.Insert(Commit, 1000000, build)
	}
	flushAll(b, l)
	require.NoError(b, l.Recycle(FirstLSN+SegmentBytes))
	at, _ := l.Insert(Commit, 1, nil)
	flushAll(b, l)
	require.NoError(b, l.Close())
	for b.Loop() {
		r := NewReader(cfg.FS, cfg.Dir, 1, 1, at, 0)
		records, err := readAll(r)
		require.NoError(b, err)
		require.Len(b, records, 1)
		require.NoError(b, r.Close())
	}
}
