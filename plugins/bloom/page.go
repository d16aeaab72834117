package bloom

import (
	"encoding/binary"
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

const (
	tidBytes = 6

	// The special space of every page of the index:
	//
	//	0       2          4          6         8
	//	+-------+----------+----------+---------+
	//	| flags | reserved | reserved | page id |
	//	+-------+----------+----------+---------+
	specialBytes = 8
	pageID       = 0xFF83

	flagMeta    = 1 << 0
	flagDeleted = 1 << 1

	dataStart = page.HeaderSize
	dataBytes = page.Size - page.HeaderSize - specialBytes

	metaMagic   = 0xDBAC0DED
	metaVersion = 1
	metaBlock   = page.BlockNumber(0)

	// The metapage's contents, from the page header on:
	//
	//	0       4         6       8         12                   76
	//	+-------+---------+-------+---------+--------------------+----------------------+
	//	| magic | version | words | columns | bits, 32 x 2 bytes | blocks, 4 bytes each |
	//	+-------+---------+-------+---------+--------------------+----------------------+
	//
	// Integers are little endian; columns has four bytes. The list of blocks reaches up to lower.
	metaList    = dataStart + 12 + 2*maxColumns
	metaListMax = (page.Size - specialBytes - metaList) / 4
)

// flags of a page's special space.
func pageFlags(p page.Page) uint16 { return binary.LittleEndian.Uint16(p.SpecialArea()) }

// checkPage fails unless p is a page of a bloom index of the given kind.
func checkPage(blk page.BlockNumber, p page.Page, meta bool) error {
	s := p.SpecialArea()
	if len(s) != specialBytes || binary.LittleEndian.Uint16(s[6:]) != pageID {
		return fmt.Errorf("%w: block %d is no page of a bloom index", sdk.ErrCorruptIndex, blk)
	}
	if is := pageFlags(p)&flagMeta != 0; is != meta {
		return fmt.Errorf("%w: block %d: metapage %t, expected %t", sdk.ErrCorruptIndex, blk, is, meta)
	}
	return nil
}

// initPage turns an editor of a new page into an empty page.
func initPage(ed *page.Editor, flags uint16) error {
	if err := ed.Init(specialBytes, page.FlagArray); err != nil {
		return err
	}
	s := make([]byte, specialBytes)
	binary.LittleEndian.PutUint16(s, flags)
	binary.LittleEndian.PutUint16(s[6:], pageID)
	return ed.SetSpecial(0, s)
}

func setFlags(ed *page.Editor, flags uint16) error {
	return ed.SetSpecial(0, binary.LittleEndian.AppendUint16(nil, flags))
}

// entries is how many entries a data page holds.
func (p params) entries(pg page.Page) int { return (pg.Lower() - dataStart) / p.width() }

// room is how many more it can take.
func (p params) room(pg page.Page) int { return p.perPage() - p.entries(pg) }

// meta is the metapage decoded.
type meta struct {
	params
	list []page.BlockNumber // pages that may have room; the last is being filled
}

// encodeMeta makes the contents of a metapage.
func (m meta) encode() []byte {
	b := make([]byte, metaList-dataStart, metaList-dataStart+4*len(m.list))
	binary.LittleEndian.PutUint32(b, metaMagic)
	binary.LittleEndian.PutUint16(b[4:], metaVersion)
	binary.LittleEndian.PutUint16(b[6:], uint16(m.words))
	binary.LittleEndian.PutUint32(b[8:], uint32(len(m.bits)))
	for i, n := range m.bits {
		binary.LittleEndian.PutUint16(b[12+2*i:], uint16(n))
	}
	for _, blk := range m.list {
		b = binary.LittleEndian.AppendUint32(b, uint32(blk))
	}
	return b
}

// decodeMeta reads a metapage and holds it against the index's columns.
func decodeMeta(p page.Page, columns int) (meta, error) {
	var m meta
	if err := checkPage(metaBlock, p, true); err != nil {
		return m, err
	}
	lower := p.Lower()
	if lower < metaList || lower > page.Size-specialBytes || (lower-metaList)%4 != 0 || binary.LittleEndian.Uint32(p[dataStart:]) != metaMagic {
		return m, fmt.Errorf("%w: malformed metapage", sdk.ErrCorruptIndex)
	}
	b := p[dataStart:lower]
	if v := binary.LittleEndian.Uint16(b[4:]); v != metaVersion {
		return m, fmt.Errorf("%w: index format %d, this plugin knows %d; use a newer plugin or rebuild the index", sdk.ErrUnsupported, v, metaVersion)
	}
	m.words = int(binary.LittleEndian.Uint16(b[6:]))
	n := binary.LittleEndian.Uint32(b[8:])
	if m.words < 1 || m.words > maxLength/wordBits || n > maxColumns || int(n) != columns {
		return m, fmt.Errorf("%w: metapage of %d words and %d columns for an index of %d", sdk.ErrCorruptIndex, m.words, n, columns)
	}
	m.bits = make([]int, n)
	for i := range m.bits {
		m.bits[i] = int(binary.LittleEndian.Uint16(b[12+2*i:]))
	}
	for at := metaList - dataStart; at < len(b); at += 4 {
		m.list = append(m.list, page.BlockNumber(binary.LittleEndian.Uint32(b[at:])))
	}
	return m, nil
}

// writeMeta fills the editor of a new page with a whole metapage.
func writeMeta(ed *page.Editor, m meta) error {
	if err := initPage(ed, flagMeta); err != nil {
		return err
	}
	b := m.encode()
	return ed.ArrayInsert(dataStart, 1, 0, 0, b)
}

// setList makes the metapage's list equal to want, by the edits that differ.
func setList(ed *page.Editor, have, want []page.BlockNumber) error {
	same := 0
	for same < len(have) && same < len(want) && have[same] == want[same] {
		same++
	}
	if same < len(have) {
		drop := make([]int, 0, len(have)-same)
		for i := same; i < len(have); i++ {
			drop = append(drop, i)
		}
		if err := ed.ArrayDelete(metaList, 4, len(have), drop); err != nil {
			return err
		}
	}
	if same == len(want) {
		return nil
	}
	var b []byte
	for _, blk := range want[same:] {
		b = binary.LittleEndian.AppendUint32(b, uint32(blk))
	}
	return ed.ArrayInsert(metaList, 4, same, same, b)
}

// emptied reports whether a page may be filled from its start: never written, or emptied by vacuum (M4).
func emptied(p page.Page) bool { return p.IsNew() || pageFlags(p)&flagDeleted != 0 }
