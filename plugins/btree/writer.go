package btree

import (
	"encoding/binary"
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

// newWriter begins an attempt at changing the tree.
func newWriter(ix *sdk.Index, x *sdk.XLog) *tree {
	t := newTree(ix)
	t.x, t.edited = x, make(map[page.BlockNumber]*page.Editor)
	return t
}

// newPage takes a block from the host and makes it an empty page without a bound. A block that was in the tree before
// begins its next life, and replay settles with readers who might know it by the one before (T7). The host may hand out a
// block that vacuum reported free and that was taken meanwhile; such a one is left alone.
func (t *tree) newPage(s special) (*page.Editor, link, error) {
	for range sdk.MaxBlocks {
		blk, err := t.ix.NewPage()
		if err != nil {
			return nil, link{}, err
		}
		ed, err := t.x.RegisterBuffer(blk, 0)
		if err != nil {
			return nil, link{}, err
		}
		p := ed.Page()
		if p.IsNew() {
			if err := initPage(ed, s); err != nil {
				return nil, link{}, err
			}
		} else {
			if checkTreePage(blk, p) != nil {
				continue
			}
			old := viewNode(blk, p)
			if !old.deleted() || p.NumItems() > 0 {
				continue
			}
			s.life = old.life + 1
			if err := t.revive(ed, blk, s); err != nil {
				return nil, link{}, err
			}
		}
		t.edited[blk] = ed
		return ed, link{blk, s.life}, nil
	}
	return nil, link{}, fmt.Errorf("%w: %d blocks handed out as free are in use", sdk.ErrConflict, sdk.MaxBlocks)
}

func initPage(ed *page.Editor, s special) error {
	if err := ed.Init(specialBytes, idTree); err != nil {
		return err
	}
	return ed.SetSpecial(0, s.encode(nil))
}

// revive puts a deleted page to use again.
func (t *tree) revive(ed *page.Editor, blk page.BlockNumber, s special) error {
	old := ed.Page().SpecialArea()
	deletedAt := page.LSN(binary.LittleEndian.Uint64(old[offDeletedAt:]))
	if !t.ix.Unlogged() {
		if err := t.x.SetConflictHorizon(blk, deletedAt); err != nil {
			return err
		}
	}
	return ed.SetSpecial(0, append(s.encode(nil), make([]byte, specialBytes-offDeletedAt)...))
}

// setSpecial writes the special space of a page in the tree.
func setSpecial(ed *page.Editor, s special) error { return ed.SetSpecial(0, s.encode(nil)) }
