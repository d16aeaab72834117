package exec

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/page"
)

// Whatever order the hits come in, and however often, the blocks ascend, each place comes once, and none is lost: a lossy block
// stands for all of its places. A place that some hit was sure of needs no recheck.
func TestBitmapDeliversEveryPlaceOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type place struct {
			block  page.BlockNumber
			offset page.OffsetNumber
		}
		b := newBitmap(8 * int64(rapid.SampledFrom([]int{1 << 10, 1 << 20}).Draw(t, "limit")))
		sure := map[place]bool{}
		for range rapid.IntRange(0, 3000).Draw(t, "hits") {
			p := place{page.BlockNumber(rapid.IntRange(0, 40).Draw(t, "block")), page.OffsetNumber(rapid.IntRange(1, 291).Draw(t, "offset"))}
			recheck := rapid.Bool().Draw(t, "recheck")
			sure[p] = sure[p] || !recheck
			b.add(am.Hit{TID: page.TID{Block: p.block, Offset: p.offset}, Recheck: recheck})
		}
		next := b.blocks()
		last := -1
		left := len(sure)
		for {
			blk, ok := next()
			if !ok {
				break
			}
			if int(blk.number) <= last {
				t.Fatalf("block %d after %d", blk.number, last)
			}
			last = int(blk.number)
			for p := range sure {
				if p.block != blk.number {
					continue
				}
				left--
				if blk.offsets == nil {
					continue
				}
				i, found := slices.BinarySearch(blk.offsets, p.offset)
				if !found || blk.recheck[i] == sure[p] {
					t.Fatalf("place %v: found %v", p, found)
				}
			}
		}
		if left != 0 {
			t.Fatalf("%d places are missing", left)
		}
	})
}

func TestTIDsFitADatum(t *testing.T) {
	for _, tid := range []page.TID{{Block: 0, Offset: 1}, {Block: 1<<32 - 2, Offset: 291}} {
		require.Equal(t, tid, unpackTID(packTID(tid)))
	}
}
