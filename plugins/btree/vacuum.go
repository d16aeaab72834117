package btree

import (
	"context"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

// vacuumBatch is how many leaves one record of a vacuum changes.
const vacuumBatch = 16

// BulkDelete removes the addresses of dead rows, and the entries that have none left. It reads the blocks in physical order,
// many to a round trip. A split may move entries to a block that was passed already; what makes sure of them is that each leaf
// is to be seen once after the right link that leads to it was seen (T8).
func (Method) BulkDelete(ctx context.Context, ix *sdk.Index, dead *sdk.DeadSet) (sdk.BulkDeleteStats, error) {
	v := &vacuum{ix: ix, dead: dead, ctx: ctx}
	var err error
	if v.blocks, err = ix.NBlocks(); err != nil {
		return v.stats, err
	}
	r := ix.ReadPages(metaBlock+1, v.blocks)
	for r.Next() {
		if err := v.look(r.Block(), r.Page()); err != nil {
			return v.stats, err
		}
	}
	if err := r.Err(); err != nil {
		return v.stats, err
	}
	if err := v.follow(); err != nil {
		return v.stats, err
	}
	if v.blocks, err = ix.NBlocks(); err != nil {
		return v.stats, err
	}
	v.stats.Pages = uint64(v.blocks)
	return v.stats, nil
}

// A vacuum is one BulkDelete.
type vacuum struct {
	ix    *sdk.Index
	ctx   context.Context
	dead  *sdk.DeadSet
	stats sdk.BulkDeleteStats
	batch []page.BlockNumber
	// blocks is the length of the index when it was last asked for.
	blocks page.BlockNumber

	done   blockSet // leaves whose dead entries are gone
	wanted blockSet // right siblings of those
}

// look deals with a page as it was read.
func (v *vacuum) look(blk page.BlockNumber, p page.Page) error {
	if err := v.ctx.Err(); err != nil {
		return err
	}
	if p.IsNew() {
		v.stats.PagesUnused++
		return nil
	}
	n, err := openNode(blk, p)
	if err != nil {
		return err
	}
	switch {
	case n.deleted():
		v.stats.PagesUnused++
		return nil
	case !n.leaf() || v.done.has(blk):
		return nil
	case v.count(&n) == 0:
		return v.settle(&n)
	}
	if v.batch = append(v.batch, blk); len(v.batch) == vacuumBatch {
		return v.flush()
	}
	return nil
}

// count is the number of dead addresses on a leaf.
func (v *vacuum) count(n *node) (found int) {
	for at := firstData; at <= n.last(); at++ {
		e := decodeEntry(n.item(at))
		for i := range e.count() {
			if v.dead.Contains(e.at(i)) {
				found++
			}
		}
	}
	return found
}

// settle notes a leaf without dead entries.
func (v *vacuum) settle(n *node) (err error) {
	v.done.add(n.blk)
	if n.right.blk >= v.blocks {
		if v.blocks, err = v.ix.NBlocks(); err != nil {
			return err
		}
		if n.right.blk >= v.blocks {
			return corrupt(n.blk, "its right link leads to block %d, beyond the end of the index", n.right.blk)
		}
	}
	if !n.right.none() {
		v.wanted.add(n.right.blk)
	}
	for at := firstData; at <= n.last(); at++ {
		e := decodeEntry(n.item(at))
		v.stats.TuplesLeft += float64(e.count())
	}
	return nil
}

// flush removes the dead entries of some leaves in one record.
func (v *vacuum) flush() error {
	if len(v.batch) == 0 {
		return nil
	}
	var t *tree
	removed := 0
	err := v.ix.Update(v.ctx, func(x *sdk.XLog) error {
		x.Annotate("btree vacuum")
		t, removed = newWriter(v.ix, x), 0
		for _, blk := range v.batch {
			ed, n, err := t.register(blk)
			if err != nil {
				return err
			}
			if n.deleted() || !n.leaf() {
				continue
			}
			k, err := v.purge(ed, &n)
			if err != nil {
				return err
			}
			removed += k
		}
		return nil
	})
	if err != nil {
		return err
	}
	v.stats.Removed += float64(removed)
	for _, blk := range v.batch {
		if n := viewNode(blk, t.edited[blk].Page()); !n.deleted() && n.leaf() {
			if err := v.settle(&n); err != nil {
				return err
			}
		}
	}
	v.batch = v.batch[:0]
	return nil
}

// purge removes dead addresses from a leaf. Where some of an entry stay, zeros take the place of those that go.
func (v *vacuum) purge(ed *page.Editor, n *node) (removed int, err error) {
	var empty []page.OffsetNumber
	var gone []int
	for at := firstData; at <= n.last(); at++ {
		e := decodeEntry(n.item(at))
		gone = gone[:0]
		for i := range e.count() {
			if v.dead.Contains(e.at(i)) {
				gone = append(gone, i)
			}
		}
		removed += len(gone)
		switch {
		case len(gone) == 0:
		case len(gone) == e.count():
			empty = append(empty, at)
		default:
			base := ed.Page().ItemID(at).Offset() + e.head
			if err := ed.ArrayDelete(base, page.TIDSize, e.count(), gone); err != nil {
				return removed, err
			}
		}
	}
	return removed, ed.DeleteItems(empty, false)
}

// follow deals with the leaves that a right link leads to and that were not leaves, or not there, when their block was read.
func (v *vacuum) follow() error {
	for {
		if err := v.flush(); err != nil {
			return err
		}
		missed := v.wanted.without(&v.done)
		if len(missed) == 0 {
			return nil
		}
		v.wanted.clear()
		for _, blk := range missed {
			p, _, err := v.ix.ReadPage(blk)
			if err != nil {
				return err
			}
			if err := v.look(blk, p); err != nil {
				return err
			}
		}
	}
}

// A blockSet is a set of block numbers.
type blockSet struct{ words []uint64 }

func (s *blockSet) add(blk page.BlockNumber) {
	for int(blk/64) >= len(s.words) {
		s.words = append(s.words, make([]uint64, len(s.words)+16)...)
	}
	s.words[blk/64] |= 1 << (blk % 64)
}

func (s *blockSet) has(blk page.BlockNumber) bool {
	return int(blk/64) < len(s.words) && s.words[blk/64]>>(blk%64)&1 != 0
}

func (s *blockSet) clear() { clear(s.words) }

// without lists the members that o does not have, in ascending order.
func (s *blockSet) without(o *blockSet) (out []page.BlockNumber) {
	for w, word := range s.words {
		if w < len(o.words) {
			word &^= o.words[w]
		}
		for b := range page.BlockNumber(64) {
			if word>>b&1 != 0 {
				out = append(out, page.BlockNumber(w)*64+b)
			}
		}
	}
	return out
}
