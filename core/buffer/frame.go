package buffer

import (
	"sync"
	"sync/atomic"

	"github.com/quiredb/quire/core/invariant"
	"github.com/quiredb/quire/core/page"
)

// What a frame holds.
//
//	free ──load──▶ loading ──▶ ready ──evicted, dropped──▶ free
//	                loading ──new block──▶ fresh ──Install──▶ ready
//	                loading ──error──▶ failed; fresh, failed ──last Unpin──▶ free
const (
	stateFree uint32 = iota
	stateLoading
	stateReady
	stateFresh  // a zero page that exists for its pins only (B6)
	stateFailed // the load did not work; unmapped, the waiters read loadErr
)

// maxUsage bounds the passes of the clock hand that a frame survives without being used.
const maxUsage = 5

// A Buffer is a frame that holds a block. It is valid from Pin to Unpin.
type Buffer struct {
	pool  *Pool
	arena *arena
	index int // in its arena
	bytes page.Page
	word  *atomic.Uint64 // the version word in the arena (B3)

	pins    atomic.Int32
	state   atomic.Uint32
	usage   atomic.Uint32
	lsn     atomic.Uint64 // LSN of the page, readable with a pin alone
	dirty   atomic.Bool   // changes under hdr
	content sync.RWMutex
	writing sync.Mutex // held from copying the page to the end of its write

	// tag and rel change only while the frame is free, under hdr. Who holds a pin reads them without a lock.
	tag page.Tag
	rel *relation

	// loaded is closed when the load is over. Both are set before the frame is mapped, or closed over.
	loaded  chan struct{}
	loadErr error

	hdr struct {
		sync.Mutex
		changes uint64   // counts MarkDirty and Install
		first   page.LSN // start of the first record since the page was last copied for writing; 0 if not known
		end     page.LSN // end of the last record; 0 for an unlogged page
	}
}

// Tag returns which block this is.
func (b *Buffer) Tag() page.Tag { return b.tag }

// Version returns the page's LSN. It needs only the pin, and may be outdated at once unless a content lock is held.
func (b *Buffer) Version() page.LSN { return page.LSN(b.lsn.Load()) }

// Frame returns the frame's number in its arena, for readers that map the arena.
func (b *Buffer) Frame() int { return b.index }

// Arena returns the name of the arena that the frame belongs to.
func (b *Buffer) Arena() string { return b.arena.name }

// Page returns the bytes of the page, to be read under a content lock and never written.
func (b *Buffer) Page() page.Page {
	if invariant.Enabled && b.content.TryLock() {
		b.content.Unlock()
		invariant.That(false, "page %v is read without a content lock", b.tag)
	}
	return b.bytes
}

// Lock takes the content lock exclusively.
func (b *Buffer) Lock() { b.content.Lock() }

// Unlock releases what Lock took. A changed page is there for readers of the arena from here on (B8).
func (b *Buffer) Unlock() {
	if b.word.Load()&1 == 1 && b.state.Load() == stateReady {
		b.word.Add(1)
	}
	b.content.Unlock()
}

// RLock takes the content lock shared with other readers.
func (b *Buffer) RLock() { b.content.RLock() }

// RUnlock releases what RLock took.
func (b *Buffer) RUnlock() { b.content.RUnlock() }

// TryLock takes the content lock exclusively if that needs no waiting.
func (b *Buffer) TryLock() bool { return b.content.TryLock() }

// Unpin gives the pin back. The Buffer must not be used afterwards.
func (b *Buffer) Unpin() {
	n := b.pins.Add(-1)
	if n > 0 {
		return
	}
	if n < 0 {
		panic("buffer: Unpin without Pin")
	}
	if b.state.Load() != stateReady || b.arena.waiters.present() {
		b.pool.lastUnpin(b)
	}
}

// MarkDirty announces a change that is about to be logged (B5). Readers of the arena do not find the page until Unlock (B8).
//
// Holds: the content lock exclusively.
func (b *Buffer) MarkDirty() {
	b.assertLocked()
	if b.word.Load()&1 == 0 {
		b.word.Add(1)
	}
	b.hdr.Lock()
	b.hdr.changes++
	b.setDirtyLocked(true)
	b.hdr.Unlock()
}

// Install makes the bytes of p, sealed with the LSN start, the content of the page. end is where the record ends: the
// log is made durable up to there before the page is written (B2). For an unlogged page start is a counter and end is 0.
//
// Holds: the content lock exclusively, after MarkDirty.
func (b *Buffer) Install(p page.Page, start, end page.LSN) {
	b.assertLocked()
	if invariant.Enabled {
		invariant.That(b.dirty.Load() && b.word.Load()&1 == 1, "page %v is installed before MarkDirty", b.tag)
		invariant.That(p.LSN() == start, "page %v has LSN %v, installed as %v", b.tag, p.LSN(), start)
		invariant.That(p.Verify(b.tag) == nil, "page %v is installed unsealed: %v", b.tag, p.Verify(b.tag))
	}
	copy(b.bytes, p)
	b.lsn.Store(uint64(start))
	b.hdr.Lock()
	b.hdr.changes++
	if b.hdr.first == 0 && end != 0 {
		b.hdr.first = start
	}
	b.hdr.end = max(b.hdr.end, end)
	b.hdr.Unlock()
	if b.state.Load() == stateFresh {
		b.state.Store(stateReady)
	}
	b.rel.installed(b.tag.Block)
}

// setDirtyLocked keeps the flag and the pool's count together.
//
// Holds: b.hdr.
func (b *Buffer) setDirtyLocked(dirty bool) {
	if b.dirty.Load() == dirty {
		return
	}
	b.dirty.Store(dirty)
	if dirty {
		b.pool.counters.dirty.Add(1)
	} else {
		b.pool.counters.dirty.Add(-1)
	}
}

// assertLocked panics in builds with invariants if nobody holds the content lock exclusively.
func (b *Buffer) assertLocked() {
	if invariant.Enabled && b.content.TryRLock() {
		b.content.RUnlock()
		invariant.That(false, "page %v changes without the exclusive content lock", b.tag)
	}
}

// currentTag returns the tag of a frame that the caller has not pinned. It may be outdated at once.
func (b *Buffer) currentTag() (page.Tag, bool) {
	if b.state.Load() == stateFree {
		return page.Tag{}, false
	}
	b.hdr.Lock()
	defer b.hdr.Unlock()
	return b.tag, true
}

// touch counts a use for the clock hand. Lost updates do not matter.
func (b *Buffer) touch() {
	if u := b.usage.Load(); u < maxUsage {
		b.usage.Store(u + 1)
	}
}

// begin gives a free frame its block and the first pin. The frame must not be mapped yet.
func (b *Buffer) begin(tag page.Tag, rel *relation) {
	b.loaded = make(chan struct{})
	b.loadErr = nil
	b.hdr.Lock()
	b.tag, b.rel = tag, rel
	b.pins.Store(1)
	b.state.Store(stateLoading)
	b.hdr.first, b.hdr.end = 0, 0
	b.hdr.Unlock()
	b.usage.Store(1)
	b.arena.describe(b.index, tag)
}

// publish ends a load and waiters go on. The version word becomes even if there is a page worth reading.
func (b *Buffer) publish(state uint32) {
	b.lsn.Store(uint64(b.bytes.LSN()))
	if state == stateReady && b.word.Load()&1 == 1 {
		b.word.Add(1)
	}
	b.state.Store(state)
	close(b.loaded)
}

// clearLocked makes the frame free. It must be unmapped and unpinned, and whoever unmapped it calls this once.
//
// Holds: b.hdr.
func (b *Buffer) clearLocked() {
	b.setDirtyLocked(false)
	b.state.Store(stateFree)
	if b.word.Load()&1 == 0 {
		b.word.Add(1)
	}
	b.lsn.Store(0)
	b.rel = nil
	invariant.Scribble(b.bytes)
}
