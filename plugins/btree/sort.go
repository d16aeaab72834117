package btree

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
	"slices"
	"unsafe"

	"github.com/quiredb/quire/core/page"
)

const (
	// defaultSortMem is the memory of a sort that was told none, minSortMem what it takes at least, in bytes.
	defaultSortMem = 64 << 20
	minSortMem     = 256 << 10
	// runBuffer is the memory for one run of a merge: reads and writes are that long.
	runBuffer = 64 << 10
)

// A spillFile holds sorted runs.
type spillFile interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
}

// A sorter puts full keys in order with bounded memory. What does not fit becomes sorted runs in a temporary file, which are
// merged at the end, in several passes if they are too many for one.
type sorter struct {
	limit int
	open  func() (spillFile, error)

	data []byte
	refs []sortRef
	runs *runFile // nil as long as memory suffices
}

// A sortRef is one full key. A key that the prefix has all of lies nowhere else.
type sortRef struct {
	prefix uint64 // the first eight bytes of the key, zeros behind it, as a number
	at     int    // of a longer key in data
	key    uint16 // its length
	tid    [page.TIDSize]byte
}

const (
	prefixBytes = 8
	refBytes    = int(unsafe.Sizeof(sortRef{}))
)

func newSorter(limit int64, open func() (spillFile, error)) *sorter {
	if limit <= 0 {
		limit = defaultSortMem
	}
	return &sorter{limit: int(max(limit, minSortMem)), open: open}
}

func (s *sorter) add(key []byte, tid page.TID) error {
	long := len(key)
	if long <= prefixBytes {
		long = 0
	}
	if len(s.refs) > 0 && len(s.data)+long+(len(s.refs)+1)*refBytes > s.limit {
		if err := s.spill(); err != nil {
			return err
		}
	}
	r := sortRef{prefix: prefixOf(key), at: len(s.data), key: uint16(len(key))}
	appendTID(r.tid[:0], tid)
	if long > 0 {
		s.data = append(s.data, key...)
	}
	s.refs = append(s.refs, r)
	return nil
}

func prefixOf(b []byte) uint64 {
	if len(b) >= prefixBytes {
		return binary.BigEndian.Uint64(b)
	}
	var pad [prefixBytes]byte
	copy(pad[:], b)
	return binary.BigEndian.Uint64(pad[:])
}

// keyOf is the key of r, in buf if it is short.
func (s *sorter) keyOf(r *sortRef, buf *[prefixBytes]byte) []byte {
	if r.key > prefixBytes {
		return s.data[r.at : r.at+int(r.key)]
	}
	binary.BigEndian.PutUint64(buf[:], r.prefix)
	return buf[:r.key]
}

// compare orders full keys. No key is a prefix of another, so short ones with the same prefix are equal.
func (s *sorter) compare(a, b sortRef) int {
	if a.prefix != b.prefix {
		return cmp.Compare(a.prefix, b.prefix)
	}
	if a.key > prefixBytes || b.key > prefixBytes {
		var x, y [prefixBytes]byte
		if c := bytes.Compare(s.keyOf(&a, &x), s.keyOf(&b, &y)); c != 0 {
			return c
		}
	}
	return bytes.Compare(a.tid[:], b.tid[:])
}

func (s *sorter) sort() {
	if !slices.IsSortedFunc(s.refs, s.compare) {
		s.radix(s.refs, 64-8)
	}
}

// fewRefs is the number of keys up to which comparing them is cheaper than counting their bytes.
const fewRefs = 128

// radix sorts refs whose prefixes are equal above the byte at shift: each goes to the others with its byte, in place, and those are
// sorted by the next one (McIlroy, Bostic, McIlroy, "Engineering Radix Sort", 1993).
func (s *sorter) radix(refs []sortRef, shift int) {
	if len(refs) <= fewRefs || shift < 0 {
		slices.SortFunc(refs, s.compare)
		return
	}
	var next, end [256]int
	for i := range refs {
		end[byte(refs[i].prefix>>shift)]++
	}
	for b, from := 0, 0; b < len(end); b++ {
		next[b], end[b] = from, from+end[b]
		from = end[b]
	}
	for b := range end {
		for next[b] < end[b] {
			r := refs[next[b]]
			for to := int(byte(r.prefix >> shift)); to != b; to = int(byte(r.prefix >> shift)) {
				r, refs[next[to]] = refs[next[to]], r
				next[to]++
			}
			refs[next[b]] = r
			next[b]++
		}
	}
	for b, from := 0, 0; b < len(end); b++ {
		if end[b]-from > 1 {
			s.radix(refs[from:end[b]], shift-8)
		}
		from = end[b]
	}
}

// spill writes what is in memory as a run.
func (s *sorter) spill() error {
	if s.runs == nil {
		f, err := s.open()
		if err != nil {
			return err
		}
		s.runs = &runFile{file: f}
	}
	s.sort()
	w := s.runs.begin()
	var short [prefixBytes]byte
	for i := range s.refs {
		r := &s.refs[i]
		if err := w.add(s.keyOf(r, &short), r.tid[:]); err != nil {
			return err
		}
	}
	s.data, s.refs = s.data[:0], s.refs[:0]
	return w.end()
}

// each calls fn for every full key in order.
func (s *sorter) each(fn func(key, tid []byte) error) error {
	if s.runs == nil {
		s.sort()
		var short [prefixBytes]byte
		for i := range s.refs {
			r := &s.refs[i]
			if err := fn(s.keyOf(r, &short), r.tid[:]); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.spill(); err != nil {
		return err
	}
	s.data, s.refs = nil, nil
	for fan := max(2, s.limit/runBuffer); len(s.runs.runs) > fan; {
		if err := s.pass(fan); err != nil {
			return err
		}
	}
	if err := s.runs.merge(s.runs.runs, fn); err != nil {
		return err
	}
	return s.runs.file.Close()
}

// pass merges runs by fan into fewer ones in another file.
func (s *sorter) pass(fan int) error {
	f, err := s.open()
	if err != nil {
		return err
	}
	out := &runFile{file: f}
	for left := s.runs.runs; len(left) > 0; left = left[min(fan, len(left)):] {
		w := out.begin()
		if err := s.runs.merge(left[:min(fan, len(left))], w.add); err != nil {
			return err
		}
		if err := w.end(); err != nil {
			return err
		}
	}
	old := s.runs
	s.runs = out
	return old.file.Close()
}
