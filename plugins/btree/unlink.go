package btree

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

// Cleanup ends a vacuum: it takes leaves without entries out of the tree, counts, and gives the pages that are in no tree back
// to the host.
func (Method) Cleanup(ctx context.Context, ix *sdk.Index) (sdk.CleanupStats, error) {
	var stats sdk.CleanupStats
	n, err := ix.NBlocks()
	if err != nil {
		return stats, err
	}
	stats.Pages = uint64(n)
	var free, empty []page.BlockNumber
	r := ix.ReadPages(metaBlock+1, n)
	for r.Next() {
		if err := ctx.Err(); err != nil {
			return stats, err
		}
		if r.Page().IsNew() {
			free = append(free, r.Block())
			continue
		}
		leaf, err := openNode(r.Block(), r.Page())
		switch {
		case err != nil:
			return stats, err
		case leaf.deleted():
			free = append(free, leaf.blk)
		case leaf.leaf() && leaf.count() == 0:
			empty = append(empty, leaf.blk)
		case leaf.leaf():
			for at := firstData; at <= leaf.last(); at++ {
				e := decodeEntry(leaf.item(at))
				stats.Tuples += float64(e.count())
			}
		}
	}
	if err := r.Err(); err != nil {
		return stats, err
	}
	for _, blk := range empty {
		gone, err := unlink(ctx, ix, blk)
		if err != nil {
			return stats, err
		}
		free = append(free, gone...)
	}
	stats.PagesFreed, stats.PagesUnused = uint64(len(free)), uint64(len(free))
	return stats, ix.FreePage(free...)
}

// unlink takes a leaf without entries out of the tree, and with it the pages above that would lead nowhere, in one record.
// It returns their blocks: none if the leaf has entries by now, or if it has to stay. The right-most page of a level
// stays, and so does the last child of a page that has others: what it covers could not go to a page of the same parent. A leaf also
// stays if the pages to take out with it are more than a record holds, ten levels of pages with one child each; it is there for new rows.
func unlink(ctx context.Context, ix *sdk.Index, blk page.BlockNumber) (gone []page.BlockNumber, err error) {
	err = ix.Update(ctx, func(x *sdk.XLog) error {
		x.Annotate("btree unlink")
		u := &unlinker{tree: newWriter(ix, x), ctx: ctx}
		stay, err := u.run(blk)
		gone = u.gone
		if err == nil && stay {
			x.Abort()
		}
		return err
	})
	if errors.Is(err, sdk.ErrTooManyBlocks) {
		return nil, nil
	}
	return gone, err
}

// An unlinker is one attempt at taking pages out of the tree.
type unlinker struct {
	*tree
	ctx  context.Context
	gone []page.BlockNumber // from the leaf upwards
}

// run looks for the pages to take out and their parent before it changes anything; stay says that the leaf is not to go.
func (u *unlinker) run(blk page.BlockNumber) (stay bool, err error) {
	_, n, err := u.register(blk)
	if err != nil {
		return true, err
	}
	if !n.leaf() || n.deleted() || n.count() > 0 {
		return true, nil
	}
	var chain []node
	for {
		sep, ok := n.bound()
		if !ok || n.root() {
			return true, nil
		}
		chain = append(chain, n)
		parent, at, err := u.parentOf(n, sep)
		if err != nil {
			return true, err
		}
		if parent.count() > 1 {
			if at == parent.last() {
				return true, nil
			}
			if err := u.dropDownlink(parent, at, n); err != nil {
				return true, err
			}
			break
		}
		n = parent
	}
	for _, n := range chain {
		if err := u.cutOut(n); err != nil {
			return true, err
		}
		u.gone = append(u.gone, n.blk)
	}
	return false, nil
}

// parentOf registers the page that leads to n, whose bound is sep, and finds the downlink.
func (u *unlinker) parentOf(n node, sep []byte) (node, page.OffsetNumber, error) {
	d, err := u.descend(u.ctx, sep, n.level+1, true)
	if err != nil {
		return node{}, 0, err
	}
	_, parent, err := u.registerLink(d.node.link(), n.level+1)
	if err != nil {
		return node{}, 0, err
	}
	at := parent.child(sep, true)
	if to, _ := downlink(parent.item(at)); to != n.link() {
		return node{}, 0, fmt.Errorf("%w: block %d has no downlink to block %d", sdk.ErrConflict, parent.blk, n.blk)
	}
	return parent, at, nil
}

// dropDownlink gives what n covers to its right sibling: n's downlink leads there from now on, and the next one goes.
func (u *unlinker) dropDownlink(parent node, at page.OffsetNumber, n node) error {
	ed := u.edited[parent.blk]
	to, sep := downlink(parent.item(at + 1))
	if bound, _ := n.bound(); to != n.right || !bytes.Equal(sep, bound) {
		return fmt.Errorf("%w: block %d does not lead to the right sibling of block %d", sdk.ErrConflict, parent.blk, n.blk)
	}
	if err := ed.Write(parent.page.ItemID(at).Offset(), encodeDownlink(to, nil)); err != nil {
		return err
	}
	return ed.DeleteItems([]page.OffsetNumber{at + 1}, false)
}

// cutOut joins the siblings of a page and makes it a deleted one. It keeps its links: whoever comes to it goes on to the right.
func (u *unlinker) cutOut(n node) error {
	moved := errors.New("the siblings of a page are out of date")
	if !n.left.none() {
		ed, left, err := u.registerLink(n.left, n.level)
		if err != nil {
			return err
		}
		if left.right != n.link() {
			return fmt.Errorf("%w: %w: block %d", sdk.ErrConflict, moved, n.blk)
		}
		left.right = n.right
		if err := setSpecial(ed, left.special); err != nil {
			return err
		}
	}
	ed, right, err := u.registerLink(n.right, n.level)
	if err != nil {
		return err
	}
	if right.left != n.link() {
		return fmt.Errorf("%w: %w: block %d", sdk.ErrConflict, moved, n.blk)
	}
	right.left = n.left
	if err := setSpecial(ed, right.special); err != nil {
		return err
	}
	ed = u.edited[n.blk]
	items := make([]page.OffsetNumber, 0, n.page.NumItems())
	for at := boundAt; at <= n.last(); at++ {
		items = append(items, at)
	}
	if err := ed.DeleteItems(items, false); err != nil {
		return err
	}
	s := n.special
	s.flags |= flagDeleted
	if err := setSpecial(ed, s); err != nil {
		return err
	}
	return ed.StampLSN(page.Size - specialBytes + offDeletedAt)
}
