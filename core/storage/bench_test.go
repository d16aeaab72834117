package storage

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
)

// benchManager opens a directory of the operating system, where fsync costs what it costs.
func benchManager(b *testing.B) *Manager {
	m, err := OpenWith(vfs.OS(), b.TempDir(), Options{})
	require.NoError(b, err)
	require.NoError(b, m.Create(relA))
	b.Cleanup(func() { require.NoError(b, m.Close()) })
	return m
}

func benchmarkWrite(b *testing.B, pages int) {
	m := benchManager(b)
	var writes []PageWrite
	for i := range pages {
		tag := at(relA, page.BlockNumber(i))
		writes = append(writes, PageWrite{tag, pageAt(tag, 1)})
	}
	b.SetBytes(int64(pages) * page.Size)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, m.Write(writes))
	}
	s := m.Stats()
	b.ReportMetric(float64(s.Batches+s.FileSyncs)/float64(s.PagesWritten), "fsyncs/page")
}

func BenchmarkWriteOnePage(b *testing.B) { benchmarkWrite(b, 1) }
func BenchmarkWrite16Pages(b *testing.B) { benchmarkWrite(b, 16) }
func BenchmarkWrite64Pages(b *testing.B) { benchmarkWrite(b, 64) }

func BenchmarkWriteOnePageParallel(b *testing.B) {
	m := benchManager(b)
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		tag := at(relA, 3)
		w := []PageWrite{{tag, pageAt(tag, 1)}}
		for pb.Next() {
			if err := m.Write(w); err != nil {
				b.Error(err)
			}
		}
	})
	s := m.Stats()
	b.ReportMetric(float64(s.Batches+s.FileSyncs)/float64(s.PagesWritten), "fsyncs/page")
}

func BenchmarkRead(b *testing.B) {
	m := benchManager(b)
	tag := at(relA, 0)
	write(b, m, 1, tag)
	p := page.New()
	b.SetBytes(page.Size)
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Read(tag, p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenAfterCrash(b *testing.B) {
	mem := vfs.NewMem()
	m, err := Open(mem, "d")
	require.NoError(b, err)
	require.NoError(b, m.Create(relA))
	for i := range 1300 {
		write(b, m, 1, at(relA, page.BlockNumber(i)))
	}
	for b.Loop() {
		again, err := Open(mem, "d")
		require.NoError(b, err)
		again.Kill()
	}
}
