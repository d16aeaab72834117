package btree

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/quiredb/quire/core/page"
)

// A leaf's item is one key with the addresses of the rows that have it. The length is a uvarint; addresses are big endian,
// so that bytes compare as they do, ascending and all different.
//
//	+-------------+-----+---------+---------+-- - --+------------------+
//	| key length  | key | address | address |       | zeros or nothing |
//	+-------------+-----+---------+---------+-- - --+------------------+
//
// Zeros, a multiple of six, stand where vacuum took addresses away and await others.
//
// An item of an inner page leads to a page whose keys are not below the separator. The first one on a page has an empty
// separator, which is below everything. Integers are little endian.
//
//	0       4      6
//	+-------+------+-----------+
//	| block | life | separator |
//	+-------+------+-----------+
const downlinkBytes = 6

// appendTID appends an address such that bytes compare as addresses do.
func appendTID(dst []byte, t page.TID) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(t.Block))
	return binary.BigEndian.AppendUint16(dst, uint16(t.Offset))
}

func decodeTID(b []byte) page.TID {
	return page.TID{
		Block:  page.BlockNumber(binary.BigEndian.Uint32(b)),
		Offset: page.OffsetNumber(binary.BigEndian.Uint16(b[4:])),
	}
}

// An entry is a leaf's item taken apart. It aliases the item.
type entry struct {
	key   []byte
	tids  []byte // the addresses that are there
	slack int    // addresses that could be added without making the item longer
	head  int    // where tids begin within the item
}

// splitKey cuts an item in two; ok is false if it cannot be one.
func splitKey(item []byte) (key, tids []byte, ok bool) {
	n := uint64(item[0])
	w := 1
	if n >= 0x80 {
		n, w = binary.Uvarint(item)
	}
	if w <= 0 || n > uint64(len(item)-w) {
		return nil, nil, false
	}
	return item[w : w+int(n)], item[w+int(n):], true
}

// validEntry reports whether an item can be decoded.
func validEntry(item []byte) bool {
	key, tids, ok := splitKey(item)
	return ok && len(key) > 0 && len(tids) >= page.TIDSize && len(tids)%page.TIDSize == 0 && decodeTID(tids).Offset != 0
}

func decodeEntry(item []byte) entry {
	key, tids, _ := splitKey(item)
	e := entry{key: key, head: len(item) - len(tids)}
	total := len(tids) / page.TIDSize
	for len(tids) > page.TIDSize && decodeTID(tids[len(tids)-page.TIDSize:]).Offset == 0 {
		tids = tids[:len(tids)-page.TIDSize]
	}
	e.tids = tids
	e.slack = total - e.count()
	return e
}

func (e *entry) count() int         { return len(e.tids) / page.TIDSize }
func (e *entry) tid(i int) []byte   { return e.tids[i*page.TIDSize : (i+1)*page.TIDSize] }
func (e *entry) at(i int) page.TID  { return decodeTID(e.tid(i)) }
func (e *entry) last() []byte       { return e.tid(e.count() - 1) }
func (e *entry) full(i int) fullKey { return fullKey{e.key, e.tid(i)} }

// encodeEntry makes a leaf's item.
func encodeEntry(dst, key, tids []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(key)))
	return append(append(dst, key...), tids...)
}

// entrySize is the length of an item with one address.
func entrySize(key []byte) int {
	n := 1
	if len(key) >= 0x80 {
		n = 2
	}
	return n + len(key) + page.TIDSize
}

// A fullKey is what orders the leaves: the key, and the address of the row as its last column (T2).
type fullKey struct {
	key, tid []byte
}

func (f fullKey) bytes() []byte { return slices.Concat(f.key, f.tid) }

// compare orders two full keys. No key is a prefix of a different one, so addresses decide between equal keys only.
func (f fullKey) compare(g fullKey) int {
	if c := bytes.Compare(f.key, g.key); c != 0 {
		return c
	}
	return bytes.Compare(f.tid, g.tid)
}

// compareSep orders a full key and a separator, which may end anywhere within a full key.
func (f fullKey) compareSep(sep []byte) int {
	n := min(len(f.key), len(sep))
	if c := bytes.Compare(f.key[:n], sep[:n]); c != 0 {
		return c
	}
	if len(sep) <= len(f.key) { // sep is a prefix of the key
		if len(sep) == len(f.key) && len(f.tid) == 0 {
			return 0
		}
		return 1
	}
	return bytes.Compare(f.tid, sep[n:])
}

// separator is the shortest string of bytes above left and not above right (T3).
func separator(left, right fullKey) []byte {
	l, r := left.bytes(), right.bytes()
	i := 0
	for i < len(l) && i < len(r) && l[i] == r[i] {
		i++
	}
	return r[:min(i+1, len(r))]
}

// downlink takes an item of an inner page apart.
func downlink(item []byte) (link, []byte) {
	return link{
		blk:  page.BlockNumber(binary.LittleEndian.Uint32(item)),
		life: binary.LittleEndian.Uint16(item[4:]),
	}, item[downlinkBytes:]
}

func encodeDownlink(to link, sep []byte) []byte {
	dst := binary.LittleEndian.AppendUint32(make([]byte, 0, downlinkBytes+len(sep)), uint32(to.blk))
	return append(binary.LittleEndian.AppendUint16(dst, to.life), sep...)
}
