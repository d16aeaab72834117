package heap

import (
	"context"
	"errors"
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/storage"
	"github.com/quiredb/quire/core/xact"
)

// Check looks a heap over and reports each problem found: pages that cannot be read, items that are no row versions, transactions that
// cannot be, chains that lead nowhere and versions that no chain leads to, bits of the visibility map that should not be set, and rows that row refuses, if it is given. Problems are not errors. The heap may be in
// use.
func (h *Store) Check(ctx context.Context, rel Relation, row func(row []byte) error, report func(problem string)) error {
	c := checker{h: h, rel: rel, row: row, report: report, seen: &Visibility{h: h, rel: rel}}
	defer c.seen.Close()
	n, err := h.pool.Length(rel.File())
	if err != nil {
		return wrapRel(rel, "check", err)
	}
	p, back := h.borrowPage()
	defer back()
	for blk := range n {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := c.block(blk, p); err != nil {
			return wrapRel(rel, "check", err)
		}
	}
	return wrapRel(rel, "check", c.beyond())
}

type checker struct {
	h      *Store
	rel    Relation
	row    func(row []byte) error
	report func(string)

	seen    *Visibility
	visible mapCheck
}

func (c *checker) problem(tid page.TID, format string, args ...any) {
	what := fmt.Sprintf("row %v", tid)
	if tid.Offset == 0 {
		what = fmt.Sprintf("page %d", tid.Block)
	}
	c.report(fmt.Sprintf("relation %s, %s: %s", c.rel.Name, what, fmt.Sprintf(format, args...)))
}

// block copies one page to p and checks it.
func (c *checker) block(blk page.BlockNumber, p page.Page) error {
	err := c.copyWithBit(blk, p)
	if isCorrupt(err) {
		c.problem(page.TID{Block: blk}, "%v", err)
		return nil
	}
	if err != nil {
		return err
	}
	pc := pageCheck{
		next: c.h.xact.NextXID(), // after the copy was made: nothing in it is newer
		row:  c.row,
		report: func(off page.OffsetNumber, problem string) {
			c.problem(page.TID{Block: blk, Offset: off}, "%s", problem)
		},
		sound: func(off page.OffsetNumber, v header) error {
			if err := c.seenByAll(page.TID{Block: blk, Offset: off}, v); err != nil {
				return err
			}
			if v.next.Offset == 0 {
				return nil
			}
			return c.successor(page.TID{Block: blk, Offset: off}, v)
		},
	}
	if c.visible.set {
		for _, off := range deadPointers(p) {
			c.notVisible(page.TID{Block: blk, Offset: off}, "dead, and not vacuumed")
		}
	}
	if err := pc.page(blk, p); err != nil || p.Validate() != nil {
		return err
	}
	return c.chains(blk, p)
}

// successor checks H4. Once the version itself is dead, its successor may be gone before it is.
func (c *checker) successor(tid page.TID, v header) error {
	state, lsn, err := c.h.xact.Status(v.xmax)
	if err != nil || state != xact.Committed {
		return err
	}
	n, err := c.h.pool.Length(c.rel.File())
	if err != nil {
		return err
	}
	found := false
	if v.next.Block < n {
		err = c.h.withItem(c.rel, v.next, func(item []byte) error {
			found = len(item) >= headerSize && decodeHeader(item).xmin == v.xmax
			return nil
		})
	}
	if isCorrupt(err) {
		return nil // that page is reported by itself
	}
	if err == nil && !found && lsn > c.h.xact.Horizon() {
		c.problem(tid, "its successor at %v is not the row that transaction %d put in its place", v.next, v.xmax)
	}
	return err
}

func isCorrupt(err error) bool {
	_, corrupt := errors.AsType[*storage.CorruptPageError](err)
	return corrupt
}

// IsTaken reports whether the heap has a line pointer at tid that is in use, for whatever: what an index may lead to.
func (h *Store) IsTaken(rel Relation, tid page.TID) (bool, error) {
	if n, err := h.pool.Length(rel.File()); err != nil || tid.Block >= n {
		return false, err
	}
	b, err := h.pool.Pin(rel.tag(tid.Block))
	if err != nil {
		return false, wrapRel(rel, "check", err)
	}
	defer b.Unpin()
	b.RLock()
	defer b.RUnlock()
	p := b.Page()
	return tid.Offset >= 1 && int(tid.Offset) <= p.NumItems() && p.ItemID(tid.Offset).Flags() != page.ItemUnused, nil
}
