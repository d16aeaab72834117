package heap

import (
	"context"
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// Check looks a heap over and reports each problem found: items that are no row versions, transactions that cannot be, chains
// that lead nowhere. Problems are not errors. The heap may be in use.
func (h *Store) Check(ctx context.Context, rel Relation, report func(problem string)) error {
	c := checker{h: h, rel: rel, report: report}
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
		if err := h.copyPage(rel, blk, p); err != nil {
			return wrapRel(rel, "check", err)
		}
		if err := c.page(blk, p); err != nil {
			return wrapRel(rel, "check", err)
		}
	}
	return nil
}

type checker struct {
	h      *Store
	rel    Relation
	report func(string)
}

func (c *checker) problem(tid page.TID, format string, args ...any) {
	c.report(fmt.Sprintf("relation %s, row %v: %s", c.rel.Name, tid, fmt.Sprintf(format, args...)))
}

func (c *checker) page(blk page.BlockNumber, p page.Page) error {
	if err := p.Validate(); err != nil {
		c.problem(page.TID{Block: blk}, "%v", err)
		return nil
	}
	for off := page.OffsetNumber(1); off <= page.OffsetNumber(p.NumItems()); off++ {
		tid := page.TID{Block: blk, Offset: off}
		id := p.ItemID(off)
		if id.Flags() == page.ItemUnused {
			continue
		}
		item, ok := p.Item(off)
		if !ok {
			c.problem(tid, "line pointer of state %d, which a heap never uses", id.Flags())
			continue
		}
		if len(item) < headerSize {
			c.problem(tid, "%v: %d bytes", errShortItem, len(item))
			continue
		}
		if err := c.version(tid, decodeHeader(item)); err != nil {
			return err
		}
	}
	return nil
}

// version checks one head against the transactions and the chain.
func (c *checker) version(tid page.TID, v header) error {
	now := c.h.xact.NextXID() // may have moved on since the page was copied
	if v.xmin < xact.FirstXID || v.xmin >= now {
		c.problem(tid, "inserted by transaction %d, next is %d", v.xmin, now)
		return nil
	}
	if v.xmax != xact.InvalidXID && (v.xmax < xact.FirstXID || v.xmax >= now) {
		c.problem(tid, "deleted by transaction %d, next is %d", v.xmax, now)
		return nil
	}
	if v.infomask&^infoCombo != 0 {
		c.problem(tid, "unknown flags %#x", v.infomask)
	}
	if v.next.Offset == 0 {
		return nil
	}
	if v.xmax == xact.InvalidXID {
		c.problem(tid, "has the successor %v and was never replaced", v.next)
		return nil
	}
	return c.successor(tid, v)
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
	if err == nil && !found && lsn > c.h.xact.Horizon() {
		c.problem(tid, "its successor at %v is not the row that transaction %d put in its place", v.next, v.xmax)
	}
	return err
}
