package bloom

import (
	"encoding/binary"
	"hash/fnv"

	"github.com/quiredb/quire/plugins/sdk"
)

// hashValue gives 64 bits for a value in PostgreSQL's binary format. It is part of the index's format and must never
// change: FNV-1a (Fowler, Noll, Vo) over the bytes, then the finaliser of splitmix64 (Steele, Lea, Flood 2014), because
// FNV alone leaves the upper bits of short values weak. Values of fixed length skip FNV.
func hashValue(v sdk.Value) uint64 {
	switch len(v) {
	case 2:
		return mix(uint64(binary.BigEndian.Uint16(v)))
	case 4:
		return mix(uint64(binary.BigEndian.Uint32(v)))
	case 8:
		return mix(binary.BigEndian.Uint64(v))
	}
	h := fnv.New64a()
	_, _ = h.Write(v)
	return mix(h.Sum64())
}

func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// addValue sets the bits of one column's value in sig. A NULL sets nothing. The positions come from a splitmix64
// sequence seeded by value and column; a position already taken by this value is drawn again, up to a bound that only
// matters when nearly all bits of the signature are wanted.
func (p params) addValue(sig []byte, column int, v sdk.Value) {
	if v.IsNull() {
		return
	}
	n := uint64(p.words * wordBits)
	state := hashValue(v) ^ mix(uint64(column)+1)
	want := min(p.bits[column], int(n))
	var taken [maxLength / 64]uint64
	for set, draws := 0, 0; set < want && draws < 16*want; draws++ {
		state += 0x9e3779b97f4a7c15
		pos := mix(state) % n
		if taken[pos/64]&(1<<(pos%64)) != 0 {
			continue
		}
		taken[pos/64] |= 1 << (pos % 64)
		sig[pos/8] |= 1 << (pos % 8)
		set++
	}
}

// appendEntry encodes a row.
//
//	0     6
//	+-----+--------------------------------+
//	| TID | signature, words 16-bit words  |
//	+-----+--------------------------------+
func (p params) appendEntry(dst []byte, row sdk.Row) []byte {
	dst = row.TID.AppendBinary(dst)
	at := len(dst)
	dst = append(dst, make([]byte, 2*p.words)...)
	for i, v := range row.Values {
		p.addValue(dst[at:], i, v)
	}
	return dst
}

// A query is the bits that every matching entry has, as machine words to compare.
type query struct {
	chunks []chunk
}

type chunk struct {
	off  int // in the entry
	mask uint64
	n    int // bytes of the chunk: 8 or 2
}

// queryOf makes a query of equality conditions; ok is false if a NULL among them makes it match nothing.
func (p params) queryOf(keys []sdk.ScanKey) (q query, ok bool) {
	sig := make([]byte, 2*p.words)
	for _, k := range keys {
		if k.Arg.IsNull() {
			return q, false
		}
		p.addValue(sig, k.Column, k.Arg)
	}
	at := 0
	for ; at+8 <= len(sig); at += 8 {
		if m := binary.LittleEndian.Uint64(sig[at:]); m != 0 {
			q.chunks = append(q.chunks, chunk{off: tidBytes + at, mask: m, n: 8})
		}
	}
	for ; at < len(sig); at += 2 {
		if m := binary.LittleEndian.Uint16(sig[at:]); m != 0 {
			q.chunks = append(q.chunks, chunk{off: tidBytes + at, mask: uint64(m), n: 2})
		}
	}
	return q, true
}

// matches reports whether an entry has all bits of the query.
func (q *query) matches(entry []byte) bool {
	for i := range q.chunks {
		c := &q.chunks[i]
		var have uint64
		if c.n == 8 {
			have = binary.LittleEndian.Uint64(entry[c.off:])
		} else {
			have = uint64(binary.LittleEndian.Uint16(entry[c.off:]))
		}
		if have&c.mask != c.mask {
			return false
		}
	}
	return true
}
