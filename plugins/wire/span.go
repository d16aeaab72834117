package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sort"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// A Span is everything that an index has between two keys, as one page tells it. Keys are in the encoding of core/ordkey: all columns one
// after the other. It says of every key not below Low and below High which rows have it, and so of those that it does not list that none
// has. It holds as long as the page has the version: whoever adds such a key to the index, or takes one out, changes that page.
//
// A Span is not changed once it is made; several goroutines may read it.
type Span struct {
	Block   page.BlockNumber
	Version page.LSN
	Low     []byte // empty: from the first key on
	High    []byte
	Endless bool // up to the last key; there is no High

	count  int
	packed []byte
}

// The packed form of a span, which is also the one in memory. Integers are little endian.
//
//	0            4n          4n+k              4n+k+6t
//	+------------+-----------+-----------------+
//	| n ends, u32| the keys, | row addresses,  |
//	|            | ascending | those of a key  |
//	|            |           | ascending       |
//	+------------+-----------+-----------------+
//
//	an end:
//	0                   2                   4
//	+-------------------+-------------------+
//	| bytes of the keys | addresses, both   |
//	|                   | up to this key's  |
//	+-------------------+-------------------+
const spanEnd = 4

// MaxSpan is the number of bytes that a span takes packed, and that each of its bounds may have. What one page holds fits.
const MaxSpan = 2 * page.Size

// Len is the number of different keys.
func (s *Span) Len() int { return s.count }

// Size is the number of bytes that the span keeps alive.
func (s *Span) Size() int { return len(s.packed) + len(s.Low) + len(s.High) }

// end is how many bytes of keys and how many addresses belong to the keys before i.
func (s *Span) end(i int) (key, tid int) {
	if i == 0 {
		return 0, 0
	}
	b := s.packed[(i-1)*spanEnd : i*spanEnd]
	return int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:]))
}

// Key is key i, which the caller must not change.
func (s *Span) Key(i int) []byte {
	from, _ := s.end(i)
	to, _ := s.end(i + 1)
	at := s.count * spanEnd
	return s.packed[at+from : at+to : at+to]
}

// Rows is how many rows have the keys [i,j).
func (s *Span) Rows(i, j int) int {
	_, from := s.end(i)
	_, to := s.end(j)
	return to - from
}

// AppendTIDs appends the rows that have the keys [i,j).
func (s *Span) AppendTIDs(dst []page.TID, i, j int) []page.TID {
	_, from := s.end(i)
	_, to := s.end(j)
	keys, _ := s.end(s.count)
	at := s.count*spanEnd + keys
	for b := s.packed[at+from*tidSize : at+to*tidSize]; len(b) > 0; b = b[tidSize:] {
		dst = append(dst, page.DecodeTID(b))
	}
	return dst
}

// Covers reports whether the span knows all keys that begin with prefix, a key or its first columns.
func (s *Span) Covers(prefix []byte) bool {
	return bytes.Compare(s.Low, prefix) <= 0 && (s.Endless || bytes.Compare(prefix, s.High) < 0 && !bytes.HasPrefix(s.High, prefix))
}

// Find returns which keys [i,j) begin with prefix.
func (s *Span) Find(prefix []byte) (i, j int) {
	i = s.search(prefix)
	for j = i; j < s.count && bytes.HasPrefix(s.Key(j), prefix); j++ {
	}
	return i, j
}

// search is the first key that is not below pos.
func (s *Span) search(pos []byte) int {
	return sort.Search(s.count, func(i int) bool { return bytes.Compare(s.Key(i), pos) >= 0 })
}

// A SpanBuilder makes a Span of keys in their order.
type SpanBuilder struct {
	span       Span
	ends       []byte
	keys, tids []byte
	last       []byte // key, in keys
	lastTID    page.TID
	tooLong    bool
}

// NewSpanBuilder begins a span. A nil high has no end. The bounds are copied.
func NewSpanBuilder(blk page.BlockNumber, version page.LSN, low, high []byte) *SpanBuilder {
	return &SpanBuilder{
		span: Span{Block: blk, Version: version, Low: bytes.Clone(low), High: bytes.Clone(high), Endless: high == nil},
		ends: make([]byte, 0, MaxSpan/8), keys: make([]byte, 0, MaxSpan/8), tids: make([]byte, 0, MaxSpan/8),
	}
}

// Add adds a row, behind all that were added before: by key, and among equal keys by address. A key out of order or out of the bounds is
// an error.
func (b *SpanBuilder) Add(key []byte, tid page.TID) error {
	s := &b.span
	c := bytes.Compare(b.last, key) // no key is empty, so that the first one is above none
	switch {
	case b.tooLong:
		return nil
	case !tid.IsValid():
		return fmt.Errorf("%w: span with row address %v", ErrWrongState, tid)
	case len(key) == 0 || !s.Covers(key):
		return fmt.Errorf("%w: key %x does not belong into the span from %x to %x", ErrWrongState, key, s.Low, s.High)
	case c > 0 || c == 0 && b.lastTID.Compare(tid) >= 0:
		return fmt.Errorf("%w: key %x, row %v does not follow key %x, row %v", ErrWrongState, key, tid, b.last, b.lastTID)
	}
	if c < 0 {
		s.count++
		b.keys = append(b.keys, key...)
		b.last = b.keys[len(b.keys)-len(key):]
		b.ends = append(b.ends, 0, 0, 0, 0)
	}
	b.tids = tid.AppendBinary(b.tids)
	b.lastTID = tid
	if len(b.ends)+len(b.keys)+len(b.tids) > MaxSpan {
		b.tooLong = true
		return nil
	}
	end := b.ends[(s.count-1)*spanEnd:]
	binary.LittleEndian.PutUint16(end, uint16(len(b.keys)))
	binary.LittleEndian.PutUint16(end[2:], uint16(len(b.tids)/tidSize))
	return nil
}

// Span returns the span, nil if it is longer than one may be.
func (b *SpanBuilder) Span() *Span {
	s := b.span
	if b.tooLong || len(s.Low) > MaxSpan || len(s.High) > MaxSpan {
		return nil
	}
	s.packed = append(append(append(make([]byte, 0, len(b.ends)+len(b.keys)+len(b.tids)), b.ends...), b.keys...), b.tids...)
	return &s
}

// SpanToProto puts a span into a message; nil stays nil.
func SpanToProto(s *Span) *pb.Span {
	if s == nil {
		return nil
	}
	return &pb.Span{
		Block: uint32(s.Block), Version: uint64(s.Version), Low: s.Low, High: s.High, Endless: s.Endless,
		Count: uint32(s.count), Packed: s.packed,
	}
}

// SpanFromProto takes a span out of a message, whose bytes it keeps, and makes sure that it is one: bounds and keys in order, the keys within the bounds, no
// row twice for a key, no address that cannot be. Whether keys are keys of the index is the caller's to judge.
func SpanFromProto(m *pb.Span) (*Span, error) {
	s := &Span{
		Block: page.BlockNumber(m.GetBlock()), Version: page.LSN(m.GetVersion()), Low: m.GetLow(), High: m.GetHigh(), Endless: m.GetEndless(),
		count: int(m.GetCount()), packed: m.GetPacked(),
	}
	bad := func(format string, args ...any) (*Span, error) {
		return nil, fmt.Errorf("%w: span: %s", ErrProtocol, fmt.Sprintf(format, args...))
	}
	switch {
	case len(s.packed) > MaxSpan || len(s.Low) > MaxSpan || len(s.High) > MaxSpan:
		return bad("%d bytes within %d and %d, the limit is %d", len(s.packed), len(s.Low), len(s.High), MaxSpan)
	case s.Version == 0:
		return bad("block %d has no version", s.Block)
	case s.Endless && len(s.High) > 0:
		return bad("an end that is none")
	case !s.Endless && bytes.Compare(s.Low, s.High) >= 0:
		return bad("it ends at %x before it begins at %x", s.High, s.Low)
	case int64(m.GetCount()) > int64(len(s.packed)/(spanEnd+1+tidSize)):
		return bad("%d keys in %d bytes", m.GetCount(), len(s.packed))
	}
	keys, tids := 0, 0
	for i := 1; i <= s.count; i++ {
		k, t := s.end(i)
		if k <= keys || t <= tids {
			return bad("key %d of %d is empty or has no row", i, s.count)
		}
		keys, tids = k, t
	}
	if want := s.count*spanEnd + keys + tids*tidSize; want != len(s.packed) {
		return bad("%d keys and %d rows take %d bytes, it has %d", s.count, tids, want, len(s.packed))
	}
	var last []byte
	var rows []page.TID
	for i := range s.count {
		key := s.Key(i)
		if i > 0 && bytes.Compare(last, key) >= 0 {
			return bad("key %x behind %x", key, last)
		}
		if !s.Covers(key) { // all of them: one that others begin with may be out though its neighbours are in
			return bad("key %x within %x and %x", key, s.Low, s.High)
		}
		last = key
		rows = s.AppendTIDs(rows[:0], i, i+1)
		for j, tid := range rows {
			if !tid.IsValid() || j > 0 && rows[j-1].Compare(tid) >= 0 {
				return bad("row %v of key %x", tid, key)
			}
		}
	}
	return s, nil
}
