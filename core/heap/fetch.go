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
	err = h.withItem(rel, tid, func(item []byte) error {
		if visible, err = j.sees(item); err != nil {
			return corrupt(rel, tid, err)
		}
		if visible {
			row = append(buf, item[headerSize:]...)
		}
		return nil
	})
	return row, tid, visible, err
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
	item, ok := b.Page().Item(tid.Offset)
	if !ok {
		return nil
	}
	return f(item)
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
	visit := func(off page.OffsetNumber) (bool, error) {
		item, ok := p.Item(off)
		if !ok {
			return true, nil
		}
		tid := page.TID{Block: blk, Offset: off}
		visible, err := j.sees(item)
		if err != nil {
			return false, corrupt(rel, tid, err)
		}
		return !visible || fn(off, tid, item[headerSize:]), nil
	}
	if offsets == nil {
		for off := page.OffsetNumber(1); off <= page.OffsetNumber(p.NumItems()); off++ {
			if more, err := visit(off); !more {
				return err
			}
		}
		return nil
	}
	for _, off := range offsets {
		if more, err := visit(off); !more {
			return err
		}
	}
	return nil
}
