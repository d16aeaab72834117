package heap

import (
	"sync"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
)

// slotCount is how many pages of a relation can be filled at the same time by different sessions.
const slotCount = 8

// A slot is a page being filled, and the right to fill it. A lone session always gets the first slot, so it fills page
// after page; sessions that come at the same time get different ones and do not wait for each other's page locks.
type slot struct {
	mu    sync.Mutex
	block page.BlockNumber  // InvalidBlock if a new target is needed
	from  page.OffsetNumber // line pointers up to here were taken when last looked at
	item  []byte            // scratch: the row version being put together
}

// claim returns a slot, locked.
func (s *relState) claim() *slot {
	for i := range s.slots {
		if s.slots[i].mu.TryLock() {
			return &s.slots[i]
		}
	}
	last := &s.slots[slotCount-1]
	last.mu.Lock()
	return last
}

// target is a page to insert into, pinned and not locked.
type target struct {
	buf *buffer.Buffer
	new bool // the block was just reserved and was never written
}

// pinTarget returns a page that should have size bytes of room: the slot's page, one from the map of free space, the last page
// of the relation, or a new one. Holds: sl.mu.
func (h *Store) pinTarget(rel Relation, st *relState, sl *slot, size int) (target, error) {
	if sl.block == page.InvalidBlock {
		blk, ok, err := h.findTarget(rel, st, size)
		if err != nil {
			return target{}, err
		}
		if !ok {
			return h.reserve(rel, sl)
		}
		sl.block, sl.from = blk, 0
	}
	b, err := h.pool.Pin(rel.tag(sl.block))
	if err != nil {
		sl.block = page.InvalidBlock // a damaged page must not fail every insert to come
		return target{}, err
	}
	return target{buf: b}, nil
}

// findTarget looks for an existing page.
func (h *Store) findTarget(rel Relation, st *relState, size int) (page.BlockNumber, bool, error) {
	st.mu.Lock()
	blk, ok := st.free.take(size)
	tryLast := !ok && !st.lastUsed
	st.lastUsed = st.lastUsed || tryLast
	st.mu.Unlock()
	if !tryLast {
		return blk, ok, nil
	}
	n, err := h.pool.Length(rel.File())
	if err != nil || n == 0 {
		return 0, false, err
	}
	return n - 1, true, nil
}

// reserve takes a block past the end.
func (h *Store) reserve(rel Relation, sl *slot) (target, error) {
	blk, err := h.pool.Reserve(rel.File())
	if err != nil {
		return target{}, wrapRel(rel, "extend", err)
	}
	b, err := h.pool.PinNew(rel.tag(blk))
	if err != nil {
		h.pool.Release(rel.File(), blk)
		return target{}, err
	}
	sl.block, sl.from = blk, 0
	return target{buf: b, new: true}, nil
}

// outcome is what became of a target.
type outcome struct {
	written bool
	full    bool // there was no room for the next row
	free    int  // bytes of room left, if full
}

// finishTarget unpins a target. A reserved page that was not written to is given back, and a full page gives way to another.
// Holds: sl.mu, no content lock.
func (h *Store) finishTarget(rel Relation, st *relState, sl *slot, t target, o outcome) {
	blk := t.buf.Tag().Block
	t.buf.Unpin()
	switch {
	case t.new && !o.written:
		h.pool.Release(rel.File(), blk)
		sl.block = page.InvalidBlock
	case o.full:
		st.noteFree(blk, o.free)
		sl.block = page.InvalidBlock
	}
}

// roomFor reports whether the page has room for an item of size bytes.
func roomFor(p page.Page, size int) bool {
	return p.IsNew() || p.FreeSpace() >= size
}
