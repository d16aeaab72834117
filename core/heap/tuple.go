package heap

import (
	"encoding/binary"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
)

// A row version is an item of a heap page:
//
//	0        8        16      20      24     26          28
//	+--------+--------+-------+-------+------+-----------+------ … -+
//	| xmin   | xmax   | cid   | next  | next | infomask  | row data |
//	|        |        |       | block | off  |           |          |
//	+--------+--------+-------+-------+------+-----------+------ … -+
//
// xmin inserted it; xmax, if not 0, deleted or replaced it, or tried to. cid is the command of xmin, from the deletion on that
// of xmax; if both are one transaction it is the number of the pair (infoCombo). next is the successor's TID, with
// offset 0 for none: a version that was deleted, or the newest one.
const (
	offXmin     = 0
	offXmax     = 8
	offCID      = 16
	offNext     = 20
	offInfomask = 26
	headerSize  = 28

	// infoCombo says that cid stands for a pair of commands of xmin.
	infoCombo uint16 = 1
	// infoHotUpdated says that next is on the same page and heap-only.
	infoHotUpdated uint16 = 2
	// infoHeapOnly says that no index leads here: the entries of the chain's root serve this version.
	infoHeapOnly uint16 = 4

	infoKnown = infoCombo | infoHotUpdated | infoHeapOnly
)

// MaxRowSize is the longest row data that fits a page, in bytes. There is no storage for longer ones.
const MaxRowSize = page.MaxItemSize - headerSize

// header is the head of a row version, decoded.
type header struct {
	xmin, xmax xact.XID
	cid        uint32
	next       page.TID
	infomask   uint16
}

func decodeHeader(item []byte) header {
	_ = item[headerSize-1]
	return header{
		xmin:     xact.XID(binary.LittleEndian.Uint64(item[offXmin:])),
		xmax:     xact.XID(binary.LittleEndian.Uint64(item[offXmax:])),
		cid:      binary.LittleEndian.Uint32(item[offCID:]),
		next:     page.DecodeTID(item[offNext:]),
		infomask: binary.LittleEndian.Uint16(item[offInfomask:]),
	}
}

func itemXmin(item []byte) xact.XID { return xact.XID(binary.LittleEndian.Uint64(item[offXmin:])) }

func itemMask(item []byte) uint16 { return binary.LittleEndian.Uint16(item[offInfomask:]) }

func (h *header) append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(h.xmin))
	return h.appendFate(dst)
}

// appendFate appends the part that a deletion changes: everything after xmin.
func (h *header) appendFate(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(h.xmax))
	dst = binary.LittleEndian.AppendUint32(dst, h.cid)
	dst = h.next.AppendBinary(dst)
	return binary.LittleEndian.AppendUint16(dst, h.infomask)
}

// commands returns the commands that inserted and deleted the version, as far as they belong to t.
func (h *header) commands(t *xact.Txn) (cmin, cmax uint32) {
	if h.infomask&infoCombo == 0 {
		return h.cid, h.cid
	}
	cmin, cmax, ok := t.ComboCommands(h.cid)
	if !ok {
		panic("heap: a row version of the running transaction carries a command pair that it never made")
	}
	return cmin, cmax
}

// itemSize returns the space that a row takes on a page, without its line pointer.
func itemSize(row []byte) int { return page.Align(headerSize + len(row)) }

// checkSize refuses rows that no page can hold.
func checkSize(row []byte) error {
	if len(row) <= MaxRowSize {
		return nil
	}
	return pgerr.New(pgerr.ProgramLimitExceeded, "row is too big: size %d, maximum size %d", len(row), MaxRowSize).
		WithHint("A row must fit one page; store large values in several rows.")
}
