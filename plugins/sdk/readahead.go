package sdk

import (
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
)

// A PageReader walks a range of blocks, a hundred and more to a round trip, and asks for the next stretch while the
// caller works on the current one. Other requests may be made in between.
//
//	r := ix.ReadPages(1, nblocks)
//	for r.Next() {
//		... r.Block(), r.Page() ...
//	}
//	if err := r.Err(); err != nil { ... }
type PageReader struct {
	ix      *Index
	next    page.BlockNumber // first block not asked for yet
	end     page.BlockNumber
	keep    bool // the range fits the cache: remember its pages
	ahead   func() ([]wire.PageRead, error)
	asked   []wire.PageRef
	held    []page.Page // what the cache holds of asked, for "unchanged"
	at      []int       // where in found the pages that were asked for belong
	found   []readPage  // the stretch, with the pages that needed no asking
	current []readPage
	pos     int
	err     error
}

type readPage struct {
	blk     page.BlockNumber
	page    page.Page
	version page.LSN
}

// ReadPages returns a reader over the blocks [first, end).
func (ix *Index) ReadPages(first, end page.BlockNumber) *PageReader {
	r := &PageReader{ix: ix, next: first, end: end, pos: -1}
	r.keep = end > first && int(end-first) <= ix.cache.limit/2
	r.ask()
	return r
}

// Next moves to the next page. It returns false at the end and after an error.
func (r *PageReader) Next() bool {
	if r.err != nil {
		return false
	}
	if r.ix.turn != nil {
		if r.err = r.ix.turn(); r.err != nil {
			return false
		}
	}
	r.pos++
	if r.pos >= len(r.current) {
		if r.ahead == nil {
			r.pos = len(r.current)
			return false
		}
		if r.err = r.fetch(); r.err != nil {
			return false
		}
	}
	cur := &r.current[r.pos]
	r.ix.saw(cur.blk, cur.version)
	return true
}

// Block is the current block.
func (r *PageReader) Block() page.BlockNumber { return r.current[r.pos].blk }

// Page is the current page. It must not be changed (K1).
func (r *PageReader) Page() page.Page { return r.current[r.pos].page }

// Version is the current page's version.
func (r *PageReader) Version() page.LSN { return r.current[r.pos].version }

// Err is what ended the walk early, nil if nothing did.
func (r *PageReader) Err() error { return r.err }

// ask requests the next stretch.
func (r *PageReader) ask() {
	r.ahead, r.asked, r.held, r.at, r.found = nil, nil, nil, nil, nil
	n := min(int64(r.end)-int64(r.next), wire.MaxReadPages)
	if n <= 0 {
		return
	}
	cache, rel := r.ix.cache, r.ix.info.Rel
	r.found = make([]readPage, n)
	for i := range r.found {
		blk := r.next + page.BlockNumber(i)
		if c, ok := cache.current(rel, blk); ok {
			r.found[i] = readPage{blk, c.page, c.version}
			continue
		}
		ref, held := wire.PageRef{Block: blk}, page.Page(nil)
		if c, ok := cache.get(rel, blk); ok {
			ref.Known, held = c.version, c.page
		}
		r.asked, r.held, r.at = append(r.asked, ref), append(r.held, held), append(r.at, i)
	}
	r.next += page.BlockNumber(n)
	r.ahead = func() ([]wire.PageRead, error) { return nil, nil }
	if len(r.asked) > 0 {
		r.ahead = r.ix.carrier.StartRead(r.ix.ctx, r.asked)
	}
}

// fetch takes the stretch under way and requests the one after it.
func (r *PageReader) fetch() error {
	asked, held, found := r.asked, r.held, r.found
	reads, err := r.ahead()
	if err != nil {
		return fmt.Errorf("read blocks [%d,%d) of index %s: %w", asked[0].Block, r.next, r.ix.info.Name, err)
	}
	for i, got := range reads {
		p := got.Page
		r.ix.cache.located(r.ix.info.Rel, asked[i].Block, got.Frame)
		if got.Unchanged {
			p = held[i]
		} else if r.keep {
			r.ix.cache.put(r.ix.info.Rel, asked[i].Block, p, got.Version)
		}
		found[r.at[i]] = readPage{blk: asked[i].Block, page: p, version: got.Version}
	}
	r.current, r.pos = found, 0
	r.ask()
	return nil
}
