package buffer

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/tidwall/btree"

	"github.com/quiredb/quire/core/page"
)

// A relation is what the pool knows of one fork. Its length is 1 + the highest block that a record ever changed. It starts as
// the number of blocks in the file, which only pages that were written make grow, and rises with Install.
type relation struct {
	page.RelFile
	length  atomic.Uint32
	claimed atomic.Int32 // blocks in claims.reserved and claims.released
	arena   atomic.Pointer[arena]

	claims struct {
		sync.Mutex
		next     page.BlockNumber            // no block from here on was handed out
		reserved map[page.BlockNumber]bool   // handed out, not installed
		released btree.Set[page.BlockNumber] // handed out and given back
	}
}

// Length returns the number of blocks.
func (r *relation) Length() page.BlockNumber { return page.BlockNumber(r.length.Load()) }

// installed counts a changed block.
func (r *relation) installed(blk page.BlockNumber) {
	for {
		old := r.length.Load()
		if uint32(blk) < old || r.length.CompareAndSwap(old, uint32(blk)+1) {
			break
		}
	}
	if r.claimed.Load() == 0 {
		return
	}
	r.claims.Lock()
	defer r.claims.Unlock()
	delete(r.claims.reserved, blk)
	r.claims.released.Delete(blk) // whoever chose the block need not have reserved it
	r.countClaimsLocked()
}

// countClaimsLocked lets installed pass by when nothing is claimed.
//
// Holds: r.claims.
func (r *relation) countClaimsLocked() {
	r.claimed.Store(int32(len(r.claims.reserved) + r.claims.released.Len()))
}

// relation returns the state of a fork, which must have a file.
func (p *Pool) relation(rf page.RelFile) (*relation, error) {
	p.rels.RLock()
	r := p.rels.byFile[rf]
	p.rels.RUnlock()
	if r != nil {
		return r, nil
	}
	p.rels.Lock()
	defer p.rels.Unlock()
	if r := p.rels.byFile[rf]; r != nil {
		return r, nil
	}
	n, err := p.cfg.Storage.NBlocks(rf)
	if err != nil {
		return nil, err
	}
	r = &relation{RelFile: rf}
	r.length.Store(uint32(n))
	r.claims.reserved = make(map[page.BlockNumber]bool)
	p.rels.byFile[rf] = r
	return r, nil
}

// Length returns 1 + the highest block of the fork that a record ever changed.
func (p *Pool) Length(rf page.RelFile) (page.BlockNumber, error) {
	r, err := p.relation(rf)
	if err != nil {
		return 0, err
	}
	return r.Length(), nil
}

// Reserve hands out a block that nobody uses, past the end or one that was released, and takes disk space for it. The
// block belongs to the fork from its first Install on. Reservations do not survive a restart.
func (p *Pool) Reserve(rf page.RelFile) (page.BlockNumber, error) {
	r, err := p.relation(rf)
	if err != nil {
		return 0, err
	}
	r.claims.Lock()
	defer r.claims.Unlock()
	blk, again := r.claims.released.Min()
	if !again {
		blk = max(r.claims.next, r.Length())
	}
	if blk == page.InvalidBlock {
		return 0, &FullError{RelFile: rf}
	}
	if err := p.cfg.Storage.Reserve(rf, blk+1); err != nil {
		return 0, err
	}
	r.claims.released.Delete(blk)
	r.claims.next = max(r.claims.next, blk+1)
	r.claims.reserved[blk] = true
	r.countClaimsLocked()
	return blk, nil
}

// Release gives back a reservation that was not used. For any other block it does nothing.
func (p *Pool) Release(rf page.RelFile, blk page.BlockNumber) {
	r, err := p.relation(rf)
	if err != nil {
		return // dropped in the meantime
	}
	r.claims.Lock()
	defer r.claims.Unlock()
	if r.claims.reserved[blk] {
		delete(r.claims.reserved, blk)
		r.claims.released.Insert(blk)
	}
}

// Reserved reports whether the block was handed out by Reserve and neither installed nor released.
func (p *Pool) Reserved(rf page.RelFile, blk page.BlockNumber) bool {
	r, err := p.relation(rf)
	if err != nil {
		return false
	}
	r.claims.Lock()
	defer r.claims.Unlock()
	return r.claims.reserved[blk]
}

// Claimed reports whether a block is reserved, or was and will be handed out by Reserve again.
func (p *Pool) Claimed(rf page.RelFile, blk page.BlockNumber) bool {
	r, err := p.relation(rf)
	if err != nil {
		return false
	}
	r.claims.Lock()
	defer r.claims.Unlock()
	return r.claims.reserved[blk] || r.claims.released.Contains(blk)
}

// ReserveSpace takes disk space for the blocks below upTo without handing any out, for callers that choose blocks
// themselves.
func (p *Pool) ReserveSpace(rf page.RelFile, upTo page.BlockNumber) error {
	return p.cfg.Storage.Reserve(rf, upTo)
}

// setLength makes n the length and forgets the blocks from there on.
func (r *relation) setLength(n page.BlockNumber) {
	r.claims.Lock()
	defer r.claims.Unlock()
	r.length.Store(uint32(n))
	r.claims.next = min(r.claims.next, n)
	maps.DeleteFunc(r.claims.reserved, func(blk page.BlockNumber, _ bool) bool { return blk >= n })
	for blk, ok := r.claims.released.Max(); ok && blk >= n; blk, ok = r.claims.released.Max() {
		r.claims.released.Delete(blk)
	}
	r.countClaimsLocked()
}
