package amtest

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
)

// Finish applies edits to all blocks or to none, as a host does.
func (p *Pages) Finish(ctx context.Context, f wire.Finish) ([]page.LSN, error) {
	if err := p.request(ctx); err != nil {
		return nil, err
	}
	s, blocks := p.store, f.Blocks
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, fate := range p.fatesLocked(f.Dead) {
		if fate.State != wire.RowDead {
			return nil, wire.ErrAlive
		}
	}
	if err := p.waitLocked(ctx); err != nil {
		return nil, err
	}
	if s.conflicts != nil && s.mu.alone == nil && len(blocks) > 0 && s.conflicts() {
		s.touchLocked(blocks[0].Block)
	}
	lsn := s.mu.last + 1
	rec := record{lsn: lsn}
	after := make([]page.Page, len(blocks))
	for i, b := range blocks {
		base, err := p.baseLocked(b)
		if err != nil {
			return nil, err
		}
		c, err := changeOf(base, b, lsn)
		if err != nil {
			return nil, invalid(b.Block, err)
		}
		if c != nil {
			rec.changes = append(rec.changes, blockChange{b.Block, *c})
			after[i] = slices.Clone(base)
			if err := c.Apply(after[i], lsn); err != nil {
				return nil, invalid(b.Block, err)
			}
		}
	}
	versions := make([]page.LSN, len(blocks))
	for i, b := range blocks {
		versions[i] = b.Version
		if after[i] != nil {
			s.installLocked(b.Block, after[i], lsn)
			versions[i] = lsn
			delete(p.handed, b.Block)
		}
	}
	if len(rec.changes) > 0 {
		s.mu.last = lsn
		s.mu.log = append(s.mu.log, rec)
	}
	return versions, nil
}

// baseLocked returns the page an edit was made upon, or says why it was not.
func (p *Pages) baseLocked(b wire.BlockEdit) (page.Page, error) {
	s := p.store
	recycled, handed := p.handed[b.Block]
	if b.New {
		if !handed || recycled {
			return nil, invalid(b.Block, fmt.Errorf("called new, and was not handed out to this call"))
		}
		if int(b.Block) < len(s.mu.pages) && s.mu.pages[b.Block].version != 0 {
			return nil, fmt.Errorf("block %d: %w", b.Block, wire.ErrConflict)
		}
		return page.New(), nil
	}
	if int(b.Block) >= len(s.mu.pages) {
		return nil, invalid(b.Block, fmt.Errorf("lies beyond the end"))
	}
	if s.mu.pages[b.Block].version != b.Version {
		return nil, fmt.Errorf("block %d: %w", b.Block, wire.ErrConflict)
	}
	return s.mu.pages[b.Block].page, nil
}

// changeOf runs an edit on a copy and describes what it changed, nil for nothing. The change must hold in both
// directions (T1).
func changeOf(base page.Page, b wire.BlockEdit, lsn page.LSN) (*page.Change, error) {
	ed := page.NewEditor(base)
	if b.Image != nil {
		ed.ReplaceImage(b.Image)
	} else if err := ed.Replay(b.Forward); err != nil {
		return nil, err
	}
	c, changed := ed.Change(b.FullImage)
	if err := ed.Page().Validate(); err != nil {
		return nil, err
	}
	if !changed {
		return nil, nil
	}
	c.Payload = slices.Clone(c.Payload)
	p := slices.Clone(base)
	if err := c.Apply(p, lsn); err != nil {
		return nil, fmt.Errorf("apply: %w", err)
	}
	if !c.Barrier {
		back := slices.Clone(p)
		if err := c.Undo(back, lsn); err != nil {
			return nil, fmt.Errorf("undo: %w", err)
		}
		if !bytes.Equal(back[page.ContentStart:], base[page.ContentStart:]) {
			return nil, fmt.Errorf("undo does not lead back")
		}
	}
	return &c, nil
}

func invalid(blk page.BlockNumber, err error) error {
	return wire.Errorf(wire.ErrInvalidEdit, "block %d: %v", blk, err)
}

// installLocked makes p the page of a block, which may lie beyond the end.
func (s *Store) installLocked(blk page.BlockNumber, p page.Page, lsn page.LSN) {
	for int(blk) >= len(s.mu.pages) {
		s.mu.pages = append(s.mu.pages, storedPage{page: page.New()})
	}
	p.SetLSN(lsn)
	s.mu.pages[blk] = storedPage{page: p, version: lsn}
	delete(s.mu.reserved, blk)
}

// touchLocked lets a page move on without changing what it holds.
func (s *Store) touchLocked(blk page.BlockNumber) {
	if int(blk) < len(s.mu.pages) && s.mu.pages[blk].version != 0 {
		s.mu.last++
		p := slices.Clone(s.mu.pages[blk].page)
		p.SetLSN(s.mu.last)
		s.mu.pages[blk] = storedPage{page: p, version: s.mu.last}
	}
}

// BulkWrite writes whole pages.
func (p *Pages) BulkWrite(ctx context.Context, first page.BlockNumber, pages []page.Page) error {
	if err := p.request(ctx); err != nil {
		return err
	}
	s := p.store
	s.mu.Lock()
	defer s.mu.Unlock()
	lsn := s.mu.last + 1
	rec := record{lsn: lsn}
	for i, img := range pages {
		blk := first + page.BlockNumber(i)
		base := page.New()
		if int(blk) < len(s.mu.pages) {
			base = s.mu.pages[blk].page
		}
		c, err := changeOf(base, wire.BlockEdit{Block: blk, Image: img, FullImage: true}, lsn)
		if err != nil {
			return invalid(blk, err)
		}
		if c == nil {
			continue
		}
		after := slices.Clone(base)
		if err := c.Apply(after, lsn); err != nil {
			return invalid(blk, err)
		}
		s.installLocked(blk, after, lsn)
		rec.changes = append(rec.changes, blockChange{blk, *c})
	}
	s.mu.last = lsn
	s.mu.log = append(s.mu.log, rec)
	return nil
}
