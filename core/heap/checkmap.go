package heap

import (
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// mapCheck is what the visibility map says of the page that is being checked.
type mapCheck struct {
	set   bool
	since page.LSN
	told  bool // something is wrong, and one problem a page is enough
	bad   bool // the map cannot be read, which has been reported
}

// copyWithBit copies a page together with its bit in the visibility map, both as they are at one moment.
func (c *checker) copyWithBit(blk page.BlockNumber, p page.Page) error {
	b, err := c.h.pool.Pin(c.rel.tag(blk))
	if err != nil {
		return err
	}
	defer b.Unpin()
	b.RLock()
	defer b.RUnlock()
	copy(p, b.Page())
	m := &c.visible
	m.set, m.told = false, false
	if m.bad {
		return nil
	}
	m.set, m.since, err = c.seen.bit(blk)
	switch {
	case isCorrupt(err):
		m.bad = true
		c.problem(page.TID{Block: blk}, "visibility map: %v; VACUUM FULL makes a new one", err)
	case err != nil:
		return err
	case m.set != allVisible(p):
		m.told = true
		c.problem(page.TID{Block: blk}, "all visible is %v on the page and %v in the visibility map", allVisible(p), m.set)
	}
	return nil
}

// notVisible reports that a page is not all visible, though the visibility map says so.
func (c *checker) notVisible(tid page.TID, format string, args ...any) {
	if !c.visible.told {
		c.visible.told = true
		c.problem(tid, format+", and the visibility map says that the page is all visible since %v", append(args, c.visible.since)...)
	}
}

// seenByAll checks H8 for a version, if its page is said to be all visible.
func (c *checker) seenByAll(tid page.TID, v header) error {
	if !c.visible.set || c.visible.told {
		return nil
	}
	in, lsn, err := c.h.xact.Status(v.xmin)
	if err != nil {
		return err
	}
	if in != xact.Committed || lsn > c.visible.since {
		c.notVisible(tid, "inserted by transaction %d", v.xmin)
	}
	if v.xmax == xact.InvalidXID {
		return nil
	}
	out, _, err := c.h.xact.Status(v.xmax)
	if err == nil && out != xact.Aborted {
		c.notVisible(tid, "deleted by transaction %d", v.xmax)
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
	if c.visible.bad {
		return nil
	}
	for blk := uint64(from); blk < uint64(blocks)*bitsPerBlock; blk++ {
		if set, _, err := c.seen.bit(page.BlockNumber(blk)); err != nil {
			return err
		} else if !set {
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
