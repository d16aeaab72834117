package genericxlog

import (
	"encoding/binary"
	"fmt"

	"github.com/quiredb/quire/core/page"
)

// A Body is the decoded body of a record of any kind. Slices alias the record.
type Body struct {
	Rel        Relation // zero when there are no blocks
	Annotation string
	Blocks     []BlockRef
	Payload    []byte // what follows the blocks section, in the format of the record's kind
}

// Tag returns the page that a block reference is about.
func (b *Body) Tag(ref *BlockRef) page.Tag { return ref.tag(b.Rel) }

func (b *BlockRef) tag(rel Relation) page.Tag {
	tag := rel.Tag(b.Block)
	if b.Map {
		tag.Fork = page.VisibilityFork
	}
	return tag
}

// A BlockRef is what a record says about one page.
type BlockRef struct {
	Block           page.BlockNumber
	Map             bool     // of the visibility fork, in a record about a heap's main fork
	PrevLSN         page.LSN // of the page before; 0 when the page was new
	ConflictHorizon page.LSN // readers with snapshots older than this cannot be served after it; 0 = none
	Recycled        bool     // the block held something else before, which old readers may still look for
	CRC             uint32   // of the page content after (page.Page.ContentCRC)
	Change          page.Change
}

// Bits of the section's flags byte. The low four bits are the fork.
const (
	sectionForkMask   = 0x0f
	sectionAnnotation = 0x10
	sectionKnown      = sectionForkMask | sectionAnnotation
)

// Bits of a block's flags byte. The low two bits are the mode.
const (
	blockModeMask = 0x03
	blockNew      = 0x04
	blockBarrier  = 0x08
	blockStamped  = 0x10
	blockHorizon  = 0x20
	blockRecycled = 0x40
	blockMap      = 0x80
)

// Numbers of the modes in a record; 3 is not used.
const (
	wireEdits = 0
	wireDiff  = 1
	wireImage = 2
)

// appendSection appends the front of the blocks section. Varints are unsigned LEB128, as in encoding/binary.
//
//	+-----------+----------+-------+----------------------------+
//	| n blocks  | relation | flags | [length, annotation]       |   n = 0: only the first field
//	| uvarint   | uvarint  | u8    | if flag annotation is set  |
//	+-----------+----------+-------+----------------------------+
func appendSection(dst []byte, rel Relation, annotation string, blocks int) []byte {
	dst = binary.AppendUvarint(dst, uint64(blocks))
	if blocks == 0 {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(rel.Rel))
	flags := byte(rel.Fork) & sectionForkMask
	if annotation != "" {
		flags |= sectionAnnotation
	}
	dst = append(dst, flags)
	if annotation != "" {
		dst = binary.AppendUvarint(dst, uint64(len(annotation)))
		dst = append(dst, annotation...)
	}
	return dst
}

// appendBlock appends one block reference. The block number is the difference from the one before (zigzag varint;
// the first counts from 0). Distances are the record's LSN minus the field, and 0 stands for "none".
//
//	+---------+-------+----------+----------------+-----+---------+---------+
//	| block   | flags | previous | [horizon]      | CRC | length  | payload |
//	| varint  | u8    | uvarint  | uvarint if set | u32 | uvarint |         |
//	+---------+-------+----------+----------------+-----+---------+---------+
func appendBlock(dst []byte, lsn page.LSN, before page.BlockNumber, b *BlockRef) []byte {
	dst = binary.AppendVarint(dst, int64(b.Block)-int64(before))
	dst = append(dst, b.flags())
	dst = binary.AppendUvarint(dst, distance(lsn, b.PrevLSN))
	if b.ConflictHorizon != 0 {
		dst = binary.AppendUvarint(dst, distance(lsn, b.ConflictHorizon))
	}
	dst = binary.LittleEndian.AppendUint32(dst, b.CRC)
	dst = binary.AppendUvarint(dst, uint64(len(b.Change.Payload)))
	return append(dst, b.Change.Payload...)
}

func (b *BlockRef) flags() byte {
	var f byte
	switch b.Change.Mode {
	case page.ModeEdits:
		f = wireEdits
	case page.ModeDiff:
		f = wireDiff
	case page.ModeImage:
		f = wireImage
	}
	for _, bit := range []struct {
		set bool
		bit byte
	}{
		{b.Change.NewPage, blockNew},
		{b.Change.Barrier, blockBarrier},
		{b.Change.Stamped, blockStamped},
		{b.ConflictHorizon != 0, blockHorizon},
		{b.Recycled, blockRecycled},
		{b.Map, blockMap},
	} {
		if bit.set {
			f |= bit.bit
		}
	}
	return f
}

// distance returns how far earlier lies before lsn; 0 stands for "none". Both are checked before the insertion, so an earlier
// LSN that is not earlier is a bug.
func distance(lsn, earlier page.LSN) uint64 {
	if earlier == 0 {
		return 0
	}
	if earlier >= lsn {
		panic(fmt.Sprintf("genericxlog: LSN %v is not before the record at %v", earlier, lsn))
	}
	return uint64(lsn - earlier)
}
