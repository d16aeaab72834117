package buffer

import (
	"sync"
	"sync/atomic"

	"github.com/quiredb/quire/core/page"
)

const (
	numForks      = page.NumForks
	partitionBits = 7
)

// table leads from a block to its frame. It is split by fork, so that a block is one 64-bit key, and by a hash of the
// key, so that lookups rarely meet.
type table struct {
	parts [numForks][1 << partitionBits]partition
}

// A partition is one part of the table. A frame is pinned before mu is released (B1).
type partition struct {
	mu     sync.RWMutex
	frames map[uint64]*Buffer
	hits   atomic.Int64
	_      [64]byte // the next partition's lock is on another cache line
}

func (t *table) init() {
	for fork := range t.parts {
		for i := range t.parts[fork] {
			part := &t.parts[fork][i]
			part.mu.Lock()
			part.frames = make(map[uint64]*Buffer)
			part.mu.Unlock()
		}
	}
}

func tableKey(tag page.Tag) uint64 { return uint64(tag.Rel)<<32 | uint64(tag.Block) }

// partition returns where a tag belongs. The fork must be a known one.
func (t *table) partition(tag page.Tag) (*partition, uint64) {
	key := tableKey(tag)
	return &t.parts[tag.Fork][key*0x9E3779B97F4A7C15>>(64-partitionBits)], key
}

// lookup pins and returns the frame that holds tag, or nil.
func (t *table) lookup(tag page.Tag) *Buffer {
	part, key := t.partition(tag)
	part.mu.RLock()
	b := part.frames[key]
	if b != nil {
		b.pins.Add(1)
	}
	part.mu.RUnlock()
	return b
}

// pin pins the frame if it still holds the block that it held a moment ago, and reports whether it did.
func (t *table) pin(b *Buffer) bool {
	tag, ok := b.currentTag()
	if !ok {
		return false
	}
	part, key := t.partition(tag)
	part.mu.RLock()
	defer part.mu.RUnlock()
	if part.frames[key] != b {
		return false
	}
	b.pins.Add(1)
	return true
}

func (t *table) hits() int64 {
	var n int64
	for fork := range t.parts {
		for i := range t.parts[fork] {
			n += t.parts[fork][i].hits.Load()
		}
	}
	return n
}

// absent reports whether no frame holds tag.
func (t *table) absent(tag page.Tag) bool {
	part, key := t.partition(tag)
	part.mu.RLock()
	defer part.mu.RUnlock()
	return part.frames[key] == nil
}
