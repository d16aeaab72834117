package heap

import (
	"fmt"
	"iter"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/quiredb/quire/core/page"
)

// DeadSet is a compressed set of row places; it implements am.DeadSet. The zero value is not ready, use NewDeadSet.
type DeadSet struct{ bits *roaring64.Bitmap }

// NewDeadSet returns an empty set.
func NewDeadSet() *DeadSet { return &DeadSet{bits: roaring64.New()} }

func member(tid page.TID) uint64 { return uint64(tid.Block)<<16 | uint64(tid.Offset) }

func place(m uint64) page.TID {
	return page.TID{Block: page.BlockNumber(m >> 16), Offset: page.OffsetNumber(m)}
}

// Add puts a place into the set.
func (d *DeadSet) Add(tid page.TID) { d.bits.Add(member(tid)) }

// Contains reports whether a place is in the set.
func (d *DeadSet) Contains(tid page.TID) bool { return d.bits.Contains(member(tid)) }

// Len returns the number of places.
func (d *DeadSet) Len() int { return int(d.bits.GetCardinality()) }

// Bytes returns about how much memory the set takes.
func (d *DeadSet) Bytes() int { return int(d.bits.GetSizeInBytes()) }

// AppendBinary appends the portable serialisation of a 64-bit roaring bitmap with the members block<<16 | offset.
func (d *DeadSet) AppendBinary(dst []byte) ([]byte, error) {
	b, err := d.bits.ToBytes()
	if err != nil {
		return dst, fmt.Errorf("serialise dead rows: %w", err)
	}
	return append(dst, b...), nil
}

// All yields the places in ascending order.
func (d *DeadSet) All() iter.Seq[page.TID] {
	return func(yield func(page.TID) bool) {
		for it := d.bits.Iterator(); it.HasNext(); {
			if !yield(place(it.Next())) {
				return
			}
		}
	}
}

// Blocks yields each block with its offsets, both ascending. The slice is reused.
func (d *DeadSet) Blocks() iter.Seq2[page.BlockNumber, []page.OffsetNumber] {
	return func(yield func(page.BlockNumber, []page.OffsetNumber) bool) {
		var blk page.BlockNumber
		var offsets []page.OffsetNumber
		for tid := range d.All() {
			if tid.Block != blk && len(offsets) > 0 {
				if !yield(blk, offsets) {
					return
				}
				offsets = offsets[:0]
			}
			blk = tid.Block
			offsets = append(offsets, tid.Offset)
		}
		if len(offsets) > 0 {
			yield(blk, offsets)
		}
	}
}
