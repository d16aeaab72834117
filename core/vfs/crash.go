package vfs

import (
	"fmt"
	"maps"
	"math/rand"
	"slices"
)

// CrashMode is how much of what was not synced a power loss takes.
type CrashMode uint8

const (
	// DropUnsynced keeps what was synced and nothing else.
	DropUnsynced CrashMode = iota
	// KeepAll loses nothing, as when only the process dies. Bytes that a failed Sync lost (FsyncExt4) stay lost.
	KeepAll
	// Random draws for every sector, size and name.
	Random
)

// String is the mode in lower case.
func (c CrashMode) String() string {
	switch c {
	case DropUnsynced:
		return "drop-unsynced"
	case KeepAll:
		return "keep-all"
	case Random:
		return "random"
	}
	return fmt.Sprintf("mode%d", uint8(c))
}

// CrashClone returns the disk as a power loss at this instant leaves it, itself durable throughout, without locks and
// hook. The original goes on unharmed. rng is used in mode Random only and may be nil otherwise (M2). The cost is that
// of the list of files and of the unsynced sectors; contents are shared until written.
//
// Names: changes that touch a common name form a chain, of which some first part is kept; a rename is one change.
// So neither of two names is lost by a rename, and a creation may be lost although a later one in the same
// directory is kept. A file whose name is kept and whose data is not is there, with the size drawn for it.
func (m *MemFS) CrashClone(rng *rand.Rand, mode CrashMode) *MemFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := &cloner{rng: rng, mode: mode, done: map[*memNode]*memNode{}}
	names := c.drawNames(m)
	return &MemFS{root: c.clone(m.root, names)}
}

type cloner struct {
	rng  *rand.Rand
	mode CrashMode
	done map[*memNode]*memNode
}

// names has the entries of directories whose names on disk differ from durable.
type names map[*memNode]map[string]*memNode

// of returns the entries of dir after the crash.
func (n names) of(dir *memNode) map[string]*memNode {
	if e, ok := n[dir]; ok {
		return e
	}
	return dir.durable
}

// drawNames decides which pending changes of names the crash keeps.
func (c *cloner) drawNames(m *MemFS) names {
	out := names{}
	if c.mode == DropUnsynced || len(m.pending) == 0 {
		return out
	}
	keep := func(change nameChange) {
		for _, p := range change.puts {
			if out[p.dir] == nil {
				out[p.dir] = maps.Clone(p.dir.durable)
			}
			p.apply(out[p.dir])
		}
	}
	chains := chainsOf(m.pending)
	for i, change := range m.pending {
		chain := chains[i]
		if c.mode == Random && chain.left < 0 {
			chain.left = c.rng.Intn(chain.length + 1)
		}
		if c.mode == KeepAll || chain.left > 0 {
			chain.left--
			keep(change)
		}
	}
	return out
}

// chain is a set of pending changes connected by names they share.
type chain struct {
	length int
	left   int // changes still to be kept, -1 before the draw
}

// chainsOf maps every pending change to its chain.
func chainsOf(pending []nameChange) []*chain {
	parent := make([]int, len(pending))
	find := func(i int) int {
		for parent[i] != i {
			i = parent[i]
		}
		return i
	}
	seen := map[place]int{}
	for i, change := range pending {
		parent[i] = i
		for _, p := range change.puts {
			at := p.place()
			if j, ok := seen[at]; ok {
				if a, b := find(i), find(j); a != b {
					parent[max(a, b)] = min(a, b)
				}
			}
			seen[at] = i
		}
	}
	chains := make([]*chain, len(pending))
	for i := range pending {
		if r := find(i); r == i {
			chains[i] = &chain{length: 1, left: -1}
		} else {
			chains[i] = chains[r]
			chains[i].length++
		}
	}
	return chains
}

// clone copies a node and what lies below it, in order of names so that the draws repeat (M2).
func (c *cloner) clone(n *memNode, names names) *memNode {
	if done := c.done[n]; done != nil {
		return done
	}
	if !n.isDir {
		f := cloneFile(n.perm, c.drawFile(n))
		c.done[n] = f
		return f
	}
	d := newDir(n.perm)
	c.done[n] = d
	entries := names.of(n)
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		d.entries[name] = c.clone(entries[name], names)
	}
	d.durable = maps.Clone(d.entries)
	return d
}

// drawFile decides what of a file's unsynced writes the crash keeps.
func (c *cloner) drawFile(f *memNode) image {
	if c.mode == DropUnsynced || !f.hasUnsynced() {
		return f.disk.share()
	}
	if c.mode == KeepAll && !f.strayed {
		return f.cache.share()
	}
	im := f.disk.share()
	for _, i := range slices.Sorted(maps.Keys(f.dirty)) {
		mask := f.dirty[i]
		if c.mode != Random {
			im.copySectors(&f.cache, i, mask)
			continue
		}
		mask &= uint8(c.rng.Uint32())
		// A truncation does not write the blocks that it frees. If it is lost they are as they were, not half zero.
		im.copySectors(&f.cache, i, mask&^sectorsFrom(i, f.cache.size))
		c.drawEarlier(f, &im, i, mask)
	}
	im.size = f.cache.size
	if c.mode == Random {
		im.size = c.drawSize(f.disk.size, f.cache.size)
	}
	im.clearFrom(im.size)
	return im
}

// sectorsFrom returns the mask of the sectors of chunk i that start at or behind off.
func sectorsFrom(i, off int64) uint8 {
	first := (off - i*chunkSize + SectorSize - 1) / SectorSize
	if first >= sectorsPerChunk {
		return 0
	}
	return uint8(fullMask << max(first, 0) & fullMask)
}

// drawEarlier puts an older version in place of some sectors that are kept.
func (c *cloner) drawEarlier(f *memNode, im *image, i int64, mask uint8) {
	if len(f.earlier) == 0 {
		return
	}
	for s := range int64(sectorsPerChunk) {
		b := f.earlier[i*sectorsPerChunk+s]
		if b != nil && mask&(1<<s) != 0 && c.rng.Intn(4) == 0 {
			copy(im.writable(i).data[s*SectorSize:], b[:])
		}
	}
}

// drawSize is either size or one between: the file may have been extended in steps.
func (c *cloner) drawSize(disk, cache int64) int64 {
	if disk == cache {
		return disk
	}
	switch c.rng.Intn(3) {
	case 0:
		return disk
	case 1:
		return cache
	}
	lo, hi := min(disk, cache), max(disk, cache)
	return lo + c.rng.Int63n(hi-lo+1)
}
