package heap

import (
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// Fetch appends the version that snap sees of the row that an index has at tid, and returns where that version lies: at tid itself, or
// further on in its chain. A place without a row is not an error: the row may have been vacuumed after an index named it. A block past
// the end is one, XX001.
func (h *Store) Fetch(snap *xact.Snapshot, rel Relation, tid page.TID, buf []byte) (row []byte, at page.TID, visible bool, err error) {
	j := newJudge(snap)
	err = h.withPage(rel, tid, func(p page.Page) error {
		off, item, err := j.seen(chainFrom(p, tid.Block, tid.Offset))
		at = page.TID{Block: tid.Block, Offset: off}
		if err != nil {
			return corrupt(rel, at, err)
		}
		if item != nil {
			row, visible = append(buf, item[headerSize:]...), true
		}
		return nil
	})
	return row, at, visible, err
}

// FetchVersion appends the row version at tid to buf, whoever may see it, and reports whether there is one. It is for
// following Changed: that version is committed.
func (h *Store) FetchVersion(rel Relation, tid page.TID, buf []byte) (row []byte, found bool, err error) {
	err = h.withItem(rel, tid, func(item []byte) error {
		if len(item) < headerSize {
			return corrupt(rel, tid, errShortItem)
		}
		row, found = append(buf, item[headerSize:]...), true
		return nil
	})
	return row, found, err
}

// withItem calls f with the item at tid, if there is one, under the page's shared lock.
func (h *Store) withItem(rel Relation, tid page.TID, f func(item []byte) error) error {
	return h.withPage(rel, tid, func(p page.Page) error {
		item, ok := p.Item(tid.Offset)
		if !ok {
			return nil
		}
		return f(item)
	})
}

// withPage calls f with the page of tid, under its shared lock.
func (h *Store) withPage(rel Relation, tid page.TID, f func(p page.Page) error) error {
	if n, err := h.pool.Length(rel.File()); err != nil || tid.Block >= n {
		if err == nil {
			err = noRow(rel, tid, n)
		}
		return err
	}
	b, err := h.pool.Pin(rel.tag(tid.Block))
	if err != nil {
		return wrapRel(rel, "fetch from", err)
	}
	defer b.Unpin()
	b.RLock()
	defer b.RUnlock()
	return f(b.Page())
}

// FetchBlock calls fn with the rows of one block that snap sees: those that indexes have at offsets, which ascend, or all if offsets is
// nil. from is the offset that led to the row (its own if offsets is nil), tid the place of the version that is seen. The
// row is valid during the call. fn returns false to stop. No lock is held while fn runs.
func (h *Store) FetchBlock(snap *xact.Snapshot, rel Relation, blk page.BlockNumber, offsets []page.OffsetNumber, fn func(from page.OffsetNumber, tid page.TID, row []byte) bool) error {
	n, err := h.pool.Length(rel.File())
	if err != nil {
		return wrapRel(rel, "fetch from", err)
	}
	if blk >= n {
		return noRow(rel, page.TID{Block: blk, Offset: 1}, n)
	}
	p, back := h.borrowPage()
	defer back()
	if err := h.copyPage(rel, blk, p); err != nil {
		return wrapRel(rel, "fetch from", err)
	}
	j := newJudge(snap)
	if offsets == nil {
		return j.eachVersion(rel, p, blk, fn)
	}
	for _, root := range offsets {
		off, item, err := j.seen(chainFrom(p, blk, root))
		tid := page.TID{Block: blk, Offset: off}
		if err != nil {
			return corrupt(rel, tid, err)
		}
		if item != nil && !fn(root, tid, item[headerSize:]) {
			return nil
		}
	}
	return nil
}

// eachVersion calls fn with the versions on a page that the snapshot sees, each for itself.
func (j *judge) eachVersion(rel Relation, p page.Page, blk page.BlockNumber, fn func(from page.OffsetNumber, tid page.TID, row []byte) bool) error {
	for off := page.OffsetNumber(1); off <= page.OffsetNumber(p.NumItems()); off++ {
		item, ok := p.Item(off)
		if !ok {
			continue
		}
		tid := page.TID{Block: blk, Offset: off}
		visible, err := j.sees(item)
		if err != nil {
			return corrupt(rel, tid, err)
		}
		if visible && !fn(off, tid, item[headerSize:]) {
			return nil
		}
	}
	return nil
}
