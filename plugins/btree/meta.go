package btree

import (
	"encoding/binary"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

// The metapage's contents, from the page header on. Integers are little endian.
//
//	0       4         6         8      12          14      15
//	+-------+---------+---------+------+-----------+-------+
//	| magic | version | columns | root | root life | level |
//	+-------+---------+---------+------+-----------+-------+
const (
	metaMagic   = 0x71B7EE01
	metaVersion = 1
	metaBytes   = 15
	metaStart   = page.HeaderSize
	offMetaRoot = metaStart + 8
)

// meta is the metapage decoded.
type meta struct {
	root  link
	level uint8
}

func (m meta) encodeRoot() []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(m.root.blk))
	return append(binary.LittleEndian.AppendUint16(b, m.root.life), m.level)
}

// initMeta makes the metapage of a new index.
func initMeta(ed *page.Editor, m meta, columns int) error {
	if err := ed.Init(0, page.FlagArray|idMeta); err != nil {
		return err
	}
	b := binary.LittleEndian.AppendUint32(nil, metaMagic)
	b = binary.LittleEndian.AppendUint16(b, metaVersion)
	b = binary.LittleEndian.AppendUint16(b, uint16(columns))
	return ed.ArrayInsert(metaStart, metaBytes, 0, 0, append(b, m.encodeRoot()...))
}

// setRoot writes a new root into the metapage.
func setRoot(ed *page.Editor, m meta) error { return ed.Write(offMetaRoot, m.encodeRoot()) }

// decodeMeta reads a metapage and holds it against the index's columns.
func decodeMeta(p page.Page, columns int) (meta, error) {
	le := binary.LittleEndian
	switch {
	case len(p) != page.Size || p.Flags() != page.FlagArray|idMeta || p.Lower() != metaStart+metaBytes:
		return meta{}, corrupt(metaBlock, "no metapage of a B-tree")
	case le.Uint32(p[metaStart:]) != metaMagic:
		return meta{}, corrupt(metaBlock, "magic %#x", le.Uint32(p[metaStart:]))
	case le.Uint16(p[metaStart+4:]) != metaVersion:
		return meta{}, sdk.Errorf(sdk.ErrUnsupported, "the index has version %d of the B-tree format, this program knows %d",
			le.Uint16(p[metaStart+4:]), metaVersion)
	case int(le.Uint16(p[metaStart+6:])) != columns:
		return meta{}, corrupt(metaBlock, "made for %d columns, the index has %d", le.Uint16(p[metaStart+6:]), columns)
	}
	m := meta{
		root:  link{page.BlockNumber(le.Uint32(p[offMetaRoot:])), le.Uint16(p[offMetaRoot+4:])},
		level: p[offMetaRoot+6],
	}
	if m.root.none() || m.level > maxLevel {
		return meta{}, corrupt(metaBlock, "root at block %d, level %d", m.root.blk, m.level)
	}
	return m, nil
}
