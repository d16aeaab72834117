package heap

import (
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// pageAndBit copies a page and returns its bit in the visibility map, both as they are at one moment.
func (c *checker) pageAndBit(blk page.BlockNumber, p page.Page) (set bool, since page.LSN, err error) {
	b, err := c.h.pool.Pin(c.rel.tag(blk))
	if err != nil {
		return false, 0, err
	}
	defer b.Unpin()
	b.RLock()
	defer b.RUnlock()
	copy(p, b.Page())
	set, since = c.seen.bit(blk)
	return set, since, nil
}

// seenByAll checks H8 for a version on a page that is all visible.
func (c *checker) seenByAll(tid page.TID, v header, since page.LSN) error {
	in, lsn, err := c.h.xact.Status(v.xmin)
	if err != nil {
		return err
	}
	if in != xact.Committed || lsn > since {
		c.problem(tid, "inserted by transaction %d, which not everybody sees from %v on, as the visibility map says", v.xmin, since)
	}
	if v.xmax == xact.InvalidXID {
		return nil
	}
	out, _, err := c.h.xact.Status(v.xmax)
	if err == nil && out != xact.Aborted {
		c.problem(tid, "deleted by transaction %d, and the visibility map says that the page is all visible", v.xmax)
	}
	return err
}

// beyond checks that no bit is set for a page that the heap does not have.
func (c *checker) beyond() error {
	blocks, err := c.h.pool.Length(c.rel.mapFile())
	if err != nil {
		return err
	}
	from, err := c.h.pool.Length(c.rel.File())
	if err != nil {
		return err
	}
	for blk := uint64(from); blk < uint64(blocks)*bitsPerBlock; blk++ {
		if set, _ := c.seen.bit(page.BlockNumber(blk)); !set {
			continue
		}
		if n, err := c.h.pool.Length(c.rel.File()); err != nil { // it may have grown meanwhile
			return err
		} else if blk >= uint64(n) {
			c.problem(page.TID{Block: page.BlockNumber(blk)}, "all visible in the visibility map, but the heap has %d pages", n)
		}
	}
	return nil
}
