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

// BuildScan calls fn with every row that some snapshot, here or to come, may see: what a new index has to contain. root is
// where the index's entry leads, row the newest version of it. older are earlier versions that entries of root would lead to as well, and
// that some snapshot may see; mostly there are none. Where an indexed column differs between row and one of older, the index serves
// snapshots of now and later only: see Catalog's indexes. horizon is xact.Manager.Horizon. The caller keeps writers out. The bytes
// are valid during the call.
func (h *Store) BuildScan(ctx context.Context, rel Relation, horizon page.LSN, fn func(root page.TID, row []byte, older [][]byte) error) error {
	b := builder{rel: rel, clerk: newClerk(h.xact, horizon), fn: fn}
	return wrapRel(rel, "read", h.eachPage(ctx, rel, b.page))
}

// builder is a BuildScan in progress.
type builder struct {
	rel   Relation
	clerk *clerk
	fn    func(root page.TID, row []byte, older [][]byte) error
	older [][]byte
}

func (b *builder) page(blk page.BlockNumber, p page.Page) error {
	for off := page.OffsetNumber(1); off <= page.OffsetNumber(p.NumItems()); off++ {
		tid := page.TID{Block: blk, Offset: off}
		row, err := b.chain(chainFrom(p, blk, off))
		if err != nil {
			return corrupt(b.rel, tid, err)
		}
		if row == nil {
			continue
		}
		if err := b.fn(tid, row, b.older); err != nil {
			return err
		}
	}
	return nil
}

// chain returns the newest version that is not dead, and puts those before it into older.
func (b *builder) chain(c chain) (newest []byte, err error) {
	b.older = b.older[:0]
	for {
		_, item, ok, err := c.next()
		if err != nil || !ok {
			return newest, err
		}
		f, _, err := b.clerk.fate(decodeHeader(item))
		if err != nil {
			return nil, err
		}
		if f == fateDead {
			continue
		}
		if newest != nil {
			b.older = append(b.older, newest)
		}
		newest = item[headerSize:]
	}
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
	return h.eachPage(ctx, rel, func(blk page.BlockNumber, p page.Page) error {
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
		return nil
	})
}

// eachPage calls fn with a copy of every page of the heap.
func (h *Store) eachPage(ctx context.Context, rel Relation, fn func(blk page.BlockNumber, p page.Page) error) error {
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
		if err := fn(blk, p); err != nil {
			return err
		}
	}
	return nil
}
