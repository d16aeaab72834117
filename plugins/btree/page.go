package btree

import (
	"encoding/binary"
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

const (
	// The page header's flag word names the kind of page.
	idTree uint16 = 0x0B7E
	idMeta uint16 = 0x0B7D

	// The special space of a tree page. Integers are little endian.
	//
	//	0       4      8            10          12     14      15      16           24
	//	+-------+------+------------+-----------+------+-------+-------+------------+
	//	| right | left | right life | left life | life | flags | level | deleted at |
	//	+-------+------+------------+-----------+------+-------+-------+------------+
	//
	// Block 0 stands for no sibling. "Deleted at" is the LSN of the record that took the page out of the tree.
	specialBytes = 24
	offRight     = 0
	offLeft      = 4
	offRightLife = 8
	offLeftLife  = 10
	offLife      = 12
	offFlags     = 14
	offLevel     = 15
	offDeletedAt = 16

	flagRoot    = 1 << 0
	flagDeleted = 1 << 1
	flagTouched = 1 << 2 // changes when a row was added elsewhere that this page has to move on for (T9)

	metaBlock = page.BlockNumber(0)
	maxLevel  = 31

	// boundAt is the line pointer of the page's bound, firstData that of the first entry or downlink.
	boundAt   = page.OffsetNumber(1)
	firstData = page.OffsetNumber(2)

	linePointer = 4
	pageRoom    = page.Size - page.HeaderSize - specialBytes

	// maxItem lets three items, the bound being one, fit any page: (8144/3 - 4) rounded down to the alignment.
	maxItem = (pageRoom/3 - linePointer) &^ (page.MaxAlign - 1)
	// maxKey is the longest key without its row address. A downlink and the bound have to hold a separator as long as key and address.
	maxKey = maxItem - downlinkBytes - page.TIDSize
	// maxPosting bounds an entry with several row addresses, so that splits find a middle.
	maxPosting = maxItem / 2
)

// A link names a page by its block and by which life of the block is meant: a block that is used again has the next
// life, so that whoever follows an old link notices (T7).
type link struct {
	blk  page.BlockNumber
	life uint16
}

func (l link) none() bool { return l.blk == 0 }

// special is the special space of a tree page, decoded.
type special struct {
	right, left link
	life        uint16
	flags       uint8
	level       uint8
}

func decodeSpecial(s []byte) special {
	u16, u32 := binary.LittleEndian.Uint16, binary.LittleEndian.Uint32
	return special{
		right: link{page.BlockNumber(u32(s[offRight:])), u16(s[offRightLife:])},
		left:  link{page.BlockNumber(u32(s[offLeft:])), u16(s[offLeftLife:])},
		life:  u16(s[offLife:]), flags: s[offFlags], level: s[offLevel],
	}
}

// encode appends all but the LSN, which is the record's own.
func (s special) encode(dst []byte) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint32(le.AppendUint32(dst, uint32(s.right.blk)), uint32(s.left.blk))
	dst = le.AppendUint16(le.AppendUint16(le.AppendUint16(dst, s.right.life), s.left.life), s.life)
	return append(dst, s.flags, s.level)
}

// A node is a tree page that was found to be well formed: every item of it can be decoded.
type node struct {
	special
	blk  page.BlockNumber
	page page.Page
}

func corrupt(blk page.BlockNumber, format string, args ...any) error {
	e := sdk.Errorf(sdk.ErrCorruptIndex, "block %d: %s", blk, fmt.Sprintf(format, args...))
	e.Block, e.HasBlock = blk, true
	return e
}

// checkTreePage fails unless p has the frame of a tree page.
func checkTreePage(blk page.BlockNumber, p page.Page) error {
	switch {
	case len(p) != page.Size:
		return corrupt(blk, "%d bytes are no page", len(p))
	case p.IsNew():
		return corrupt(blk, "never written, yet something leads to it")
	case p.Flags() != idTree:
		return corrupt(blk, "no page of a B-tree: its flags are %#x", p.Flags())
	case p.Special() != page.Size-specialBytes || p.Lower() < page.HeaderSize || p.Lower() > p.Upper() || p.Upper() > p.Special():
		return corrupt(blk, "bounds %d, %d, %d", p.Lower(), p.Upper(), p.Special())
	}
	return nil
}

// openNode decodes a tree page, wholly, so that whatever reads it afterwards needs no checks.
func openNode(blk page.BlockNumber, p page.Page) (node, error) {
	if err := checkTreePage(blk, p); err != nil {
		return node{}, err
	}
	n := node{special: decodeSpecial(p[page.Size-specialBytes:]), blk: blk, page: p}
	if n.level > maxLevel {
		return n, corrupt(blk, "level %d", n.level)
	}
	if n.deleted() {
		return n, nil
	}
	items := p.NumItems()
	if items < int(boundAt) {
		return n, corrupt(blk, "no bound")
	}
	for i := 1; i <= items; i++ {
		at := page.OffsetNumber(i)
		item, ok := p.Item(at)
		switch {
		case !ok || len(item) == 0 || len(item) > maxItem:
			return n, corrupt(blk, "item %d is none", at)
		case at == boundAt:
			if item[0] > boundIsKey || item[0] == boundIsKey && len(item) == 1 || item[0] == boundIsInfinite && len(item) > 1 {
				return n, corrupt(blk, "bound % x", item)
			}
			if (item[0] == boundIsInfinite) != n.right.none() {
				return n, corrupt(blk, "bound of kind %d on a page whose right sibling is block %d", item[0], n.right.blk)
			}
		case n.level == 0:
			if !validEntry(item) {
				return n, corrupt(blk, "item %d is no entry", at)
			}
		case len(item) < downlinkBytes || (len(item) == downlinkBytes) != (at == firstData):
			return n, corrupt(blk, "item %d is no downlink", at)
		}
	}
	if n.level > 0 && n.count() == 0 {
		return n, corrupt(blk, "an inner page without a downlink")
	}
	return n, nil
}

// viewNode is openNode for a page that was found well formed before.
func viewNode(blk page.BlockNumber, p page.Page) node {
	return node{special: decodeSpecial(p[page.Size-specialBytes:]), blk: blk, page: p}
}

func (n *node) deleted() bool { return n.flags&flagDeleted != 0 }
func (n *node) root() bool    { return n.flags&flagRoot != 0 }
func (n *node) leaf() bool    { return n.level == 0 }
func (n *node) link() link    { return link{n.blk, n.life} }

// count is the number of entries or downlinks; they are at firstData to last().
func (n *node) count() int { return max(0, n.page.NumItems()-int(boundAt)) }

func (n *node) last() page.OffsetNumber { return page.OffsetNumber(n.page.NumItems()) }

func (n *node) item(at page.OffsetNumber) []byte {
	item, _ := n.page.Item(at)
	return item
}

// The kinds of bound: the first byte of item 1. A separator follows boundIsKey.
const (
	boundIsInfinite byte = 0
	boundIsKey      byte = 1
)

// bound is the separator below which all keys of the page are; ok is false on the right-most page of a level.
func (n *node) bound() (sep []byte, ok bool) {
	item := n.item(boundAt)
	if len(item) == 0 || item[0] == boundIsInfinite {
		return nil, false
	}
	return item[1:], true
}

func encodeBound(sep []byte, infinite bool) []byte {
	if infinite {
		return []byte{boundIsInfinite}
	}
	return append([]byte{boundIsKey}, sep...)
}

// fits reports whether an item of n bytes can be added to the page.
func fits(p page.Page, n int) bool { return page.Align(n)+linePointer <= p.Upper()-p.Lower() }
