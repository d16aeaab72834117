package wire

import (
	"encoding/binary"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/quiredb/quire/core/page"
)

// DeadSet is a set of row addresses that a vacuum is about to free: a compressed bitmap over block<<16|offset. It may
// be read by many goroutines at once, and added to by one.
type DeadSet struct {
	bits *roaring64.Bitmap
}

// NewDeadSet returns a set of the given rows.
func NewDeadSet(tids ...page.TID) *DeadSet {
	d := &DeadSet{bits: roaring64.New()}
	for _, t := range tids {
		d.Add(t)
	}
	return d
}

func tidKey(t page.TID) uint64 { return uint64(t.Block)<<16 | uint64(t.Offset) }

// Add puts a row into the set.
func (d *DeadSet) Add(t page.TID) { d.bits.Add(tidKey(t)) }

// Contains reports whether a row is in the set.
func (d *DeadSet) Contains(t page.TID) bool { return d.bits.Contains(tidKey(t)) }

// Len is the number of rows.
func (d *DeadSet) Len() int { return int(d.bits.GetCardinality()) }

// All calls fn for each row in ascending order until it returns false.
func (d *DeadSet) All(fn func(page.TID) bool) {
	for it := d.bits.Iterator(); it.HasNext(); {
		k := it.Next()
		if !fn(page.TID{Block: page.BlockNumber(k >> 16), Offset: page.OffsetNumber(k)}) {
			return
		}
	}
}

// MarshalBinary serialises the set in roaring's portable 64-bit format.
func (d *DeadSet) MarshalBinary() ([]byte, error) {
	d.bits.RunOptimize()
	return d.bits.ToBytes()
}

// UnmarshalBinary reads what MarshalBinary wrote. It checks what it can, because the bytes come from another process.
func (d *DeadSet) UnmarshalBinary(b []byte) (err error) {
	if len(b) > MaxDeadSet {
		return fmt.Errorf("%w: dead set of %d bytes, the limit is %d", ErrTooLarge, len(b), MaxDeadSet)
	}
	// The library makes room for as many inner bitmaps as the first word says; each takes at least 12 bytes (W1).
	if len(b) < 8 || binary.LittleEndian.Uint64(b) > uint64(len(b)-8)/12 {
		return fmt.Errorf("%w: dead set of %d bytes does not hold what it announces", ErrProtocol, len(b))
	}
	defer func() { // the library indexes by counts it read; W1 holds all the same
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: dead set: %v", ErrProtocol, r)
		}
	}()
	bits := roaring64.New()
	if err := bits.UnmarshalBinary(b); err != nil {
		return fmt.Errorf("%w: dead set: %v", ErrProtocol, err)
	}
	if err := bits.Validate(); err != nil {
		return fmt.Errorf("%w: dead set: %v", ErrProtocol, err)
	}
	if !bits.IsEmpty() && bits.Maximum() >= 1<<48 {
		return fmt.Errorf("%w: dead set with a row address beyond 48 bits", ErrProtocol)
	}
	d.bits = bits
	return nil
}
