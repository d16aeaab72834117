package genericxlog

import (
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/walrec"
)

// InstallImages makes pages the first blocks of a fork, as the record at [start, end) says that carries them: the
// creation of an unlogged relation, whose init fork they are. Pages that are there already stay as they are, so
// that replay may do it again. The file must exist.
func (m *Manager) InstallImages(rel Relation, pages []page.Page, start, end page.LSN) error {
	for i, p := range pages {
		if err := m.installImage(rel.Tag(page.BlockNumber(i)), p, start, end); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manager) installImage(tag page.Tag, p page.Page, start, end page.LSN) error {
	if err := p.Validate(); err != nil {
		return &ValidationError{Tag: tag, Reason: "bad page layout", Err: err}
	}
	b, err := m.pool.PinNew(tag)
	if err != nil {
		return err
	}
	defer b.Unpin()
	b.Lock()
	defer b.Unlock()
	if b.Version() >= start {
		return nil
	}
	sealed := newPage()
	defer freePage(sealed)
	copy(sealed, p)
	sealed.Seal(tag, start, sealed.ContentCRC())
	defer m.critical()
	b.MarkDirty()
	b.Install(sealed, start, end)
	return nil
}

// createdBy returns what a relation create record says about a block of an init fork.
func createdBy(rec *wal.Record, payload []byte, tag page.Tag) (BlockRef, error) {
	r, err := walrec.DecodeRelCreate(payload)
	if err != nil {
		return BlockRef{}, err
	}
	if r.Rel != tag.Rel || tag.Fork != page.InitFork || int(tag.Block) >= len(r.InitPages) {
		return BlockRef{}, &ReplayError{Tag: tag, LSN: rec.LSN, Reason: "the record does not mention the page"}
	}
	ed := page.NewEditor(page.New())
	ed.ReplaceImage(r.InitPages[tag.Block])
	c, changed := ed.Change(true)
	if !changed {
		return BlockRef{}, fmt.Errorf("page %v: empty image in the record at %v", tag, rec.LSN)
	}
	return BlockRef{Block: tag.Block, CRC: ed.Page().ContentCRC(), Change: c}, nil
}
