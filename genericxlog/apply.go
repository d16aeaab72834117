package genericxlog

import (
	"fmt"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
)

// ApplyBlocks redoes the page changes of a record: all pages are locked in the order of the record, pages that already
// have the change are skipped, every other page is rebuilt on a copy and compared with the record's CRC (G5), and when all
// are good they are installed and the locks released in the same order. An error is a *ReplayError or comes from
// reading a page, and leaves every page as it was.
//
// missing is called for a block that the record expects to exist and that is not there (it was truncated or
// dropped later on, or the file is damaged); if it returns nil the block is skipped. A nil missing makes that an error.
func (m *Manager) ApplyBlocks(b Body, rec *wal.Record, missing func(page.Tag) error) (applied int, err error) {
	if len(b.Blocks) == 0 {
		return 0, nil
	}
	r := replay{rec: rec, rel: b.Rel, pages: make([]replayed, 0, len(b.Blocks))}
	defer r.unlock()
	for i := range b.Blocks {
		buf, err := m.pool.PinForRedo(b.Tag(&b.Blocks[i]))
		if err != nil {
			return 0, err
		}
		buf.Lock()
		r.pages = append(r.pages, replayed{buf: buf, ref: &b.Blocks[i]})
	}
	for i := range r.pages {
		if err := r.rebuild(&r.pages[i], missing); err != nil {
			return 0, err
		}
	}
	defer m.critical()
	return r.install(), nil
}

// replay is one record being applied.
type replay struct {
	rec   *wal.Record
	rel   Relation
	pages []replayed
}

// replayed is one page of it. after is nil for a page that is skipped.
type replayed struct {
	buf   *buffer.Buffer
	ref   *BlockRef
	after page.Page
}

// rebuild makes the new content of one page on a copy.
func (r *replay) rebuild(p *replayed, missing func(page.Tag) error) error {
	old := p.buf.Page()
	switch {
	case old.LSN() >= r.rec.LSN:
		return nil
	case old.LSN() == 0 && p.ref.PrevLSN != 0 && p.ref.Change.Mode != page.ModeImage && missing != nil:
		return missing(p.buf.Tag())
	}
	after, err := p.ref.Redo(p.ref.tag(r.rel), old, r.rec.LSN)
	if err != nil {
		return err
	}
	p.after = after
	return nil
}

// Redo returns the page after the change of the record at lsn, given the page before it.
func (b *BlockRef) Redo(tag page.Tag, before page.Page, lsn page.LSN) (page.Page, error) {
	fail := func(err error, format string, args ...any) error {
		return &ReplayError{Tag: tag, LSN: lsn, PageLSN: before.LSN(), Reason: fmt.Sprintf(format, args...), Err: err}
	}
	if before.LSN() != b.PrevLSN && b.Change.Mode != page.ModeImage {
		return nil, fail(nil, "it was made for the page at %v", b.PrevLSN)
	}
	after := newPage()
	copy(after, before)
	if err := b.Change.Apply(after, lsn); err != nil {
		return nil, fail(err, "the change cannot be applied")
	}
	crc := after.ContentCRC()
	if crc != b.CRC {
		return nil, fail(nil, "the content after it has CRC %08x, the record says %08x", crc, b.CRC)
	}
	after.Seal(tag, lsn, crc)
	return after, nil
}

func (r *replay) install() (applied int) {
	for i := range r.pages {
		if p := &r.pages[i]; p.after != nil {
			p.buf.MarkDirty()
		}
	}
	for i := range r.pages {
		if p := &r.pages[i]; p.after != nil {
			p.buf.Install(p.after, r.rec.LSN, r.rec.EndLSN)
			applied++
		}
	}
	return applied
}

func (r *replay) unlock() {
	for i := range r.pages {
		r.pages[i].buf.Unlock()
		r.pages[i].buf.Unpin()
		freePage(r.pages[i].after)
	}
}
