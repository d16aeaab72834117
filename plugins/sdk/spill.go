package sdk

import (
	"fmt"
	"io"

	"github.com/quiredb/quire/plugins/wire"
)

// A SpillFile is a temporary file that the host keeps for a build: what does not fit into MaintenanceWorkMem goes there. The
// host removes it when the build ends, whatever ends it. Each ReadAt and WriteAt is a message for every 512 KiB, so use
// large buffers.
type SpillFile struct {
	ix     *Index
	file   uint32
	size   int64
	closed bool
}

var (
	_ io.ReaderAt = (*SpillFile)(nil)
	_ io.WriterAt = (*SpillFile)(nil)
	_ io.Closer   = (*SpillFile)(nil)
)

// Spill makes a temporary file. Only a build may; it can have wire.MaxSpills of them open.
func (ix *Index) Spill() (*SpillFile, error) {
	file, err := ix.carrier.OpenSpill(ix.ctx)
	if err != nil {
		return nil, fmt.Errorf("temporary file for index %s: %w", ix.info.Name, err)
	}
	return &SpillFile{ix: ix, file: file}, nil
}

// WriteAt writes all of p or fails.
func (f *SpillFile) WriteAt(p []byte, off int64) (n int, err error) {
	if err := f.check(off); err != nil {
		return 0, err
	}
	for len(p) > 0 {
		part := p[:min(len(p), wire.MaxSpillIO)]
		if err := f.ix.carrier.WriteSpill(f.ix.ctx, f.file, off, part); err != nil {
			return n, f.failure("write", err)
		}
		n, off, p = n+len(part), off+int64(len(part)), p[len(part):]
		f.size = max(f.size, off)
	}
	return n, nil
}

// ReadAt fills p, or returns io.EOF with what there was before the end.
func (f *SpillFile) ReadAt(p []byte, off int64) (n int, err error) {
	if err := f.check(off); err != nil {
		return 0, err
	}
	for len(p) > 0 {
		if off >= f.size {
			return n, io.EOF
		}
		want := int(min(int64(len(p)), wire.MaxSpillIO, f.size-off))
		got, err := f.ix.carrier.ReadSpill(f.ix.ctx, f.file, off, want)
		if err == nil && len(got) != want {
			err = fmt.Errorf("%w: %d bytes in answer to %d", wire.ErrProtocol, len(got), want)
		}
		if err != nil {
			return n, f.failure("read", err)
		}
		copy(p, got)
		n, off, p = n+want, off+int64(want), p[want:]
	}
	return n, nil
}

// Size is where the last byte written ends.
func (f *SpillFile) Size() int64 { return f.size }

// Close removes the file, so that its space can be used again. It may be called twice.
func (f *SpillFile) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	if err := f.ix.carrier.CloseSpill(f.ix.ctx, f.file); err != nil {
		return f.failure("close", err)
	}
	return nil
}

func (f *SpillFile) check(off int64) error {
	switch {
	case f.closed:
		return fmt.Errorf("temporary file of index %s: %w: it is closed", f.ix.info.Name, ErrWrongState)
	case off < 0:
		return fmt.Errorf("temporary file of index %s: %w: offset %d", f.ix.info.Name, ErrWrongState, off)
	}
	return nil
}

func (f *SpillFile) failure(what string, err error) error {
	return fmt.Errorf("%s temporary file of index %s: %w", what, f.ix.info.Name, err)
}
