package btree

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

const (
	// innerFill is how full, in percent, a right-most inner page is left when it is split or built: PostgreSQL's figure.
	innerFill = 70
	// sameFill is what a leaf of one key only is left with when it is split at its end.
	sameFill = 96
	// cutWindow is how far from its aim a split may be for the sake of a short separator, as a fraction of what is divided.
	cutWindow = 16
)

// split divides the leaf at hand, whose entry `at` is the first behind the row, and goes on with the half that covers pos.
func (n *inserter) split(row *newRow, at page.OffsetNumber, pos []byte) error {
	leaf := n.at.node
	if leaf.count() < 2 {
		return corrupt(leaf.blk, "%d entry, and no room for another of %d bytes", leaf.count(), entrySize(row.key))
	}
	cut, sep := n.cut(&leaf, at)
	right, err := n.divide(leaf, cut, sep)
	if err != nil {
		return err
	}
	if err := n.addDownlink(n.ctx, n.at.path, leaf, sep, right); err != nil {
		return err
	}
	if bytes.Compare(pos, sep) >= 0 {
		n.at.node, err = n.peek(right.blk)
		n.at.low = sep
	} else {
		n.at.node, err = n.peek(leaf.blk)
	}
	return err
}

// cut is where to divide a leaf before whose entry `at` a row is to go. Rows that come in ascending order leave full pages behind
// them: at the right end of the index, and wherever a row follows the one added before.
func (n *inserter) cut(leaf *node, at page.OffsetNumber) (page.OffsetNumber, []byte) {
	total := itemBytes(leaf, firstData, leaf.last()+1)
	next := n.lastBlk == leaf.blk && n.lastAt+1 == at
	if at <= leaf.last() {
		if next && at > firstData {
			return at, leaf.separatorAt(at)
		}
		return cutNode(leaf, total/2)
	}
	first, last := decodeEntry(leaf.item(firstData)), decodeEntry(leaf.item(leaf.last()))
	switch {
	case leaf.right.none() || next:
		return cutNode(leaf, pageRoom*n.fill/100)
	case bytes.Equal(first.key, last.key):
		return cutNode(leaf, pageRoom*sameFill/100)
	}
	return cutNode(leaf, total/2)
}

// itemBytes is what the items [from,to) take up, with their line pointers.
func itemBytes(n *node, from, to page.OffsetNumber) (total int) {
	for at := from; at < to; at++ {
		total += page.Align(len(n.item(at))) + linePointer
	}
	return total
}

// cutNode finds the item that becomes the first of the right half. Of the cuts near the aim it takes the one with the
// shortest separator, and of those the nearest. The page has two items or more.
func cutNode(n *node, aim int) (page.OffsetNumber, []byte) {
	window := itemBytes(n, firstData, n.last()+1) / cutWindow
	nearest := nearestCut(n, aim)
	cut, sep := nearest, n.separatorAt(nearest)
	for _, step := range []int{-1, 1} {
		off := 0
		for at := int(nearest) + step; at > int(firstData) && at <= int(n.last()); at += step {
			if off += page.Align(len(n.item(page.OffsetNumber(at)))) + linePointer; off > window {
				break
			}
			if s := n.separatorAt(page.OffsetNumber(at)); len(s) < len(sep) {
				cut, sep = page.OffsetNumber(at), s
			}
		}
	}
	return cut, bytes.Clone(sep)
}

// nearestCut is the cut that leaves about aim bytes of items to the left, at least one item on either side.
func nearestCut(n *node, aim int) page.OffsetNumber {
	left := 0
	for at := firstData; at < n.last(); at++ {
		size := page.Align(len(n.item(at))) + linePointer
		if left += size; left >= aim {
			if at > firstData && left-aim > size/2 {
				return at
			}
			return at + 1
		}
	}
	return n.last()
}

// separatorAt is what separates the items before a line pointer from it and those behind it.
func (n *node) separatorAt(at page.OffsetNumber) []byte {
	if !n.leaf() {
		_, sep := downlink(n.item(at))
		return sep
	}
	l, r := decodeEntry(n.item(at-1)), decodeEntry(n.item(at))
	return separator(l.full(l.count()-1), r.full(0))
}

// divide moves the items from cut on to a new page on the right. The parent does not know it yet.
func (t *tree) divide(n node, cut page.OffsetNumber, sep []byte) (link, error) {
	ed := t.edited[n.blk]
	right, to, err := t.newPage(special{right: n.right, left: n.link(), level: n.level})
	if err != nil {
		return to, err
	}
	if err := right.InsertItem(boundAt, n.item(boundAt)); err != nil {
		return to, err
	}
	moved := make([]page.OffsetNumber, 0, n.last()-cut+1)
	for at := cut; at <= n.last(); at++ {
		item := n.item(at)
		if at == cut && !n.leaf() {
			item = item[:downlinkBytes] // its separator goes to the parent
		}
		if err := right.InsertItem(boundAt+page.OffsetNumber(len(moved))+1, item); err != nil {
			return to, err
		}
		moved = append(moved, at)
	}
	if !n.right.none() {
		ned, next, err := t.registerLink(n.right, n.level)
		if err != nil {
			return to, err
		}
		if next.left != n.link() {
			return to, fmt.Errorf("%w: block %d is not the left sibling of block %d by now", sdk.ErrConflict, n.blk, next.blk)
		}
		next.left = to
		if err := setSpecial(ned, next.special); err != nil {
			return to, err
		}
	}
	if err := ed.DeleteItems(moved, false); err != nil {
		return to, err
	}
	if err := ed.OverwriteItem(boundAt, encodeBound(sep, false)); err != nil {
		return to, err
	}
	s := n.special
	s.right = to
	return to, setSpecial(ed, s)
}

// addDownlink tells the parent of left that right now covers what is not below sep. It splits the parent, and so on
// up to a new root, if there is no room. path leads to left; it may be out of date.
func (t *tree) addDownlink(ctx context.Context, path []link, left node, sep []byte, right link) error {
	if left.root() {
		return t.newRoot(left, sep, right)
	}
	parent, path, err := t.parent(ctx, path, left, sep)
	if err != nil {
		return err
	}
	item := encodeDownlink(right, sep)
	ed := t.edited[parent.blk]
	for !fits(ed.Page(), len(item)) {
		if parent.count() < 2 {
			return corrupt(parent.blk, "%d downlink, and no room for another of %d bytes", parent.count(), len(item))
		}
		aim := itemBytes(&parent, firstData, parent.last()+1) / 2
		if parent.right.none() && parent.child(sep, false) == parent.last() {
			aim = pageRoom * innerFill / 100
		}
		cut, upper := cutNode(&parent, aim)
		next, err := t.divide(parent, cut, upper)
		if err != nil {
			return err
		}
		if err := t.addDownlink(ctx, path, parent, upper, next); err != nil {
			return err
		}
		blk := parent.blk
		if bytes.Compare(sep, upper) >= 0 {
			blk = next.blk
		}
		ed = t.edited[blk]
		parent = viewNode(blk, ed.Page())
	}
	return ed.InsertItem(parent.child(sep, false)+1, item)
}

// parent registers the page with the downlink to child, whose keys sep lies among, and returns it with the way there.
func (t *tree) parent(ctx context.Context, path []link, child node, sep []byte) (node, []link, error) {
	level := child.level + 1
	leads := func(n *node) bool {
		to, _ := downlink(n.item(n.child(sep, false)))
		return to == child.link()
	}
	if len(path) > 0 {
		n, err := t.visit(path[len(path)-1], level)
		if err == nil {
			var low []byte
			err = t.moveRight(&n, sep, false, &low)
		}
		if err == nil && leads(&n) {
			_, n, err = t.registerLink(n.link(), level)
			return n, path[:len(path)-1], err
		}
		if err != nil && !errors.Is(err, errStale) {
			return n, nil, err
		}
		t.anew = true
	}
	d, err := t.descend(ctx, sep, level, false)
	if err != nil {
		return d.node, nil, err
	}
	if !leads(&d.node) {
		return d.node, nil, fmt.Errorf("%w: block %d has no downlink to block %d", sdk.ErrConflict, d.node.blk, child.blk)
	}
	_, n, err := t.registerLink(d.node.link(), level)
	if err == nil && !leads(&n) {
		err = fmt.Errorf("%w: block %d changed", sdk.ErrConflict, n.blk)
	}
	return n, d.path, err
}

// newRoot puts a page above the root, which was split.
func (t *tree) newRoot(left node, sep []byte, right link) error {
	if left.level == maxLevel {
		return corrupt(left.blk, "a root at level %d cannot be split", left.level)
	}
	level := left.level + 1
	ed, root, err := t.newPage(special{level: level, flags: flagRoot})
	if err != nil {
		return err
	}
	for i, item := range [][]byte{encodeBound(nil, true), encodeDownlink(left.link(), nil), encodeDownlink(right, sep)} {
		if err := ed.InsertItem(boundAt+page.OffsetNumber(i), item); err != nil {
			return err
		}
	}
	med, err := t.x.RegisterBuffer(metaBlock, 0)
	if err != nil {
		return err
	}
	m, err := decodeMeta(med.Page(), len(t.ix.Columns()))
	if err != nil {
		return err
	}
	if m.root != left.link() {
		return fmt.Errorf("%w: block %d is not the root by now", sdk.ErrConflict, left.blk)
	}
	t.edited[metaBlock] = med
	if err := setRoot(med, meta{root: root, level: level}); err != nil {
		return err
	}
	old := viewNode(left.blk, t.edited[left.blk].Page())
	old.flags &^= flagRoot
	return setSpecial(t.edited[left.blk], old.special)
}
