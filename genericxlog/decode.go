package genericxlog

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/quiredb/quire/core/page"
)

// DecodeBody decodes the body of the record at lsn. The bytes need not be trusted: whatever they are, the result is a
// well-formed Body or an error that wraps ErrMalformed. The edits inside the blocks are checked when they are applied.
func DecodeBody(body []byte, lsn page.LSN) (Body, error) {
	d := decoder{rest: body, lsn: lsn}
	b := d.body()
	if d.err != nil {
		return Body{}, fmt.Errorf("%w at %v: %w", ErrMalformed, lsn, d.err)
	}
	return b, nil
}

// A decoder reads a body from front to back. After the first error it returns zero values.
type decoder struct {
	rest []byte
	lsn  page.LSN
	err  error
}

func (d *decoder) body() Body {
	var b Body
	n := d.uvarint("number of blocks", MaxBlocks)
	if n > 0 {
		d.section(&b)
		b.Blocks = make([]BlockRef, 0, n)
	}
	for range n {
		ref := d.block(b.Rel, b.Blocks)
		if d.err != nil {
			return Body{}
		}
		b.Blocks = append(b.Blocks, ref)
	}
	b.Payload = d.rest
	return b
}

func (d *decoder) section(b *Body) {
	b.Rel.Rel = page.RelFileNumber(d.uvarint("relation", math.MaxUint32))
	flags := d.byte("section flags")
	if flags&^byte(sectionKnown) != 0 {
		d.fail("unknown section flags %#x", flags)
	}
	b.Rel.Fork = page.ForkNumber(flags & sectionForkMask)
	if b.Rel.Fork >= page.NumForks {
		d.fail("unknown fork %d", b.Rel.Fork)
	}
	if flags&sectionAnnotation != 0 {
		b.Annotation = string(d.bytes("annotation", d.uvarint("annotation length", MaxAnnotation)))
	}
}

func (d *decoder) block(rel Relation, earlier []BlockRef) BlockRef {
	var b BlockRef
	var before page.BlockNumber
	if len(earlier) > 0 {
		before = earlier[len(earlier)-1].Block
	}
	b.Block = d.blockNumber(before)
	flags := d.byte("block flags")
	b.Map = flags&blockMap != 0
	if b.Map && rel.Fork != page.MainFork {
		d.fail("block %d of the visibility map in a record about another fork", b.Block)
	}
	for i := range earlier {
		if earlier[i].Block == b.Block && earlier[i].Map == b.Map {
			d.fail("block %d appears twice", b.Block)
		}
	}
	b.PrevLSN = d.earlier("previous LSN")
	if flags&blockHorizon != 0 {
		if b.ConflictHorizon = d.earlier("conflict horizon"); b.ConflictHorizon == 0 {
			d.fail("empty conflict horizon")
		}
	}
	b.CRC = d.uint32("content CRC")
	payload := d.bytes("block data", d.uvarint("block data length", uint64(len(d.rest))))
	b.Recycled = flags&blockRecycled != 0
	b.Change = page.Change{
		Mode:    d.mode(flags),
		NewPage: flags&blockNew != 0,
		Barrier: flags&blockBarrier != 0,
		Stamped: flags&blockStamped != 0,
		Payload: payload,
	}
	return b
}

func (d *decoder) mode(flags byte) page.Mode {
	switch flags & blockModeMask {
	case wireEdits:
		return page.ModeEdits
	case wireDiff:
		return page.ModeDiff
	case wireImage:
		return page.ModeImage
	}
	d.fail("unknown block mode %d", flags&blockModeMask)
	return page.ModeEdits
}

func (d *decoder) blockNumber(before page.BlockNumber) page.BlockNumber {
	diff, n := binary.Varint(d.rest)
	if n <= 0 {
		d.fail("block number cut short")
		return 0
	}
	d.rest = d.rest[n:]
	if diff > math.MaxUint32 || diff < -math.MaxUint32 {
		d.fail("block number out of range")
		return 0
	}
	v := int64(before) + diff
	if v < 0 || v >= int64(page.InvalidBlock) {
		d.fail("block number %d out of range", v)
		return 0
	}
	return page.BlockNumber(v)
}

// earlier decodes a distance into an LSN before the record's.
func (d *decoder) earlier(what string) page.LSN {
	dist := d.uvarint(what, uint64(d.lsn))
	if dist == 0 {
		return 0
	}
	if dist == uint64(d.lsn) {
		d.fail("%s is zero", what)
	}
	return d.lsn - page.LSN(dist)
}

func (d *decoder) uvarint(what string, limit uint64) uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.fail("%s cut short", what)
		return 0
	}
	if v > limit {
		d.fail("%s is %d, limit %d", what, v, limit)
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) byte(what string) byte {
	b := d.bytes(what, 1)
	if b == nil {
		return 0
	}
	return b[0]
}

func (d *decoder) uint32(what string) uint32 {
	b := d.bytes(what, 4)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint32(b)
}

func (d *decoder) bytes(what string, n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.fail("%s cut short", what)
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

// fail keeps the first error and stops the decoding.
func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
	d.rest = nil
}
