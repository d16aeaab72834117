package heap

import (
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// A pageCheck judges a heap page by its bytes alone: whether this could have been written by a heap whose transactions are numbered
// below next and whose rows have the form that row knows.
type pageCheck struct {
	next   xact.XID
	row    func(row []byte) error // nil: what is in the rows is not looked at
	report func(off page.OffsetNumber, problem string)
	// sound is called for every row version whose head has passed.
	sound func(off page.OffsetNumber, v header) error

	led map[page.OffsetNumber]bool // where redirects of the page lead
}

// page looks at every item. The error is that of sound.
func (c *pageCheck) page(blk page.BlockNumber, p page.Page) error {
	if err := p.Validate(); err != nil {
		c.report(0, err.Error())
		return nil
	}
	for off := page.OffsetNumber(1); off <= page.OffsetNumber(p.NumItems()); off++ {
		id := p.ItemID(off)
		if id.Flags() == page.ItemUnused {
			continue
		}
		if id.Flags() == page.ItemRedirect {
			c.redirect(p, off, page.OffsetNumber(id.Offset()))
			continue
		}
		item, ok := p.Item(off)
		if !ok {
			if id.Length() != 0 {
				c.report(off, fmt.Sprintf("line pointer of state %d with an item, which a heap never has", id.Flags()))
			}
			continue
		}
		if len(item) < headerSize {
			c.report(off, fmt.Sprintf("%v: %d bytes", errShortItem, len(item)))
			continue
		}
		v := decodeHeader(item)
		if problem := c.head(blk, v); problem != "" {
			c.report(off, problem)
			continue
		}
		if c.row != nil {
			if err := c.row(item[headerSize:]); err != nil {
				c.report(off, fmt.Sprintf("the columns of the table cannot be read from its %d bytes: %v", len(item)-headerSize, err))
			}
		}
		if err := c.sound(off, v); err != nil {
			return err
		}
	}
	return nil
}

// redirect checks that a root leads to a heap-only version, and no other root to the same.
func (c *pageCheck) redirect(p page.Page, root, to page.OffsetNumber) {
	item, ok := p.Item(to)
	switch {
	case !ok || len(item) < headerSize:
		c.report(root, fmt.Sprintf("redirects to %d, where no row version is", to))
	case itemMask(item)&infoHeapOnly == 0:
		c.report(root, fmt.Sprintf("redirects to %d, which is not heap-only", to))
	case c.led[to]:
		c.report(root, fmt.Sprintf("redirects to %d like another root", to))
	}
	if c.led == nil {
		c.led = map[page.OffsetNumber]bool{}
	}
	c.led[to] = true
}

// head says what is wrong with the head of a row version, or nothing.
func (c *pageCheck) head(blk page.BlockNumber, v header) string {
	switch {
	case v.xmin < xact.FirstXID || v.xmin >= c.next:
		return fmt.Sprintf("inserted by transaction %d, next is %d", v.xmin, c.next)
	case v.xmax != xact.InvalidXID && (v.xmax < xact.FirstXID || v.xmax >= c.next):
		return fmt.Sprintf("deleted by transaction %d, next is %d", v.xmax, c.next)
	case v.infomask&^infoKnown != 0:
		return fmt.Sprintf("unknown flags %#x", v.infomask)
	case v.infomask&infoHotUpdated != 0 && v.next.Offset == 0:
		return "has a heap-only successor and does not say where"
	case v.next.Offset == 0:
		return ""
	case v.xmax == xact.InvalidXID:
		return fmt.Sprintf("has the successor %v and was never replaced", v.next)
	case v.infomask&infoHotUpdated != 0 && v.next.Block != blk:
		return fmt.Sprintf("its heap-only successor is said to be at %v, which is another page", v.next)
	case !v.next.IsValid():
		return fmt.Sprintf("its successor is said to be at %v, which no page has", v.next)
	}
	return ""
}
