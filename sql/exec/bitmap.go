package exec

import (
	"slices"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/page"
)

// A bitmap is a set of row places, collected in any order and read by block. Beyond its limit it forgets the places within blocks:
// then every row of such a block is tested.
//
//	entry: block << 17 | offset << 1 | recheck; offset 0 stands for the whole block
type bitmap struct {
	entries []uint64
	limit   int // entries kept before blocks become lossy
}

// minBitmapEntries keeps a bitmap useful whatever work_mem is.
const minBitmapEntries = 1 << 10

func newBitmap(workMem int64) *bitmap { return &bitmap{limit: max(int(workMem/8), minBitmapEntries)} }

func (b *bitmap) add(h am.Hit) {
	e := uint64(h.TID.Block)<<17 | uint64(h.TID.Offset)<<1
	if h.Recheck {
		e |= 1
	}
	b.entries = append(b.entries, e)
	if len(b.entries) >= b.limit {
		b.shrink()
	}
}

// shrink removes duplicates, and when that does not help turns all blocks lossy.
func (b *bitmap) shrink() {
	b.sort()
	if len(b.entries) < b.limit/2 {
		return
	}
	n := 0
	for _, e := range b.entries {
		lossy := e &^ (1<<17 - 1)
		if n == 0 || b.entries[n-1] != lossy {
			b.entries[n] = lossy
			n++
		}
	}
	b.entries = b.entries[:n]
	if n > b.limit/2 {
		b.limit *= 2 // one entry for each block: that is as small as it gets
	}
}

// sort orders the entries and merges those of one place; a place that some index is sure of needs no recheck.
func (b *bitmap) sort() {
	slices.Sort(b.entries)
	n := 0
	for _, e := range b.entries {
		if n > 0 && b.entries[n-1]>>1 == e>>1 {
			continue // the sure one sorts first
		}
		b.entries[n] = e
		n++
	}
	b.entries = b.entries[:n]
}

// block is one block of a sorted bitmap. Offsets is nil for a lossy block.
type block struct {
	number  page.BlockNumber
	offsets []page.OffsetNumber
	recheck []bool
}

// blocks returns an iterator over the blocks in ascending order. The block's slices are reused.
func (b *bitmap) blocks() func() (*block, bool) {
	b.sort()
	at := 0
	blk := &block{}
	offsets, recheck := []page.OffsetNumber{}, []bool{}
	return func() (*block, bool) {
		if at == len(b.entries) {
			return nil, false
		}
		number := b.entries[at] >> 17
		blk.number = page.BlockNumber(number)
		offsets, recheck = offsets[:0], recheck[:0]
		lossy := false
		for ; at < len(b.entries) && b.entries[at]>>17 == number; at++ {
			off := page.OffsetNumber(b.entries[at] >> 1)
			lossy = lossy || off == 0
			offsets = append(offsets, off)
			recheck = append(recheck, b.entries[at]&1 != 0)
		}
		blk.offsets, blk.recheck = offsets, recheck
		if lossy {
			blk.offsets, blk.recheck = nil, nil
		}
		return blk, true
	}
}
