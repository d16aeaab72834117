package buffer

import (
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
)

func benchPool(b *testing.B, blocks int) *fixture {
	f := newFixture(b, Config{Frames: blocks + 16})
	for i := range blocks {
		f.set(i, 1)
	}
	b.ReportAllocs()
	b.ResetTimer()
	return f
}

func BenchmarkPinResident(b *testing.B) {
	f := benchPool(b, 1)
	for b.Loop() {
		buf, err := f.pool.Pin(tagOf(0))
		if err != nil {
			b.Fatal(err)
		}
		buf.Unpin()
	}
}

func BenchmarkPinResidentSpread(b *testing.B) {
	const blocks = 4096
	f := benchPool(b, blocks)
	order := rand.New(rand.NewSource(1)).Perm(blocks)
	for i := 0; b.Loop(); i++ {
		buf, err := f.pool.Pin(tagOf(order[i%blocks]))
		if err != nil {
			b.Fatal(err)
		}
		buf.Unpin()
	}
}

func BenchmarkPinResidentParallel(b *testing.B) {
	const blocks = 1024
	f := benchPool(b, blocks)
	b.RunParallel(func(pb *testing.PB) {
		for i := rand.Int(); pb.Next(); i += 7 {
			buf, err := f.pool.Pin(tagOf(i & (blocks - 1)))
			if err != nil {
				b.Fatal(err)
			}
			buf.Unpin()
		}
	})
}

func BenchmarkPinLockReadUnlock(b *testing.B) {
	f := benchPool(b, 1)
	var sum int
	for b.Loop() {
		buf, err := f.pool.Pin(tagOf(0))
		if err != nil {
			b.Fatal(err)
		}
		buf.RLock()
		sum += buf.Page().Lower()
		buf.RUnlock()
		buf.Unpin()
	}
}

func BenchmarkInstall(b *testing.B) {
	f := benchPool(b, 1)
	buf, err := f.pool.Pin(tagOf(0))
	require.NoError(b, err)
	p := content(tagOf(0), 5000, 3)
	for b.Loop() {
		buf.Lock()
		buf.MarkDirty()
		buf.Install(p, 5000, 5100)
		buf.Unlock()
	}
	buf.Unpin()
}

// A miss reads the page from the in-memory disk into a frame that another block has to leave.
func BenchmarkMissClean(b *testing.B) {
	f := newFixture(b, Config{Frames: 64})
	for i := range 1024 {
		f.set(i, 1)
	}
	require.NoError(b, f.pool.FlushDirty(b.Context(), 0, nil))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		buf, err := f.pool.Pin(page.Tag{RelFile: rel, Block: page.BlockNumber(i % 1024)})
		if err != nil {
			b.Fatal(err)
		}
		buf.Unpin()
	}
}
