package btree

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

// Scan reports the rows that meet all keys, in the order of the index. It takes a leaf's matches from one copy of the leaf and then
// goes on from there, so that it holds nothing between two pages.
func (Method) Scan(ctx context.Context, ix *sdk.Index, scan sdk.Scan, hits *sdk.HitWriter) error {
	s, err := schemaOf(ix)
	if err != nil {
		return err
	}
	q, ok, err := newSearch(s, scan.Keys)
	if err != nil || !ok {
		return err
	}
	sc := &scanner{tree: newTree(ix), ctx: ctx, search: q, hits: hits, ret: scan.Return, values: make([]sdk.Value, len(scan.Return))}
	r := q.ranges(scan.Backward)
	walk := sc.forward
	if scan.Backward {
		walk = sc.backward
	}
	return walk(r)
}

// A scanner is one scan.
type scanner struct {
	*tree
	*search
	ctx  context.Context
	hits *sdk.HitWriter
	ret  []int
	// values are those of the columns in ret, of the entry at hand.
	values []sdk.Value
}

// forward reads range after range. A range that begins on the leaf at hand needs no descent.
func (sc *scanner) forward(r *rangeList) error {
	var leaf node
	for more := true; more; more = r.next() {
		s := r.current()
		if leaf.page == nil || leaf.beyond(s.lo, false) {
			d, err := sc.descend(sc.ctx, s.lo, 0, false)
			if err != nil {
				return err
			}
			leaf = d.node
			if sc.hits.SpanWanted() {
				if err := sc.giveSpan(&leaf, d.low, sc.hits); err != nil {
					return err
				}
			}
		}
		for pos := s.lo; ; {
			from, to := leaf.place(pos), leaf.end()
			if s.hi != nil {
				to = leaf.place(s.hi)
			}
			if err := sc.report(&leaf, from, to); err != nil {
				return err
			}
			bound, ok := leaf.bound()
			if !ok || s.hi != nil && bytes.Compare(bound, s.hi) >= 0 {
				break
			}
			pos = bound
			var err error
			if leaf, err = sc.right(leaf, pos); err != nil {
				return err
			}
		}
	}
	return nil
}

// right is the leaf that covers pos, the bound of the one at hand: the right sibling, if that is still the page it was.
func (sc *scanner) right(leaf node, pos []byte) (node, error) {
	if err := sc.ctx.Err(); err != nil {
		return leaf, err
	}
	next, err := sc.visit(leaf.right, 0)
	if err == nil {
		var low []byte
		err = sc.moveRight(&next, pos, false, &low)
	}
	if !errors.Is(err, errStale) {
		return next, err
	}
	sc.anew = true
	d, err := sc.descend(sc.ctx, pos, 0, false)
	return d.node, err
}

// backward reads range after range from its end. All that is not below pos has been reported.
func (sc *scanner) backward(r *rangeList) error {
	var at lowered
	for more := true; more; more = r.next() {
		s := r.current()
		pos := s.hi
		if pos == nil {
			pos = endOfKeys
		}
		if !at.covers(pos) {
			var err error
			if at, err = sc.below(pos); err != nil {
				return err
			}
		}
		for {
			from, to := at.place(s.lo), at.place(pos)
			if err := sc.reportBackward(&at.node, from, to); err != nil {
				return err
			}
			if from != at.start() || at.left.none() || len(at.low) > 0 && bytes.Compare(at.low, s.lo) <= 0 {
				break
			}
			pos = at.next(pos)
			var err error
			if at, err = sc.left(at, pos); err != nil {
				return err
			}
		}
	}
	return nil
}

// endOfKeys is above every key: columns begin with a byte below it.
var endOfKeys = []byte{0xff}

// lowered is a leaf, and a position that its keys are not below as far as is known; an empty one tells nothing.
type lowered struct {
	node
	low []byte
}

// covers reports whether the leaf has the keys just below pos.
func (l *lowered) covers(pos []byte) bool {
	if l.page == nil || l.beyond(pos, true) {
		return false
	}
	return len(l.low) > 0 && bytes.Compare(l.low, pos) < 0 || l.count() > 0 && l.place(pos) != l.start()
}

// next is the position below which nothing of the leaf is left to report, once all below pos was: its lower end, or its first
// key if that is lower, because the way here was older than the leaf.
func (l *lowered) next(pos []byte) []byte {
	if len(l.low) > 0 {
		pos = l.low
	}
	if l.count() > 0 {
		e := decodeEntry(l.item(firstData))
		if f := e.full(0); f.compareSep(pos) < 0 {
			pos = f.bytes()
		}
	}
	return pos
}

// left is the leaf with the keys just below pos, after all of the leaf at hand was reported. The left sibling is the one if its
// right link leads back. If not, a page was split or deleted meanwhile, and the leaf is looked for from the root.
func (sc *scanner) left(at lowered, pos []byte) (lowered, error) {
	if err := sc.ctx.Err(); err != nil {
		return at, err
	}
	n, err := sc.visit(at.node.left, 0)
	if err == nil && !n.deleted() && n.right == at.link() && ascend(&n, &at.node) == nil {
		return lowered{node: n}, nil
	}
	if err != nil && !errors.Is(err, errStale) {
		return at, err
	}
	sc.anew = true
	return sc.below(pos)
}

// below looks for the leaf with the keys just below pos from the root.
func (sc *scanner) below(pos []byte) (lowered, error) {
	d, err := sc.descend(sc.ctx, pos, 0, true)
	if err == nil && len(d.low) == 0 && !d.node.left.none() { // the first downlinks lead to pages that never get a left sibling
		err = corrupt(d.node.blk, "the first leaf has a left sibling, block %d", d.node.left.blk)
	}
	return lowered{d.node, d.low}, err
}

// A place is an address on a leaf: an entry, and which of its addresses.
type place struct {
	at page.OffsetNumber
	i  int
}

// place is the first address that is not below pos.
func (n *node) place(pos []byte) place {
	at, i := n.seek(pos)
	return place{at, i}
}

func (n *node) start() place { return place{firstData, 0} }
func (n *node) end() place   { return place{n.last() + 1, 0} }

// report tells the host of the addresses in [from,to), as far as their keys pass the filters.
func (sc *scanner) report(n *node, from, to place) error {
	for at := from.at; at <= to.at && at <= n.last(); at++ {
		e := decodeEntry(n.item(at))
		lo, hi := 0, e.count()
		if at == from.at {
			lo = from.i
		}
		if at == to.at {
			hi = to.i
		}
		if lo >= hi {
			continue
		}
		if ok, err := sc.accept(n, at, &e); err != nil || !ok {
			if err != nil {
				return err
			}
			continue
		}
		for i := lo; i < hi; i++ {
			if err := sc.hits.AddWithValues(e.at(i), false, sc.values); err != nil {
				return err
			}
		}
	}
	return nil
}

// reportBackward is report from the end.
func (sc *scanner) reportBackward(n *node, from, to place) error {
	for at := min(to.at, n.last()); at >= from.at; at-- {
		e := decodeEntry(n.item(at))
		lo, hi := 0, e.count()
		if at == from.at {
			lo = from.i
		}
		if at == to.at {
			hi = to.i
		}
		if lo >= hi {
			continue
		}
		if ok, err := sc.accept(n, at, &e); err != nil || !ok {
			if err != nil {
				return err
			}
			continue
		}
		for i := hi - 1; i >= lo; i-- {
			if err := sc.hits.AddWithValues(e.at(i), false, sc.values); err != nil {
				return err
			}
		}
	}
	return nil
}

// accept tests the filters on an entry and decodes what is to be returned of its key.
func (sc *scanner) accept(n *node, at page.OffsetNumber, e *entry) (bool, error) {
	ok, err := sc.matches(e.key)
	if err == nil && ok && len(sc.ret) > 0 {
		err = sc.decode(e.key)
	}
	if err != nil {
		return false, corrupt(n.blk, "item %d: %v", at, err)
	}
	return ok, nil
}

// decode takes the values to return out of a key.
func (sc *scanner) decode(key []byte) error {
	for i := 0; i <= slices.Max(sc.ret); i++ {
		c := &sc.columns[i]
		if !slices.Contains(sc.ret, i) {
			n, err := ordkey.Length(c.Type, key, c.Descending)
			if err != nil {
				return err
			}
			key = key[n:]
			continue
		}
		v, n, err := ordkey.Decode(c.Type, key, c.Descending)
		if err != nil {
			return err
		}
		for j, want := range sc.ret {
			if want == i {
				sc.values[j] = v
			}
		}
		key = key[n:]
	}
	return nil
}
