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
}

// page looks at every item. The error is that of sound.
func (c *pageCheck) page(p page.Page) error {
	if err := p.Validate(); err != nil {
		c.report(0, err.Error())
		return nil
	}
	for off := page.OffsetNumber(1); off <= page.OffsetNumber(p.NumItems()); off++ {
		id := p.ItemID(off)
		if id.Flags() == page.ItemUnused {
			continue
		}
		item, ok := p.Item(off)
		if !ok {
			c.report(off, fmt.Sprintf("line pointer of state %d, which a heap never uses", id.Flags()))
			continue
		}
		if len(item) < headerSize {
			c.report(off, fmt.Sprintf("%v: %d bytes", errShortItem, len(item)))
			continue
		}
		v := decodeHeader(item)
		if problem := c.head(v); problem != "" {
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

// head says what is wrong with the head of a row version, or nothing.
func (c *pageCheck) head(v header) string {
	switch {
	case v.xmin < xact.FirstXID || v.xmin >= c.next:
		return fmt.Sprintf("inserted by transaction %d, next is %d", v.xmin, c.next)
	case v.xmax != xact.InvalidXID && (v.xmax < xact.FirstXID || v.xmax >= c.next):
		return fmt.Sprintf("deleted by transaction %d, next is %d", v.xmax, c.next)
	case v.infomask&^infoCombo != 0:
		return fmt.Sprintf("unknown flags %#x", v.infomask)
	case v.next.Offset == 0:
		return ""
	case v.xmax == xact.InvalidXID:
		return fmt.Sprintf("has the successor %v and was never replaced", v.next)
	case !v.next.IsValid():
		return fmt.Sprintf("its successor is said to be at %v, which no page has", v.next)
	}
	return ""
}
