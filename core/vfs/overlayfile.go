//go:build unix

package vfs

import (
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

type piece [chunkSize]byte

// overlayNode is one file: the bytes of base as far as they are still its own, and the pieces written over them.
type overlayNode struct {
	base FS
	path string // in base; empty for a file made here
	mode os.FileMode

	mu       sync.RWMutex
	size     int64
	original int64 // bytes of base that show through, at most
	pieces   map[int64]*piece
	under    File // open while there are handles and the file is base's
	handles  int
}

func newOverlayNode(base FS, path string, info FileInfo) *overlayNode {
	return &overlayNode{base: base, path: path, mode: info.Mode, size: info.Size, original: info.Size, pieces: map[int64]*piece{}}
}

// retain opens the file beneath for one more handle.
func (n *overlayNode) retain() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.handles == 0 && n.path != "" {
		f, err := n.base.OpenFile(n.path, os.O_RDONLY, 0)
		if err != nil {
			return err
		}
		n.under = f
	}
	n.handles++
	return nil
}

// release is the end of a handle.
func (n *overlayNode) release() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.handles--; n.handles > 0 || n.under == nil {
		return nil
	}
	f := n.under
	n.under = nil
	return f.Close()
}

func (n *overlayNode) length() int64 {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.size
}

func (n *overlayNode) truncate(size int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if size < n.size {
		n.original = min(n.original, size)
		for i, p := range n.pieces {
			if from := size - i*chunkSize; from <= 0 {
				delete(n.pieces, i)
			} else if from < chunkSize {
				clear(p[from:])
			}
		}
	}
	n.size = size
}

// readLocked fills p from off, behind the end with zeros. Holds: mu.
func (n *overlayNode) readLocked(p []byte, off int64) error {
	for len(p) > 0 {
		i, at := off/chunkSize, off%chunkSize
		part := p[:min(len(p), int(chunkSize-at))]
		if c := n.pieces[i]; c != nil {
			copy(part, c[at:])
		} else if err := n.readUnder(part, off); err != nil {
			return err
		}
		p, off = p[len(part):], off+int64(len(part))
	}
	return nil
}

// readUnder fills p with what base has, as far as it shows through.
func (n *overlayNode) readUnder(p []byte, off int64) error {
	have := p[:max(0, min(int64(len(p)), n.original-off))]
	clear(p[len(have):])
	if len(have) == 0 {
		return nil
	}
	got, err := n.under.ReadAt(have, off)
	if errors.Is(err, io.EOF) && got == len(have) {
		err = nil
	}
	return err
}

// writeLocked stores p at off. Zeros where nothing was take no memory. Holds: mu exclusively.
func (n *overlayNode) writeLocked(p []byte, off int64) error {
	for len(p) > 0 {
		i, at := off/chunkSize, off%chunkSize
		part := p[:min(len(p), int(chunkSize-at))]
		c := n.pieces[i]
		if c == nil && (i*chunkSize < n.original || !allZero(part)) {
			c = new(piece)
			if err := n.readUnder(c[:], i*chunkSize); err != nil {
				return err
			}
			n.pieces[i] = c
		}
		if c != nil {
			copy(c[at:], part)
		}
		p, off = p[len(part):], off+int64(len(part))
		n.size = max(n.size, off)
	}
	return nil
}

// overlayFile is a handle.
type overlayFile struct {
	node   *overlayNode
	name   string
	mode   int
	closed atomic.Bool
}

// use says why a call cannot be, or nil. denied is the mode in which it cannot, with the error for it.
func (f *overlayFile) use(op string, denied int, why error, off int64) error {
	switch {
	case f.closed.Load():
		return overlayError(op, f.name, os.ErrClosed)
	case f.mode == denied:
		return overlayError(op, f.name, why)
	case off < 0:
		return overlayError(op, f.name, syscall.EINVAL)
	}
	return nil
}

// anyMode denies nothing.
const anyMode = -1

// ReadAt implements File.
func (f *overlayFile) ReadAt(p []byte, off int64) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := f.use("read", os.O_WRONLY, syscall.EBADF, off); err != nil {
		return 0, err
	}
	f.node.mu.RLock()
	defer f.node.mu.RUnlock()
	have := int(max(0, min(int64(len(p)), f.node.size-off)))
	if err := f.node.readLocked(p[:have], off); err != nil {
		return 0, err
	}
	if have < len(p) {
		return have, io.EOF
	}
	return have, nil
}

// WriteAt implements File.
func (f *overlayFile) WriteAt(p []byte, off int64) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := f.use("write", os.O_RDONLY, syscall.EBADF, off); err != nil {
		return 0, err
	}
	f.node.mu.Lock()
	defer f.node.mu.Unlock()
	if err := f.node.writeLocked(p, off); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Truncate implements File.
func (f *overlayFile) Truncate(size int64) error {
	if err := f.use("truncate", os.O_RDONLY, syscall.EINVAL, size); err != nil {
		return err
	}
	f.node.truncate(size)
	return nil
}

// Sync implements File. There is nothing to be made durable.
func (f *overlayFile) Sync() error { return f.use("sync", anyMode, nil, 0) }

// Reserve implements File.
func (f *overlayFile) Reserve(off, n int64) error {
	return f.use("fallocate", os.O_RDONLY, syscall.EBADF, min(off, n))
}

// Size implements File.
func (f *overlayFile) Size() (int64, error) {
	if err := f.use("stat", anyMode, nil, 0); err != nil {
		return 0, err
	}
	return f.node.length(), nil
}

// Close implements File.
func (f *overlayFile) Close() error {
	if f.closed.Swap(true) {
		return overlayError("close", f.name, os.ErrClosed)
	}
	return f.node.release()
}

// Name implements File.
func (f *overlayFile) Name() string { return f.name }
