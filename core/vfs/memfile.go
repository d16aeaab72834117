package vfs

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"syscall"
)

// memFile is a handle. It outlives the name.
type memFile struct {
	fs     *MemFS
	node   *memNode
	name   string
	flag   int
	closed atomic.Bool
}

// use checks a call and asks the hook. After nil it holds the locks that the call needs; done releases them.
func (f *memFile) use(kind OpKind, off, n int64) error {
	if f.closed.Load() {
		return pathError(kind, f.name, os.ErrClosed)
	}
	switch kind {
	case OpRead:
		if f.flag == os.O_WRONLY {
			return pathError(kind, f.name, syscall.EBADF)
		}
	case OpWrite, OpReserve:
		if f.flag == os.O_RDONLY {
			return pathError(kind, f.name, syscall.EBADF)
		}
	case OpTruncate:
		if f.flag == os.O_RDONLY {
			return pathError(kind, f.name, syscall.EINVAL)
		}
	}
	if off < 0 || n < 0 {
		return pathError(kind, f.name, syscall.EINVAL)
	}
	if off+n > maxMemFile && kind != OpRead {
		return pathError(kind, f.name, syscall.EFBIG)
	}
	return f.fs.before(kind, f.name, off, n)
}

func (f *memFile) lock() {
	f.fs.mu.RLock()
	f.node.mu.Lock()
}

func (f *memFile) unlock() {
	f.node.mu.Unlock()
	f.fs.mu.RUnlock()
}

// ReadAt implements File.
func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := f.use(OpRead, off, int64(len(p))); err != nil {
		return 0, err
	}
	f.node.mu.RLock()
	defer f.node.mu.RUnlock()
	n := int(max(0, min(int64(len(p)), f.node.cache.size-off)))
	f.node.cache.read(p[:n], off)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements File.
func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := f.use(OpWrite, off, int64(len(p))); err != nil {
		var partial *PartialError
		if errors.As(err, &partial) {
			p = p[:max(0, min(partial.Bytes, len(p)))]
			f.lock()
			defer f.unlock()
			f.node.writeAt(p, off)
			return len(p), pathError(OpWrite, f.name, partial.Err)
		}
		return 0, err
	}
	f.lock()
	defer f.unlock()
	f.node.writeAt(p, off)
	return len(p), nil
}

// Truncate implements File.
func (f *memFile) Truncate(size int64) error {
	if err := f.use(OpTruncate, size, 0); err != nil {
		return err
	}
	f.lock()
	defer f.unlock()
	f.node.truncate(size)
	return nil
}

// Sync implements File.
func (f *memFile) Sync() error {
	if err := f.use(OpSync, 0, 0); err != nil {
		if !f.closed.Load() && !errors.Is(err, ErrCrashed) {
			f.lock()
			defer f.unlock()
			f.node.failSync(FsyncFailMode(f.fs.fsyncMode.Load()))
		}
		return err
	}
	f.lock()
	defer f.unlock()
	f.node.sync()
	return nil
}

// Reserve implements File. The disk has no end; a hook can give it one.
func (f *memFile) Reserve(off, n int64) error { return f.use(OpReserve, off, n) }

// Size implements File.
func (f *memFile) Size() (int64, error) {
	if err := f.use(OpStat, 0, 0); err != nil {
		return 0, err
	}
	f.node.mu.RLock()
	defer f.node.mu.RUnlock()
	return f.node.cache.size, nil
}

// Close implements File. It makes nothing durable.
func (f *memFile) Close() error {
	if err := f.use(OpClose, 0, 0); err != nil {
		f.closed.Store(true)
		return err
	}
	if f.closed.Swap(true) {
		return pathError(OpClose, f.name, os.ErrClosed)
	}
	return nil
}

// Name implements File.
func (f *memFile) Name() string { return f.name }
