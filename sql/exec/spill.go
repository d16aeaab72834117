package exec

import (
	"encoding/binary"
	"fmt"
	"os"
	"path"
	"sync/atomic"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/vfs"
)

// TempSpace is where rows go that work_mem cannot hold. Files are removed by whoever made them; what a crash leaves is
// removed when the directory is opened again.
type TempSpace struct {
	FS  vfs.FS
	Dir string
	// Removed, if set, hears the size in bytes of each file that is removed.
	Removed func(size int64)
	next    atomic.Int64
}

// NewTempSpace empties and makes the directory.
func NewTempSpace(fs vfs.FS, dir string) (*TempSpace, error) {
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("temporary directory %s: %w", dir, err)
	}
	names, err := fs.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("temporary directory %s: %w", dir, err)
	}
	for _, name := range names {
		if err := fs.Remove(path.Join(dir, name)); err != nil {
			return nil, fmt.Errorf("left-over temporary file: %w", err)
		}
	}
	return &TempSpace{FS: fs, Dir: dir}, nil
}

// spillBuffer is the size of a write to, and of a read from, a spill file.
const spillBuffer = 256 << 10

// spill is a file of rows, written once and then read in order.
//
//	+----------------+-------------------------+
//	| uvarint length | row as RowType encodes it | ...
//	+----------------+-------------------------+
type spill struct {
	space *TempSpace
	name  string
	file  vfs.File
	types datum.RowType
	buf   []byte
	row   []byte
	size  int64 // bytes in the file
	rows  int64
}

func (s *TempSpace) create(types []datum.OID) (*spill, error) {
	name := path.Join(s.Dir, fmt.Sprintf("spill%d", s.next.Add(1)))
	f, err := s.FS.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("temporary file: %w", err)
	}
	return &spill{space: s, name: name, file: f, types: rowType(types)}, nil
}

// rowType describes rows of these types for the encoder.
func rowType(types []datum.OID) datum.RowType {
	rt := make(datum.RowType, len(types))
	for i, t := range types {
		rt[i] = datum.Type{OID: t}
	}
	return rt
}

func (s *spill) write(row Row) error {
	s.row = s.types.AppendRow(s.row[:0], row)
	s.buf = binary.AppendUvarint(s.buf, uint64(len(s.row)))
	s.buf = append(s.buf, s.row...)
	s.rows++
	if len(s.buf) < spillBuffer {
		return nil
	}
	return s.flush()
}

func (s *spill) flush() error {
	if len(s.buf) == 0 {
		return nil
	}
	if _, err := s.file.WriteAt(s.buf, s.size); err != nil {
		return fmt.Errorf("temporary file: %w", err)
	}
	s.size += int64(len(s.buf))
	s.buf = s.buf[:0]
	return nil
}

// close removes the file.
func (s *spill) close() {
	if s != nil && s.file != nil {
		_ = s.file.Close()
		_ = s.space.FS.Remove(s.name)
		s.file = nil
		if s.space.Removed != nil {
			s.space.Removed(s.size)
		}
	}
}

// spillReader reads a flushed spill from its start.
type spillReader struct {
	s    *spill
	at   int64
	buf  []byte
	used int
}

func (s *spill) reader() (*spillReader, error) {
	if err := s.finish(); err != nil {
		return nil, err
	}
	return &spillReader{s: s}, nil
}

// finish writes what is left and gives the buffers back: the file waits for its reader.
func (s *spill) finish() error {
	err := s.flush()
	s.buf, s.row = nil, nil
	return err
}

// replay returns the rows from the first one on. A file that was never made has none.
func (s *spill) replay() (func() (Row, error), error) {
	if s == nil {
		return func() (Row, error) { return nil, nil }, nil
	}
	r, err := s.reader()
	if err != nil {
		return nil, err
	}
	return r.next, nil
}

// next decodes the next row into a fresh one, nil at the end.
func (r *spillReader) next() (Row, error) {
	n, w := binary.Uvarint(r.buf[r.used:])
	for w <= 0 || uint64(len(r.buf)-r.used-w) < n {
		if r.at == r.s.size {
			if len(r.buf) == r.used {
				return nil, nil
			}
			return nil, fmt.Errorf("temporary file %s ends within a row", r.s.name)
		}
		if err := r.fill(int(n)); err != nil {
			return nil, err
		}
		n, w = binary.Uvarint(r.buf[r.used:])
	}
	from := r.used + w
	row := make(Row, len(r.s.types))
	if err := r.s.types.DecodeRow(r.buf[from:from+int(n)], row); err != nil {
		return nil, fmt.Errorf("temporary file %s: %w", r.s.name, err)
	}
	r.used = from + int(n)
	return row, nil
}

// fill reads on. The buffer is a new one each time, because the rows given out alias the old.
func (r *spillReader) fill(need int) error {
	rest := r.buf[r.used:]
	buf := make([]byte, len(rest)+max(spillBuffer, need+binary.MaxVarintLen64))
	copy(buf, rest)
	want := min(int64(len(buf)-len(rest)), r.s.size-r.at)
	if _, err := r.s.file.ReadAt(buf[len(rest):len(rest)+int(want)], r.at); err != nil {
		return fmt.Errorf("temporary file: %w", err)
	}
	r.at += want
	r.buf, r.used = buf[:len(rest)+int(want)], 0
	return nil
}
