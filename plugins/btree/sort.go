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

// A sortRef is one full key: its first eight bytes as a number, and where it lies.
type sortRef struct {
	prefix uint64
	at     int
	key    int // length without the address
}

const refBytes = int(unsafe.Sizeof(sortRef{}))

func newSorter(limit int64, open func() (spillFile, error)) *sorter {
	if limit <= 0 {
		limit = defaultSortMem
	}
	return &sorter{limit: int(max(limit, minSortMem)), open: open}
}

func (s *sorter) add(key []byte, tid page.TID) error {
	need := len(key) + page.TIDSize + refBytes
	if len(s.refs) > 0 && len(s.data)+len(s.refs)*refBytes+need > s.limit {
		if err := s.spill(); err != nil {
			return err
		}
	}
	at := len(s.data)
	s.data = appendTID(append(s.data, key...), tid)
	s.refs = append(s.refs, sortRef{prefixOf(s.data[at:]), at, len(key)})
	return nil
}

func prefixOf(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	var pad [8]byte
	copy(pad[:], b)
	return binary.BigEndian.Uint64(pad[:])
}

func (s *sorter) full(r sortRef) []byte { return s.data[r.at : r.at+r.key+page.TIDSize] }

func (s *sorter) sort() {
	slices.SortFunc(s.refs, func(a, b sortRef) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		return bytes.Compare(s.full(a), s.full(b))
	})
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
	for _, r := range s.refs {
		f := s.full(r)
		if err := w.add(f[:r.key], f[r.key:]); err != nil {
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
		for _, r := range s.refs {
			f := s.full(r)
			if err := fn(f[:r.key], f[r.key:]); err != nil {
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
