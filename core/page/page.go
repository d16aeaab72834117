package page

import (
	"bytes"
	"encoding/binary"
)

const (
	// Size is the length of every page in bytes.
	Size = 8192
	// HeaderSize is the length of the page header; line pointers or an array follow it.
	HeaderSize = 24
	// MaxAlign is the alignment of items and of the special area.
	MaxAlign = 8
	// MaxItemSize is the longest item that fits a page without a special area.
	MaxItemSize = (Size - HeaderSize - lpSize) &^ (MaxAlign - 1)
	// ContentStart is where content begins: bytes before it (LSN, checksum) take part in no edit and no content CRC.
	ContentStart = 12

	sizeVersion = Size | 1
	lpSize      = 4
)

const (
	offLSN      = 0
	offChecksum = 8
	offFlags    = 12
	offLower    = 14
	offUpper    = 16
	offSpecial  = 18
	offVersion  = 20
	offReserved = 22
)

// FlagArray in the flags word says that the bytes from HeaderSize to lower are the owner's own (a packed array, a
// metapage struct) and not line pointers. Item operations refuse such a page, Validate looks for no items on it.
// The other fifteen bits are free for the access method.
const FlagArray uint16 = 1 << 15

// Page is the 8192 bytes of a block. Integers are little endian.
//
//	0            8          12      14      16      18        20            22         24
//	+------------+----------+-------+-------+-------+---------+-------------+----------+
//	| LSN        | checksum | flags | lower | upper | special | sizeVersion | reserved | line pointers ...
//	+------------+----------+-------+-------+-------+---------+-------------+----------+
//	                     ... line pointers up to lower | hole of zeros up to upper | items up to special | special area
//
// Accessors are safe on any 8192 bytes; what they tell about a page that fails Validate means nothing.
type Page []byte

// New returns a page of zeros, which is what a block that was never written holds.
func New() Page { return make(Page, Size) }

func (p Page) u16(off int) int       { return int(binary.LittleEndian.Uint16(p[off:])) }
func (p Page) setU16(off int, v int) { binary.LittleEndian.PutUint16(p[off:], uint16(v)) }

// LSN is the log position of the last change, or the version counter of an unlogged page.
func (p Page) LSN() LSN { return LSN(binary.LittleEndian.Uint64(p[offLSN:])) }

// SetLSN stores the log position. The checksum no longer holds afterwards; see Seal.
func (p Page) SetLSN(l LSN) { binary.LittleEndian.PutUint64(p[offLSN:], uint64(l)) }

// Checksum is the stored checksum; Verify computes and compares it.
func (p Page) Checksum() uint32 { return binary.LittleEndian.Uint32(p[offChecksum:]) }

// Flags is the owner's flag word, FlagArray included.
func (p Page) Flags() uint16 { return uint16(p.u16(offFlags)) }

// SetFlags stores the flag word.
func (p Page) SetFlags(f uint16) { p.setU16(offFlags, int(f)) }

// Lower is where the hole begins.
func (p Page) Lower() int { return p.u16(offLower) }

// Upper is where the hole ends and items begin.
func (p Page) Upper() int { return p.u16(offUpper) }

// Special is where items end and the special area begins.
func (p Page) Special() int { return p.u16(offSpecial) }

// IsNew reports whether the page was never initialised. Lower and upper are zero on no other page.
func (p Page) IsNew() bool { return p.u16(offLower) == 0 && p.u16(offUpper) == 0 }

// IsArray reports whether the page holds an array instead of line pointers.
func (p Page) IsArray() bool { return p.Flags()&FlagArray != 0 }

// SpecialArea is the owner's area at the end of the page, empty if the header is not sane.
func (p Page) SpecialArea() []byte {
	if s := p.Special(); s >= HeaderSize && s <= Size {
		return p[s:Size:Size]
	}
	return nil
}

// FreeSpace is the length in bytes of the largest item that InsertItem can add, or on an array page the bytes that
// the array can grow by.
func (p Page) FreeSpace() int {
	lower, upper, ok := p.hole()
	if !ok {
		return 0
	}
	if p.IsArray() {
		return upper - lower
	}
	return max(0, upper-lower-lpSize) &^ (MaxAlign - 1)
}

// hole returns the bounds of the zero area, ok only if the header is sane. Without a sane header there is no hole.
func (p Page) hole() (lower, upper int, ok bool) {
	lower, upper = p.u16(offLower), p.u16(offUpper)
	s := p.u16(offSpecial)
	if lower < HeaderSize || lower > upper || upper > s || s > Size {
		return Size, Size, false
	}
	return lower, upper, true
}

// Align rounds n up to the alignment of items.
func Align(n int) int { return (n + MaxAlign - 1) &^ (MaxAlign - 1) }

var zeroes [Size]byte

// isZero reports whether b, at most a page long, holds only zero bytes.
func isZero(b []byte) bool { return bytes.Equal(b, zeroes[:len(b)]) }
