package genericxlog

import (
	"errors"
	"fmt"
	"slices"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
)

// UndoPage takes p back to what it was at LSN to: to the last change that starts at or before it. It walks the page's own
// chain of records (G4), undoing each change; where one cannot be undone it goes on back to a version that stands on its
// own and comes forward again. read returns the record that starts at an LSN, valid until it is called again. A page that
// did not exist yet becomes all zero. On an error p is left as it was.
func UndoPage(p page.Page, tag page.Tag, read func(page.LSN) (*wal.Record, error), to page.LSN) error {
	work := newPage()
	defer freePage(work)
	copy(work, p)
	h := history{tag: tag, read: read}
	for work.LSN() > to {
		err := h.stepBack(work)
		if errors.Is(err, page.ErrBarrier) {
			err = h.rebuild(work, to)
		}
		if err != nil {
			return err
		}
	}
	copy(p, work)
	return nil
}

// history reads the chain of one page.
type history struct {
	tag  page.Tag
	read func(page.LSN) (*wal.Record, error)
}

// ref returns what the record at lsn says about the page.
func (h *history) ref(lsn page.LSN) (BlockRef, error) {
	rec, err := h.read(lsn)
	if err != nil {
		return BlockRef{}, fmt.Errorf("history of page %v at %v: %w", h.tag, lsn, err)
	}
	b, err := DecodeBody(rec.Body, rec.LSN)
	if err != nil {
		return BlockRef{}, err
	}
	if rec.Kind == wal.RelCreate {
		return createdBy(rec, b.Payload, h.tag)
	}
	for i := range b.Blocks {
		if b.Tag(&b.Blocks[i]) == h.tag {
			return b.Blocks[i], nil
		}
	}
	return BlockRef{}, &ReplayError{Tag: h.tag, LSN: lsn, Reason: "the record does not mention the page"}
}

// stepBack undoes the last change of p.
func (h *history) stepBack(p page.Page) error {
	lsn := p.LSN()
	ref, err := h.ref(lsn)
	if err != nil {
		return err
	}
	if crc := p.ContentCRC(); crc != ref.CRC {
		return &ReplayError{Tag: h.tag, LSN: lsn, PageLSN: lsn, Reason: fmt.Sprintf("the content has CRC %08x, the record says %08x", crc, ref.CRC)}
	}
	if ref.Change.Barrier {
		return page.ErrBarrier
	}
	if err := ref.Change.Undo(p, lsn); err != nil {
		return &ReplayError{Tag: h.tag, LSN: lsn, PageLSN: lsn, Reason: "the change cannot be undone", Err: err}
	}
	if ref.PrevLSN == 0 {
		clear(p)
		return nil
	}
	p.Seal(h.tag, ref.PrevLSN, p.ContentCRC())
	return nil
}

// rebuild makes p the version that was current at LSN to, from the nearest earlier version that stands on its own.
func (h *history) rebuild(p page.Page, to page.LSN) error {
	type step struct {
		lsn page.LSN
		ref BlockRef
	}
	var forward []step
	for lsn := p.LSN(); lsn != 0; {
		ref, err := h.ref(lsn)
		if err != nil {
			return err
		}
		if lsn <= to {
			ref.Change.Payload = slices.Clone(ref.Change.Payload) // it is part of the record, which the next read takes away
			forward = append(forward, step{lsn, ref})
			if ref.Change.Mode == page.ModeImage || ref.Change.NewPage {
				break
			}
		}
		lsn = ref.PrevLSN
	}
	clear(p)
	for i := len(forward) - 1; i >= 0; i-- {
		after, err := forward[i].ref.Redo(h.tag, p, forward[i].lsn)
		if err != nil {
			return err
		}
		copy(p, after)
		freePage(after)
	}
	return nil
}
