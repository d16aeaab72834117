package heap

import (
	"context"

	"github.com/quiredb/quire/core/page"
)

// Versions calls fn with every row version of the heap, whoever may see it. The row is valid during the call.
func (h *Store) Versions(rel Relation, fn func(tid page.TID, row []byte) error) error {
	return h.eachItem(context.Background(), rel, func(tid page.TID, item []byte) error {
		return fn(tid, item[headerSize:])
	})
}

// BuildScan calls fn with every row version that some snapshot, here or to come, may see: what a new index has to
// contain. horizon is xact.Manager.Horizon. The caller keeps writers out. The row is valid during the call.
func (h *Store) BuildScan(ctx context.Context, rel Relation, horizon page.LSN, fn func(tid page.TID, row []byte) error) error {
	err := h.eachVersion(ctx, rel, newClerk(h.xact, horizon), func(tid page.TID, f fate, _ header, item []byte) error {
		if f == fateDead {
			return nil
		}
		return fn(tid, item[headerSize:])
	})
	return wrapRel(rel, "read", err)
}

// eachVersion calls fn with every row version and what a vacuum thinks of it.
func (h *Store) eachVersion(ctx context.Context, rel Relation, c *clerk, fn func(tid page.TID, f fate, v header, item []byte) error) error {
	return h.eachItem(ctx, rel, func(tid page.TID, item []byte) error {
		v := decodeHeader(item)
		f, _, err := c.fate(v)
		if err != nil {
			return err
		}
		return fn(tid, f, v, item)
	})
}

// eachItem calls fn with every item of the heap, page by page.
func (h *Store) eachItem(ctx context.Context, rel Relation, fn func(tid page.TID, item []byte) error) error {
	n, err := h.pool.Length(rel.File())
	if err != nil {
		return wrapRel(rel, "read", err)
	}
	p, back := h.borrowPage()
	defer back()
	for blk := range n {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := h.copyPage(rel, blk, p); err != nil {
			return wrapRel(rel, "read", err)
		}
		for off := page.OffsetNumber(1); off <= page.OffsetNumber(p.NumItems()); off++ {
			item, ok := p.Item(off)
			if !ok {
				continue
			}
			tid := page.TID{Block: blk, Offset: off}
			if len(item) < headerSize {
				return corrupt(rel, tid, errShortItem)
			}
			if err := fn(tid, item); err != nil {
				return err
			}
		}
	}
	return nil
}
