package buffer

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/quiredb/quire/core/page"
)

// An arena's memory. Integers are little endian; version words are read and written atomically.
//
//	0        4096                        pagesAt
//	+--------+---------------------------+---------+---------+-----
//	| header | descriptors, 32 each, 0…  | frame 0 | frame 1 | …
//	+--------+---------------------------+---------+---------+-----
//
// The header:
//
//	0       8         12          16       24              32        40
//	+-------+---------+-----------+--------+---------------+---------+------
//	| magic | version | page size | frames | descriptorsAt | pagesAt | zero
//	| "QUIREARN"  u32 | u32       | u64    | u64           | u64     |
//	+-------+---------+-----------+--------+---------------+---------+------
//
// A descriptor:
//
//	0         8      12      16     20     32
//	+---------+------+-------+------+------+
//	| version | rel  | block | fork | zero |
//	| u64     | u32  | u32   | u32  |      |
//	+---------+------+-------+------+------+
//
// A reader that maps the memory read only loads the version, goes away if it is odd, compares the tag, copies what it wants
// from the frame, and loads the version again: the copy counts only if the word did not change. The words never repeat.
const (
	arenaMagic      = "QUIREARN"
	arenaVersion    = 1
	arenaHeader     = 4096
	descriptorBytes = 32
)

// Layout tells where things are in an arena's memory, in bytes.
type Layout struct {
	Frames          int
	DescriptorsAt   int64
	DescriptorBytes int64
	PagesAt         int64
	Size            int64
}

func layoutOf(frames int) Layout {
	l := Layout{Frames: frames, DescriptorsAt: arenaHeader, DescriptorBytes: descriptorBytes}
	l.PagesAt = (arenaHeader + int64(frames)*descriptorBytes + arenaHeader - 1) / arenaHeader * arenaHeader
	l.Size = l.PagesAt + int64(frames)*page.Size
	return l
}

// An arena is a fixed array of frames with one memory, one free list and one clock hand.
type arena struct {
	name   string
	layout Layout
	memory *memory
	frames []Buffer

	mu   sync.Mutex
	free []*Buffer

	hand        atomic.Uint64 // counts up; the frame is hand modulo the number of frames
	allocations atomic.Int64
	waiters     waiters
}

func (p *Pool) newArena(name string, frames int) (*arena, error) {
	l := layoutOf(max(frames, minFrames))
	mem, err := newMemory("quire-arena-"+name, l.Size, p.cfg.PrivateMemory)
	if err != nil {
		return nil, fmt.Errorf("buffer arena %q of %d frames: %w; lower shared_buffers", name, l.Frames, err)
	}
	a := &arena{name: name, layout: l, memory: mem, frames: make([]Buffer, l.Frames)}
	a.writeHeader()
	for i := range a.frames {
		b := &a.frames[i]
		at := l.PagesAt + int64(i)*page.Size
		b.pool, b.arena, b.index = p, a, i
		b.bytes = page.Page(mem.bytes[at : at+page.Size : at+page.Size])
		b.word = (*atomic.Uint64)(unsafe.Pointer(&mem.bytes[a.descriptorAt(i)]))
		b.word.Store(1)
	}
	for i := len(a.frames) - 1; i >= 0; i-- {
		a.free = append(a.free, &a.frames[i])
	}
	return a, nil
}

func (a *arena) writeHeader() {
	h := a.memory.bytes[:arenaHeader]
	copy(h, arenaMagic)
	binary.LittleEndian.PutUint32(h[8:], arenaVersion)
	binary.LittleEndian.PutUint32(h[12:], page.Size)
	binary.LittleEndian.PutUint64(h[16:], uint64(a.layout.Frames))
	binary.LittleEndian.PutUint64(h[24:], uint64(a.layout.DescriptorsAt))
	binary.LittleEndian.PutUint64(h[32:], uint64(a.layout.PagesAt))
}

func (a *arena) descriptorAt(i int) int64 { return a.layout.DescriptorsAt + int64(i)*descriptorBytes }

// describe writes the tag of frame i, whose version word is odd.
func (a *arena) describe(i int, tag page.Tag) {
	d := a.memory.bytes[a.descriptorAt(i):]
	binary.LittleEndian.PutUint32(d[8:], uint32(tag.Rel))
	binary.LittleEndian.PutUint32(d[12:], uint32(tag.Block))
	binary.LittleEndian.PutUint32(d[16:], uint32(tag.Fork))
}

// popFree returns a frame from the free list, or nil.
func (a *arena) popFree() *Buffer {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(a.free)
	if n == 0 {
		return nil
	}
	b := a.free[n-1]
	a.free = a.free[:n-1]
	return b
}

// put adds a free frame to the free list.
func (a *arena) put(b *Buffer) {
	a.mu.Lock()
	a.free = append(a.free, b)
	a.mu.Unlock()
	a.waiters.wake()
}

// AssignArena names the arena for the pages of a relation: that of its access method, or "" for the host's own. It is called
// before the relation's first page is pinned; pages that are in a frame already stay where they are. The arena is made
// when it is first needed.
func (p *Pool) AssignArena(rel page.RelFileNumber, arena string) {
	p.arenas.Lock()
	p.arenas.ofRel[rel] = arena
	p.arenas.Unlock()
	p.rels.RLock()
	defer p.rels.RUnlock()
	for fork := range page.ForkNumber(numForks) {
		if r := p.rels.byFile[page.RelFile{Rel: rel, Fork: fork}]; r != nil {
			r.arena.Store(nil) // asked for again by arenaOf
		}
	}
}

// arenaOf returns the arena of a relation.
func (p *Pool) arenaOf(r *relation) (*arena, error) {
	if a := r.arena.Load(); a != nil {
		return a, nil
	}
	p.arenas.RLock()
	name := p.arenas.ofRel[r.Rel]
	p.arenas.RUnlock()
	a, err := p.arena(name)
	if err == nil {
		r.arena.Store(a)
	}
	return a, err
}

// arena returns the arena of that name, making it if need be.
func (p *Pool) arena(name string) (*arena, error) {
	p.arenas.Lock()
	defer p.arenas.Unlock()
	if a := p.arenas.byName[name]; a != nil {
		return a, nil
	}
	frames := p.cfg.Frames
	if name != "" {
		frames = p.cfg.ArenaFrames(name)
	}
	a, err := p.newArena(name, frames)
	if err == nil {
		p.arenas.byName[name] = a
	}
	return a, err
}

func (p *Pool) allArenas() []*arena {
	p.arenas.RLock()
	defer p.arenas.RUnlock()
	all := make([]*arena, 0, len(p.arenas.byName))
	for _, a := range p.arenas.byName {
		all = append(all, a)
	}
	return all
}

// ArenaFile returns a handle of the arena's memory, opened for reading, and its layout. The caller closes it. The kernel
// refuses every way to write through it.
func (p *Pool) ArenaFile(name string) (*os.File, Layout, error) {
	a, err := p.arena(name)
	if err != nil {
		return nil, Layout{}, err
	}
	f, err := a.memory.openReadOnly()
	if err != nil {
		return nil, Layout{}, fmt.Errorf("buffer arena %q: %w", name, err)
	}
	return f, a.layout, nil
}

// Populate makes the kernel back the frames of all arenas with memory now. Without it the first use of a frame costs some
// 10 µs more. The host calls it in the background after its start; an error means that there is not enough memory.
func (p *Pool) Populate() error {
	for _, a := range p.allArenas() {
		if err := a.memory.populate(); err != nil {
			return fmt.Errorf("buffer arena %q of %d frames: %w; lower shared_buffers", a.name, len(a.frames), err)
		}
	}
	return nil
}
