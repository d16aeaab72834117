package heap

import (
	"context"

	"github.com/quiredb/quire/core/page"
)

// truncate gives empty pages at the end back to the file system, if there are any and nobody is in the way.
func (v *vacuum) truncate() error {
	n, err := v.h.pool.Length(v.rel.File())
	v.stats.Pages = n
	if err != nil || v.opts.Truncate == nil {
		return err
	}
	if keep, err := v.h.usedLength(v.rel, n); err != nil || keep == n {
		return err
	}
	release, ok := v.opts.Truncate()
	if !ok {
		return nil
	}
	defer release()
	if n, err = v.h.pool.Length(v.rel.File()); err != nil {
		return err
	}
	keep, err := v.h.usedLength(v.rel, n) // again, now that nobody inserts
	if err != nil || keep == n {
		return err
	}
	if err := v.h.Truncate(v.ctx, v.rel, keep); err != nil {
		return err
	}
	v.stats.Pages, v.stats.Truncated = keep, n-keep
	return nil
}

// usedLength returns how many pages are left without the empty ones at the end.
func (h *Store) usedLength(rel Relation, n page.BlockNumber) (page.BlockNumber, error) {
	p, back := h.borrowPage()
	defer back()
	for ; n > 0; n-- {
		if err := h.copyPage(rel, n-1, p); err != nil {
			return n, err
		}
		if !emptyPage(p) {
			break
		}
	}
	return n, nil
}

func emptyPage(p page.Page) bool {
	for off := page.OffsetNumber(1); off <= page.OffsetNumber(p.NumItems()); off++ {
		if p.ItemID(off).Flags() != page.ItemUnused {
			return false
		}
	}
	return true
}

// Truncate cuts the heap to its first n pages; those behind must be empty, or go with everything in them by intent. The
// caller holds AccessExclusive on the table. The record is durable before the file shrinks.
func (h *Store) Truncate(ctx context.Context, rel Relation, n page.BlockNumber) error {
	h.state(rel).cut(n)
	if !rel.Unlogged {
		return h.files.Truncate(context.WithoutCancel(ctx), 0, rel.File(), n)
	}
	if err := h.pool.TruncateRelation(rel.File(), n); err != nil {
		return err
	}
	return h.storage.Truncate(rel.File(), n)
}

// cut forgets the pages from n on.
func (s *relState) cut(n page.BlockNumber) {
	for i := range s.slots {
		sl := &s.slots[i]
		sl.mu.Lock()
		if sl.block >= n {
			sl.block = page.InvalidBlock
		}
		sl.mu.Unlock()
	}
	s.mu.Lock()
	s.free.cut(n)
	s.rows = s.rows[:min(len(s.rows), int(n))]
	s.mu.Unlock()
}
