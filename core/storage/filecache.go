package storage

import (
	"container/list"
	"errors"
	"os"
	"sync"
	"syscall"

	"github.com/quiredb/quire/core/vfs"
)

const filePerm os.FileMode = 0o600

// An openFile is a segment file in the cache. It is closed when it is idle (no references), clean, and the least
// recently used of too many; a dirty one is synced first (by S5).
type openFile struct {
	segment
	name string
	file vfs.File

	// Guarded by fileCache.mu.
	refs   int
	dirty  bool          // written since the last sync began
	doomed bool          // its relation was dropped; the last release closes it
	place  *list.Element // in fileCache.order
}

// fileCache bounds the number of open segment files. Files are opened under its lock: misses are rare, and so no
// file is ever open twice.
type fileCache struct {
	fs    vfs.FS
	path  func(segment) string
	limit int

	mu    sync.Mutex
	open  map[segment]*openFile
	order *list.List // of *openFile, most recently used first
}

// errAllDirty says that every idle file of a full cache is dirty. The caller syncs and asks again.
var errAllDirty = errors.New("every cached file waits for a sync")

func newFileCache(fs vfs.FS, path func(segment) string, limit int) *fileCache {
	return &fileCache{fs: fs, path: path, limit: limit, open: make(map[segment]*openFile), order: list.New()}
}

// acquire returns the open file with one more reference. With force the cache may exceed its limit instead of
// returning errAllDirty.
func (c *fileCache) acquire(s segment, flag int, force bool) (*openFile, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.open[s]; f != nil {
		f.refs++
		c.order.MoveToFront(f.place)
		return f, nil
	}
	for len(c.open) >= c.limit {
		if c.closeIdleLocked() {
			continue
		}
		if !force {
			return nil, errAllDirty
		}
		break
	}
	name := c.path(s)
	file, err := c.fs.OpenFile(name, os.O_RDWR|flag, filePerm)
	for isTooManyFiles(err) && c.closeIdleLocked() {
		file, err = c.fs.OpenFile(name, os.O_RDWR|flag, filePerm)
	}
	if err != nil {
		return nil, fileError("open", name, err)
	}
	f := &openFile{segment: s, name: name, file: file, refs: 1}
	f.place = c.order.PushFront(f)
	c.open[s] = f
	return f, nil
}

func isTooManyFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// closeIdleLocked closes the least recently used file that is idle and clean and reports whether there was one. An
// error of Close says nothing about a clean file, so it is ignored.
func (c *fileCache) closeIdleLocked() bool {
	for e := c.order.Back(); e != nil; e = e.Prev() {
		f := e.Value.(*openFile)
		if f.refs == 0 && !f.dirty {
			c.removeLocked(f)
			_ = f.file.Close()
			return true
		}
	}
	return false
}

func (c *fileCache) removeLocked(f *openFile) {
	delete(c.open, f.segment)
	c.order.Remove(f.place)
}

func (c *fileCache) release(f *openFile) {
	c.mu.Lock()
	f.refs--
	last := f.doomed && f.refs == 0
	c.mu.Unlock()
	if last {
		_ = f.file.Close()
	}
}

// markDirty is called before a file is written, so that a sync that misses the mark also comes before the write.
func (c *fileCache) markDirty(f *openFile) {
	c.mu.Lock()
	f.dirty = true
	c.mu.Unlock()
}

// takeDirty returns the dirty files, each with one more reference, and counts them as clean: what is written to them
// from now on belongs to the next sync.
func (c *fileCache) takeDirty() []*openFile {
	c.mu.Lock()
	defer c.mu.Unlock()
	var dirty []*openFile
	for e := c.order.Back(); e != nil; e = e.Prev() {
		if f := e.Value.(*openFile); f.dirty {
			f.dirty = false
			f.refs++
			dirty = append(dirty, f)
		}
	}
	return dirty
}

// doom forgets a file whose segment is about to be removed. It needs no sync any more.
func (c *fileCache) doom(s segment) {
	c.mu.Lock()
	f := c.open[s]
	if f == nil {
		c.mu.Unlock()
		return
	}
	c.removeLocked(f)
	f.dirty, f.doomed = false, true
	idle := f.refs == 0
	c.mu.Unlock()
	if idle {
		_ = f.file.Close()
	}
}

// closeAll closes every file, dirty or not, and returns the first error.
func (c *fileCache) closeAll() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var first error
	for s, f := range c.open {
		if err := f.file.Close(); err != nil && first == nil {
			first = fileError("close", f.name, err)
		}
		delete(c.open, s)
	}
	c.order.Init()
	return first
}
