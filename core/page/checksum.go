package page

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// CorruptError says which block does not hold what was written there.
type CorruptError struct {
	Tag    Tag
	Reason string
}

func (e *CorruptError) Error() string { return fmt.Sprintf("corrupt page %v: %s", e.Tag, e.Reason) }

// ContentCRC is the CRC-32C of everything but LSN and checksum. Log records carry it.
func (p Page) ContentCRC() uint32 { return crc32.Update(0, castagnoli, p[ContentStart:Size]) }

// Seal stores the LSN and the checksum. contentCRC is p.ContentCRC(), which the caller has from the log record, so
// the page is read once for both.
func (p Page) Seal(tag Tag, lsn LSN, contentCRC uint32) {
	p.SetLSN(lsn)
	binary.LittleEndian.PutUint32(p[offChecksum:], sealCRC(contentCRC, tag, lsn))
}

// Verify checks the checksum against content, place and LSN. A page of zeros is valid: a block that was handed out
// and never written. Errors are of type *CorruptError.
func (p Page) Verify(tag Tag) error {
	if len(p) != Size {
		return &CorruptError{tag, fmt.Sprintf("%d bytes instead of %d", len(p), Size)}
	}
	if p.IsNew() && isZero(p) {
		return nil
	}
	if want := sealCRC(p.ContentCRC(), tag, p.LSN()); want != p.Checksum() {
		return &CorruptError{tag, fmt.Sprintf("checksum %08x, content at LSN %v needs %08x", p.Checksum(), p.LSN(), want)}
	}
	return nil
}

// sealCRC extends a content CRC over identity and LSN, in the order rel u32, fork u8, block u32, lsn u64. Byte at a
// time: the assembly routine would need the bytes on the heap.
func sealCRC(crc uint32, tag Tag, lsn LSN) uint32 {
	crc = crcBytes(^crc, uint64(tag.Rel), 4)
	crc = crcBytes(crc, uint64(tag.Fork), 1)
	crc = crcBytes(crc, uint64(tag.Block), 4)
	return ^crcBytes(crc, uint64(lsn), 8)
}

func crcBytes(crc uint32, v uint64, n int) uint32 {
	for ; n > 0; n-- {
		crc = castagnoli[byte(crc)^byte(v)] ^ crc>>8
		v >>= 8
	}
	return crc
}
