package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"sync/atomic"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/plugins/wire"
)

// A TempSpace is where the temporary files of builds go. A file loses its name as soon as it is open, so that a host that
// ends in whatever way leaves none; one that ends between the two steps leaves an empty one, which NewTempSpace removes.
//
// The host reads and writes the files for the plugin. Handing the descriptor over would save a copy, but then nobody could
// bound what a plugin writes, and it would work on one kind of carrier only.
type TempSpace struct {
	fs   vfs.FS
	dir  string
	next atomic.Uint64
}

// NewTempSpace empties and makes the directory, which nobody else uses.
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
	return &TempSpace{fs: fs, dir: dir}, nil
}

// open makes a file without a name.
func (t *TempSpace) open() (vfs.File, error) {
	name := path.Join(t.dir, fmt.Sprintf("spill%d", t.next.Add(1)))
	f, err := t.fs.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("temporary file: %w", err)
	}
	if err := t.fs.Remove(name); err != nil {
		return nil, errors.Join(fmt.Errorf("temporary file %s: %w", name, err), f.Close())
	}
	return f, nil
}

// A build may keep this many bytes in temporary files for each byte of rows it was given, and freeSpill on top: sorting
// keeps the rows twice while it merges, in a form that may be larger than the one they came in.
const (
	spillFactor = 16
	freeSpill   = 64 << 20
)

// spills are the temporary files of one call. The zero value has none and makes none.
type spills struct {
	space *TempSpace
	given int64 // bytes of rows that the call was given
	used  int64
	next  uint32
	files map[uint32]*spillFile
}

type spillFile struct {
	file vfs.File
	size int64
}

var _ wire.Spills = (*spills)(nil)

// OpenSpill makes a file.
func (s *spills) OpenSpill(context.Context) (uint32, error) {
	switch {
	case s.space == nil:
		return 0, wire.Errorf(wire.ErrUnsupported, "this host has no room for temporary files")
	case len(s.files) == wire.MaxSpills:
		return 0, wire.Errorf(wire.ErrTooLarge, "%d temporary files are open, the limit is %d", len(s.files), wire.MaxSpills)
	}
	f, err := s.space.open()
	if err != nil {
		return 0, err
	}
	if s.files == nil {
		s.files = make(map[uint32]*spillFile)
	}
	s.next++
	s.files[s.next] = &spillFile{file: f}
	return s.next, nil
}

func (s *spills) file(number uint32) (*spillFile, error) {
	f := s.files[number]
	if f == nil {
		return nil, wire.Errorf(wire.ErrWrongState, "no temporary file %d is open", number)
	}
	return f, nil
}

// WriteSpill writes within the call's bounds. A gap before offset counts as written.
func (s *spills) WriteSpill(_ context.Context, number uint32, offset int64, data []byte) error {
	f, err := s.file(number)
	if err != nil {
		return err
	}
	grow := max(offset+int64(len(data))-f.size, 0)
	if limit := freeSpill + spillFactor*s.given; s.used+grow > limit {
		return wire.Errorf(wire.ErrTooLarge, "temporary files of %d bytes for %d bytes of rows, the limit is %d", s.used+grow, s.given, limit)
	}
	s.used, f.size = s.used+grow, f.size+grow
	if _, err := f.file.WriteAt(data, offset); err != nil {
		return diskError("write", err)
	}
	return nil
}

// ReadSpill reads what there is.
func (s *spills) ReadSpill(_ context.Context, number uint32, offset int64, length int) ([]byte, error) {
	f, err := s.file(number)
	if err != nil {
		return nil, err
	}
	data := make([]byte, max(min(int64(length), f.size-offset), 0))
	n, err := f.file.ReadAt(data, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, diskError("read", err)
	}
	clear(data[n:]) // a write that failed may have left the file shorter than it counts
	return data, nil
}

// CloseSpill removes a file.
func (s *spills) CloseSpill(_ context.Context, number uint32) error {
	f, err := s.file(number)
	if err != nil {
		return err
	}
	delete(s.files, number)
	s.used -= f.size
	if err := f.file.Close(); err != nil {
		return diskError("close", err)
	}
	return nil
}

// close removes all files.
func (s *spills) close() {
	for number := range s.files {
		_ = s.CloseSpill(context.Background(), number)
	}
}

// diskError is the host's own trouble, which ends the statement.
func diskError(what string, err error) error {
	code := pgerr.CodeOf(err)
	if code == pgerr.InternalError {
		code = pgerr.IOError
	}
	return pgerr.New(code, "%s temporary file of an index build: %w", what, err)
}
