package wire

import (
	"encoding/binary"
	"fmt"

	"github.com/quiredb/quire/core/page"
)

// Conflict says that a row was not added to a unique index because an equal row is in the way.
type Conflict struct {
	Row int      // its place in the rows of the call
	TID page.TID // the equal row
	XID uint64   // 0 = that row is live; else whether it is depends on this transaction
}

// A packed conflict, little endian:
//
//	0          4            8             10         18
//	+----------+------------+-------------+----------+
//	| row, u32 | block, u32 | offset, u16 | xid, u64 |
//	+----------+------------+-------------+----------+
const conflictSize = 4 + tidSize + 8

// AppendConflicts packs conflicts one after the other.
func AppendConflicts(dst []byte, conflicts []Conflict) []byte {
	for _, c := range conflicts {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(c.Row))
		dst = c.TID.AppendBinary(dst)
		dst = binary.LittleEndian.AppendUint64(dst, c.XID)
	}
	return dst
}

// DecodeConflicts unpacks the conflicts of a call of so many rows. They come in the order of the rows, one at most for each.
func DecodeConflicts(packed []byte, rows int) ([]Conflict, error) {
	if len(packed)%conflictSize != 0 {
		return nil, fmt.Errorf("%w: %d bytes are no whole number of conflicts", ErrProtocol, len(packed))
	}
	if len(packed) == 0 {
		return nil, nil
	}
	out := make([]Conflict, 0, len(packed)/conflictSize)
	for next := uint32(0); len(packed) > 0; packed = packed[conflictSize:] {
		row := binary.LittleEndian.Uint32(packed)
		if row < next || int64(row) >= int64(rows) {
			return nil, fmt.Errorf("%w: conflict of row %d, where one of [%d,%d) may follow", ErrProtocol, row, next, rows)
		}
		next = row + 1
		out = append(out, Conflict{
			Row: int(row), TID: page.DecodeTID(packed[4:]), XID: binary.LittleEndian.Uint64(packed[4+tidSize:]),
		})
	}
	return out, nil
}
