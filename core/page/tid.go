package page

import (
	"cmp"
	"encoding/binary"
	"fmt"
)

// TIDSize is the length of a TID in its binary form.
const TIDSize = 6

// TID is the address of a row: a block of the table's main fork and a line pointer in it.
type TID struct {
	Block  BlockNumber
	Offset OffsetNumber
}

// String prints "(0,1)".
func (t TID) String() string { return fmt.Sprintf("(%d,%d)", uint32(t.Block), uint16(t.Offset)) }

// IsValid reports whether t can address a row.
func (t TID) IsValid() bool { return t.Block != InvalidBlock && t.Offset != 0 }

// Compare orders by block, then offset: the order of rows in the table's file.
func (t TID) Compare(u TID) int {
	if c := cmp.Compare(t.Block, u.Block); c != 0 {
		return c
	}
	return cmp.Compare(t.Offset, u.Offset)
}

// AppendBinary appends the six bytes of t. Integers are little endian.
//
//	0              4        6
//	+--------------+--------+
//	| block        | offset |
//	+--------------+--------+
func (t TID) AppendBinary(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(t.Block))
	return binary.LittleEndian.AppendUint16(dst, uint16(t.Offset))
}

// DecodeTID reads the first six bytes of b. It panics if there are fewer, as a slice expression would.
func DecodeTID(b []byte) TID {
	_ = b[TIDSize-1]
	return TID{
		Block:  BlockNumber(binary.LittleEndian.Uint32(b)),
		Offset: OffsetNumber(binary.LittleEndian.Uint16(b[4:])),
	}
}
