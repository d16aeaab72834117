package heap

import (
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// A chain walks the versions of a row on one page, from the line pointer that indexes know (its root) to the newest. The root is the oldest
// version, or a redirect in the place of versions that are gone. Each further one is heap-only: no index leads to it. (PostgreSQL calls it a
// HOT chain, src/backend/access/heap/README.HOT.)
//
//	root ─▶ version ──next──▶ version ──next──▶ version
//	        hotUpdated        hotUpdated        heapOnly
//	                          heapOnly
//
// A link counts if the next version was inserted by the transaction that replaced this one (H7): what an aborted update left
// behind may have given its place to something else.
type chain struct {
	p     page.Page
	blk   page.BlockNumber
	off   page.OffsetNumber // of the next version, 0 at the end
	first bool
	by    xact.XID // who must have inserted it; InvalidXID behind the root
	left  int      // versions that may still come on a sane page
}

// chainFrom starts at a line pointer. One that is no root, because it is heap-only, dead or not used, has no versions.
func chainFrom(p page.Page, blk page.BlockNumber, root page.OffsetNumber) chain {
	c := chain{p: p, blk: blk, off: root, first: true, left: p.NumItems()}
	if id := p.ItemID(root); id.Flags() == page.ItemRedirect {
		c.off, c.first = page.OffsetNumber(id.Offset()), false
	}
	return c
}

// next returns the next version and its place. The item is at least as long as a head.
func (c *chain) next() (off page.OffsetNumber, item []byte, ok bool, err error) {
	if c.off == 0 || c.left == 0 {
		return 0, nil, false, nil
	}
	off = c.off
	item, normal := c.p.Item(off)
	if !normal {
		c.off = 0
		return 0, nil, false, nil
	}
	if len(item) < headerSize {
		return off, nil, false, errShortItem
	}
	mask := itemMask(item)
	if heapOnly := mask&infoHeapOnly != 0; heapOnly == c.first || c.by != xact.InvalidXID && itemXmin(item) != c.by {
		c.off = 0
		return 0, nil, false, nil
	}
	c.off, c.first, c.left = 0, false, c.left-1
	if mask&infoHotUpdated != 0 {
		if v := decodeHeader(item); v.xmax != xact.InvalidXID && v.next.Block == c.blk {
			c.off, c.by = v.next.Offset, v.xmax
		}
	}
	return off, item, true, nil
}
