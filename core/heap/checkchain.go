package heap

import (
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// chains checks that no version belongs to two roots, and that each heap-only one that counts belongs to one (H7). Holds: p is a copy.
func (c *checker) chains(blk page.BlockNumber, p page.Page) error {
	n := page.OffsetNumber(p.NumItems())
	rootOf := make([]page.OffsetNumber, n+1)
	for root := page.OffsetNumber(1); root <= n; root++ {
		for ch := chainFrom(p, blk, root); ; {
			off, _, ok, err := ch.next()
			if err != nil || !ok { // an item that is too short has been reported
				break
			}
			if first := rootOf[off]; first != 0 {
				c.problem(page.TID{Block: blk, Offset: off}, "is reached from %d and from %d", first, root)
				break
			}
			rootOf[off] = root
		}
	}
	for off := page.OffsetNumber(1); off <= n; off++ {
		item, ok := p.Item(off)
		if !ok || rootOf[off] != 0 || len(item) < headerSize || itemMask(item)&infoHeapOnly == 0 {
			continue
		}
		// What was inserted in vain may hang loose. A transaction that cannot be has been reported.
		xmin := itemXmin(item)
		if xmin < xact.FirstXID || xmin >= c.h.xact.NextXID() {
			continue
		}
		state, _, err := c.h.xact.Status(xmin)
		if err != nil {
			return err
		}
		if state != xact.Aborted {
			c.problem(page.TID{Block: blk, Offset: off}, "is heap-only, and no root leads to it")
		}
	}
	return nil
}
