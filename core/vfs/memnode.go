package vfs

import (
	"os"
	"sync"
)

// memNode is a file or a directory of a MemFS.
type memNode struct {
	isDir bool
	perm  os.FileMode

	// Of a directory; guarded by MemFS.mu. entries is what calls see, durable what the last SyncDir left on disk.
	entries, durable map[string]*memNode

	locked bool // advisory lock; guarded by MemFS.mu

	// Of a file. Operations on bytes hold MemFS.mu shared and mu; a crash image holds MemFS.mu exclusively instead.
	mu    sync.RWMutex
	cache image // what reads see
	disk  image // what a power loss cannot take
	// dirty has a mask of sectors per chunk whose cache content was not synced.
	dirty map[int64]uint8
	// earlier has, of dirty sectors written more than once, the content before the last write: the kernel may
	// have written that one back and not the last.
	earlier map[int64]*[SectorSize]byte
	// strayed says that after a failed Sync clean sectors of cache and disk may differ (FsyncExt4).
	strayed bool
}

func newDir(perm os.FileMode) *memNode {
	return &memNode{isDir: true, perm: perm, entries: map[string]*memNode{}, durable: map[string]*memNode{}}
}

func newFile(perm os.FileMode) *memNode { return &memNode{perm: perm} }

// cloneFile shares the content of an image. The clone has nothing unsynced.
func cloneFile(perm os.FileMode, content image) *memNode {
	f := newFile(perm)
	f.cache = content.share()
	f.disk = content
	return f
}

// markDirty notes that [off, off+n) is about to be written.
//
// Holds: mu exclusively.
func (f *memNode) markDirty(off, n int64) {
	if f.dirty == nil {
		f.dirty = map[int64]uint8{}
	}
	first, last := off/SectorSize, (off+n-1)/SectorSize
	for s := first; s <= last; {
		c := s / sectorsPerChunk
		end := min(last, c*sectorsPerChunk+sectorsPerChunk-1)
		mask := uint8(fullMask>>(sectorsPerChunk-1-(end-s))) << (s % sectorsPerChunk)
		old := f.dirty[c]
		if again := old & mask; again != 0 {
			f.keepEarlier(c, again)
		}
		if old|mask != old {
			f.dirty[c] = old | mask
		}
		s = end + 1
	}
}

func (f *memNode) keepEarlier(c int64, mask uint8) {
	if f.earlier == nil {
		f.earlier = map[int64]*[SectorSize]byte{}
	}
	for i := range int64(sectorsPerChunk) {
		if mask&(1<<i) == 0 {
			continue
		}
		s := c*sectorsPerChunk + i
		b := f.earlier[s]
		if b == nil {
			b = new([SectorSize]byte)
			f.earlier[s] = b
		}
		f.cache.read(b[:], s*SectorSize)
	}
}

// writeAt is a write that no crash has tested yet.
//
// Holds: mu exclusively.
func (f *memNode) writeAt(p []byte, off int64) {
	if len(p) == 0 {
		return
	}
	f.markDirty(off, int64(len(p)))
	f.cache.write(p, off)
	f.cache.size = max(f.cache.size, off+int64(len(p)))
}

// truncate changes the size; bytes beyond a smaller one are zero if it grows again.
//
// Holds: mu exclusively.
func (f *memNode) truncate(size int64) {
	if size < f.cache.size {
		f.markDirty(size, f.cache.size-size)
		f.cache.clearFrom(size)
	}
	f.cache.size = size
}

// sync moves the cache to the disk.
//
// Holds: mu exclusively.
func (f *memNode) sync() {
	if f.strayed {
		for c, mask := range f.dirty {
			f.disk.copySectors(&f.cache, c, mask)
		}
		f.disk.size = f.cache.size
	} else if len(f.dirty) > 0 || f.disk.size != f.cache.size {
		for c := range f.dirty { // clean sectors of a chunk are equal on both sides: share the chunk
			f.disk.copySectors(&f.cache, c, fullMask)
		}
		f.disk.size = f.cache.size
	}
	f.forget()
}

// failSync is a Sync that failed, with what the mode makes of it.
//
// Holds: mu exclusively.
func (f *memNode) failSync(mode FsyncFailMode) {
	switch mode {
	case FsyncExt4:
		f.strayed = f.strayed || len(f.dirty) > 0
		f.forget()
	case FsyncBtrfs:
		f.cache = f.disk.share()
		f.strayed = false
		f.forget()
	}
}

func (f *memNode) forget() {
	if len(f.dirty) > 64 { // clearing a map costs what it once held
		f.dirty = nil
	}
	clear(f.dirty)
	if len(f.earlier) > 0 {
		f.earlier = nil
	}
}

// hasUnsynced reports whether a crash could leave anything but the cache.
func (f *memNode) hasUnsynced() bool {
	return f.strayed || len(f.dirty) > 0 || f.disk.size != f.cache.size
}
