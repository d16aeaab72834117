package heap

import (
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// Rows fetches rows by their places for one snapshot, as Fetch does, when many of them lie on the same pages: it works on a copy of one page
// and holds neither a lock nor a pin between calls. The copy may be older than the place that is asked for: what the snapshot sees was on the
// page when the snapshot was taken, and is neither moved nor removed as long as it is in use. Rows serves one goroutine.
type Rows struct {
	h     *Store
	rel   Relation
	judge judge
	page  page.Page
	back  func()
	blk   page.BlockNumber // in page
	full  bool             // page is a copy of blk
}

// Rows returns a reader without a page.
func (h *Store) Rows(snap *xact.Snapshot, rel Relation) *Rows {
	return &Rows{h: h, rel: rel, judge: newJudge(snap)}
}

// Has reports whether the page of blk is at hand.
func (r *Rows) Has(blk page.BlockNumber) bool { return r.full && r.blk == blk }

// Fetch is Store.Fetch. The row is valid until the reader goes on to another page.
func (r *Rows) Fetch(tid page.TID) (row []byte, at page.TID, visible bool, err error) {
	if !r.Has(tid.Block) {
		if err := r.turn(tid); err != nil {
			return nil, tid, false, err
		}
	}
	off, item, err := r.judge.seen(chainFrom(r.page, tid.Block, tid.Offset))
	at = page.TID{Block: tid.Block, Offset: off}
	if err != nil {
		return nil, at, false, corrupt(r.rel, at, err)
	}
	if item == nil {
		return nil, at, false, nil
	}
	return item[headerSize:], at, true, nil
}

// turn copies the page of tid.
func (r *Rows) turn(tid page.TID) error {
	r.full = false
	if n, err := r.h.pool.Length(r.rel.File()); err != nil || tid.Block >= n {
		if err == nil {
			err = noRow(r.rel, tid, n)
		}
		return err
	}
	if r.page == nil {
		r.page, r.back = r.h.borrowPage()
	}
	if err := r.h.copyPage(r.rel, tid.Block, r.page); err != nil {
		return wrapRel(r.rel, "fetch from", err)
	}
	r.blk, r.full = tid.Block, true
	return nil
}

// Close gives the page copy back; rows become invalid. It may be called twice, and the reader goes on working.
func (r *Rows) Close() {
	if r.page != nil {
		r.page, r.full = nil, false
		r.back()
	}
}
