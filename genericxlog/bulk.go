package genericxlog

import (
	"fmt"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
)

// BulkWrite writes finished pages to the blocks from first on, MaxBlocks to a record, each page logged once as an image.
// It is for building a relation that nobody else uses yet, and extends the relation as needed: first may be
// at most its length. A bad page is a *ValidationError; records before it stay, so the builder drops the relation then.
func (m *Manager) BulkWrite(rel Relation, first page.BlockNumber, pages []page.Page) error {
	limit := MaxBlocks
	if !rel.Unlogged {
		limit = max(1, min(limit, (m.log.MaxBody()-2*maxFixedBytes)/(page.Size+maxBlockBytes)))
	}
	for len(pages) > 0 {
		n := min(len(pages), limit)
		if err := m.bulkRecord(rel, first, pages[:n]); err != nil {
			return err
		}
		first += page.BlockNumber(n)
		pages = pages[n:]
	}
	return nil
}

// bulkRecord writes up to MaxBlocks pages in one record.
func (m *Manager) bulkRecord(rel Relation, first page.BlockNumber, pages []page.Page) (err error) {
	s := m.Start(rel)
	defer s.Abort()
	defer func() {
		for i := range pages {
			if err != nil {
				m.pool.Release(rel.File(), first+page.BlockNumber(i))
			}
		}
	}()
	s.Annotate("bulk write")
	for i, p := range pages {
		tag := rel.Tag(first + page.BlockNumber(i))
		if len(p) != page.Size {
			return &ValidationError{Tag: tag, Reason: fmt.Sprintf("image of %d bytes, a page has %d", len(p), page.Size)}
		}
		b, err := m.pinBulk(rel, tag)
		if err != nil {
			return err
		}
		defer b.Unpin()
		b.Lock()
		defer b.Unlock()
		ed, err := s.RegisterBuffer(b, FullImage)
		if err != nil {
			return err
		}
		ed.ReplaceImage(p)
	}
	_, err = s.Finish()
	return err
}

// pinBulk pins the block, reserving it when it lies at the end of the relation.
func (m *Manager) pinBulk(rel Relation, tag page.Tag) (*buffer.Buffer, error) {
	length, err := m.pool.Length(rel.File())
	if err != nil {
		return nil, err
	}
	if tag.Block < length {
		return m.pool.Pin(tag)
	}
	if !m.pool.Reserved(rel.File(), tag.Block) {
		got, err := m.pool.Reserve(rel.File())
		if err != nil {
			return nil, err
		}
		if got != tag.Block {
			m.pool.Release(rel.File(), got)
			return nil, &ValidationError{Tag: tag, Reason: fmt.Sprintf("the next block of the relation is %d: blocks are written without gaps", got)}
		}
	}
	return m.pool.PinNew(tag)
}
