package redo

import (
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/genericxlog"
)

// ResetUnlogged takes every unlogged relation back to its empty image, the pages of its init fork. Recovery on a primary
// and promotion do it: the log knows nothing of what was in those relations. It returns how many there were.
func (f Files) ResetUnlogged() (int, error) {
	rels, err := f.Storage.List()
	if err != nil {
		return 0, err
	}
	reset := 0
	for _, rel := range rels {
		there, err := f.Storage.Exists(page.RelFile{Rel: rel, Fork: page.InitFork})
		if err != nil {
			return reset, err
		}
		if !there {
			continue
		}
		if err := f.resetUnlogged(rel); err != nil {
			return reset, fmt.Errorf("reset unlogged relation %d: %w", rel, err)
		}
		reset++
	}
	return reset, nil
}

func (f Files) resetUnlogged(rel page.RelFileNumber) error {
	main := genericxlog.Relation{Rel: rel, Unlogged: true}
	if err := f.Storage.Create(main.File()); err != nil {
		return err
	}
	if err := f.empty(main.File()); err != nil {
		return err
	}
	if err := f.clearMap(rel); err != nil {
		return err
	}
	empty, err := f.readFork(genericxlog.Relation{Rel: rel, Fork: page.InitFork})
	if err != nil {
		return err
	}
	return f.GX.BulkWrite(main, 0, empty)
}

// clearMap empties the visibility map, if the relation has one.
func (f Files) clearMap(rel page.RelFileNumber) error {
	rf := page.RelFile{Rel: rel, Fork: page.VisibilityFork}
	if there, err := f.Storage.Exists(rf); err != nil || !there {
		return err
	}
	return f.empty(rf)
}

// empty cuts a fork to nothing.
func (f Files) empty(rf page.RelFile) error {
	if err := f.Pool.TruncateRelation(rf, 0); err != nil {
		return err
	}
	return f.Storage.Truncate(rf, 0)
}

// readFork returns copies of all pages of a fork.
func (f Files) readFork(rel genericxlog.Relation) ([]page.Page, error) {
	n, err := f.Pool.Length(rel.File())
	if err != nil {
		return nil, err
	}
	pages := make([]page.Page, 0, n)
	for blk := range n {
		b, err := f.Pool.Pin(rel.Tag(blk))
		if err != nil {
			return nil, err
		}
		b.RLock()
		pages = append(pages, append(page.Page(nil), b.Page()...))
		b.RUnlock()
		b.Unpin()
	}
	return pages, nil
}
