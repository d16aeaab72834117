package page

import "encoding/binary"

// ItemFlags is the state of a line pointer.
type ItemFlags uint8

const (
	// ItemUnused has no storage and may be taken by PutItem.
	ItemUnused ItemFlags = 0
	// ItemNormal points at an item.
	ItemNormal ItemFlags = 1
	// ItemRedirect names another line pointer of the page in place of an offset.
	ItemRedirect ItemFlags = 2
	// ItemDead marks an item that nobody needs; it may still have storage.
	ItemDead ItemFlags = 3
)

// ItemID is a line pointer. Bits from the lowest:
//
//	0            15      17            32
//	+------------+-------+-------------+
//	| offset     | flags | length      |
//	+------------+-------+-------------+
type ItemID uint32

// Offset is where the item begins in the page; for a redirect the OffsetNumber that takes its place.
func (id ItemID) Offset() int { return int(id & 0x7fff) }

// Flags is the state.
func (id ItemID) Flags() ItemFlags { return ItemFlags(id >> 15 & 3) }

// Length is the length of the item in bytes, without padding.
func (id ItemID) Length() int { return int(id >> 17) }

// hasStorage reports whether bytes of the page belong to the line pointer.
func (id ItemID) hasStorage() bool { return id.Flags()&1 != 0 && id.Length() > 0 }

func makeItemID(off int, flags ItemFlags, length int) ItemID {
	return ItemID(off&0x7fff) | ItemID(flags)<<15 | ItemID(length)<<17
}

// NumItems is the number of line pointers, used or not. An array page has none.
func (p Page) NumItems() int {
	lower := p.Lower()
	if lower < HeaderSize || lower > Size || p.IsArray() {
		return 0
	}
	return (lower - HeaderSize) / lpSize
}

// ItemID is the line pointer at off, zero (unused) if there is none.
func (p Page) ItemID(off OffsetNumber) ItemID {
	if off < 1 || int(off) > p.NumItems() {
		return 0
	}
	return p.itemID(int(off))
}

// Item is the normal item at off. The bytes alias the page. It reports false for a line pointer that is unused,
// dead, a redirect, absent, or points outside of the page.
func (p Page) Item(off OffsetNumber) ([]byte, bool) {
	id := p.ItemID(off)
	lo, hi := id.Offset(), id.Offset()+id.Length()
	if id.Flags() != ItemNormal || lo < HeaderSize || hi > Size {
		return nil, false
	}
	return p[lo:hi:hi], true
}

// itemID reads line pointer i (from 1) without looking at lower.
func (p Page) itemID(i int) ItemID {
	return ItemID(binary.LittleEndian.Uint32(p[HeaderSize+(i-1)*lpSize:]))
}

func (p Page) setItemID(i int, id ItemID) {
	binary.LittleEndian.PutUint32(p[HeaderSize+(i-1)*lpSize:], uint32(id))
}
