package btree

import (
	"context"
	"fmt"

	"github.com/quiredb/quire/plugins/sdk"
)

// mostRooms bounds the records of one makeRoom: several for each level a tree can have.
const mostRooms = 8 * maxLevel

// makeRoom divides inner pages on the way to pos, from the root down, each in a record of its own, until every one of them takes a
// separator of any length. A split of the leaf then ends at its parent. A row needs this when the splits from its leaf up to the root are
// more than a record holds, which takes keys near the longest allowed that differ at their ends: two fit a page, and the tree is deep. As the
// upper page has its room before the lower one is divided, every record leaves a whole tree behind (Guibas and Sedgewick 1978: splits on
// the way down).
func makeRoom(ctx context.Context, ix *sdk.Index, pos []byte) error {
	for range mostRooms {
		divided := false
		err := ix.Update(ctx, func(x *sdk.XLog) (err error) {
			x.Annotate("btree make room")
			divided, err = newWriter(ix, x).divideFull(ctx, pos)
			return err
		})
		if err != nil || !divided {
			return err
		}
	}
	return nil // others filled what was made; the row is tried again all the same
}

// divideFull divides the uppermost inner page above pos that has no room for the longest separator, if there is one.
func (t *tree) divideFull(ctx context.Context, pos []byte) (bool, error) {
	m, err := t.meta()
	if err != nil {
		return false, err
	}
	for level := m.level; level > 0; level-- {
		d, err := t.descend(ctx, pos, level, false)
		if err != nil {
			return false, err
		}
		if fits(d.node.page, maxItem) {
			continue
		}
		_, n, err := t.registerLink(d.node.link(), level)
		if err != nil {
			return false, err
		}
		if n.beyond(pos, false) {
			return false, fmt.Errorf("%w: block %d was split", sdk.ErrConflict, n.blk)
		}
		if n.count() < 2 {
			return false, corrupt(n.blk, "%d downlink, and no room for another of %d bytes", n.count(), maxItem)
		}
		cut, sep := cutNode(&n, itemBytes(&n, firstData, n.last()+1)/2)
		right, err := t.divide(n, cut, sep)
		if err != nil {
			return false, err
		}
		return true, t.addDownlink(ctx, d.path, n, sep, right)
	}
	return false, nil
}
