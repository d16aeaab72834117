package btree

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

// An attempt at adding rows to a unique index asks first and writes then:
//
//  1. For each key the leaf where entries of that key begin, its first leaf, is registered, and all addresses with the key
//     are gathered, from there to the right.
//  2. The host is asked once what became of all those rows. Mostly they are versions that an update has replaced, so the first attempt
//     supposes that they are dead, and has Finish change nothing if one is not.
//  3. Rows whose key is free are added. Every one of them changes its key's first leaf: by lying on it, or by the touched flag.
//
// So whoever adds a row with the same key between 1 and the end of 3 moves the first leaf on, and Finish refuses this attempt
// (T9). Which leaf is the first for a key changes only when that leaf does: it is divided, or its left sibling goes and its left
// link with it.

// mostFirst is the number of first leaves that a record begins with; leaves that rows go to, and splits, need room besides.
const mostFirst = 14

// mostSupposed is the number of equal rows up to which an attempt supposes that all are dead.
const mostSupposed = 256

// An equals is what is known of the entries of one key.
type equals struct {
	key   []byte
	place int              // of the first row with the key, among the rows of the call
	leaf  page.BlockNumber // the first leaf
	tids  []page.TID
	fates []sdk.RowFate
	// added is the row of this attempt that took the key.
	added *newRow
}

// addUnique adds rows until the record has enough pages. It returns how many rows it dealt with, and which of those were refused.
func (n *inserter) addUnique(rows []newRow) (int, []sdk.Conflict, error) {
	groups, count, err := n.gather(rows)
	if err != nil {
		return 0, nil, err
	}
	if err := n.ask(groups); err != nil {
		return 0, nil, err
	}
	var conflicts []sdk.Conflict
	touched := make(map[page.BlockNumber]bool)
	n.at = descent{}
	for i := range rows[:count] {
		row := &rows[i]
		if row.null {
			err := n.add(row)
			if errors.Is(err, errFull) {
				return i, conflicts, nil
			}
			if err != nil {
				return 0, nil, err
			}
			n.some = true
			continue
		}
		for !bytes.Equal(groups[0].key, row.key) {
			groups = groups[1:]
		}
		g := &groups[0]
		there, c := g.verdict(row)
		if c != nil {
			conflicts = append(conflicts, *c)
			continue
		}
		if there {
			g.added = row
			continue
		}
		err := n.add(row)
		if errors.Is(err, errFull) {
			return i, conflicts, nil
		}
		if err != nil {
			return 0, nil, err
		}
		g.added, n.some = row, true
		if n.at.node.blk != g.leaf && !touched[g.leaf] {
			touched[g.leaf] = true
			if err := n.touch(g.leaf); err != nil {
				return 0, nil, err
			}
		}
	}
	return count, conflicts, nil
}

// gather finds the entries equal to as many of the rows as fit one record, and says how many rows these are.
func (n *inserter) gather(rows []newRow) (groups []equals, count int, err error) {
	for i := range rows {
		row := &rows[i]
		if row.null || len(groups) > 0 && bytes.Equal(groups[len(groups)-1].key, row.key) {
			continue
		}
		if len(n.edited) >= mostFirst {
			return groups, i, nil
		}
		g, err := n.equal(row.key)
		if err != nil {
			return nil, 0, err
		}
		g.place = row.place
		groups = append(groups, g)
	}
	return groups, len(rows), nil
}

// equal registers the first leaf of a key and gathers the addresses with that key. Leaves further right are read as they are now: what
// came to them before the first leaf had its version is on them, and what came later moved the first leaf on.
func (n *inserter) equal(key []byte) (equals, error) {
	g := equals{key: key}
	if !n.here(key) {
		var err error
		if n.at, err = n.descend(n.ctx, key, 0, false); err != nil {
			return g, err
		}
	}
	_, leaf, err := n.registerLink(n.at.node.link(), 0)
	if err != nil {
		return g, err
	}
	n.at.node = leaf
	g.leaf = leaf.blk
	beyond, _ := successor(key)
	for at, _ := leaf.seek(key); ; at = firstData {
		for ; at <= leaf.last(); at++ {
			e := decodeEntry(leaf.item(at))
			if !bytes.Equal(e.key, key) {
				return g, nil
			}
			for i := range e.count() {
				g.tids = append(g.tids, e.at(i))
			}
		}
		bound, ok := leaf.bound()
		if !ok || bytes.Compare(bound, beyond) >= 0 {
			return g, nil
		}
		if leaf, err = n.next(leaf); err != nil {
			return g, err
		}
	}
}

// next reads the leaf on the right. One that was deleted or used again since is a conflict.
func (n *inserter) next(leaf node) (node, error) {
	if err := n.ctx.Err(); err != nil {
		return leaf, err
	}
	next, err := n.read(leaf.right.blk)
	if err == nil && (next.life != leaf.right.life || !next.leaf() || next.deleted()) {
		err = fmt.Errorf("%w: block %d is another page by now", sdk.ErrConflict, next.blk)
	}
	if err == nil {
		if err = ascend(&leaf, &next); err != nil {
			err = fmt.Errorf("%w: %w", sdk.ErrConflict, err)
		}
	}
	return next, err
}

// ask has the host judge all rows found, in the eyes of the first row that has the key. For another with the same key, which may be another
// transaction's, that is strict enough: where nothing is in the first one's way, the first one itself is in the way of the other.
func (n *inserter) ask(groups []equals) error {
	var all []page.TID
	var rows []int
	for i := range groups {
		all = append(all, groups[i].tids...)
		for range groups[i].tids {
			rows = append(rows, groups[i].place)
		}
	}
	if len(all) == 0 {
		return nil
	}
	if !n.asks && len(all) <= mostSupposed {
		for i := range groups {
			groups[i].fates = make([]sdk.RowFate, len(groups[i].tids))
		}
		return n.x.RequireDead(all, rows)
	}
	fates, err := n.ix.RowFates(all, rows)
	if err != nil {
		return err
	}
	for i := range groups {
		k := len(groups[i].tids)
		groups[i].fates, fates = fates[:k], fates[k:]
	}
	return nil
}

// verdict says whether the row's own address is there already, or else which row is in its way: a live one rather than one that
// depends on a transaction.
func (g *equals) verdict(row *newRow) (there bool, c *sdk.Conflict) {
	own := decodeTID(row.tid[:])
	for i, tid := range g.tids {
		switch f := g.fates[i]; {
		case tid == own:
			return true, nil
		case f.State == sdk.RowLive && (c == nil || c.XID != 0):
			c = &sdk.Conflict{Row: row.place, TID: tid}
		case f.State == sdk.RowRunning && c == nil:
			c = &sdk.Conflict{Row: row.place, TID: tid, XID: f.XID}
		}
	}
	switch {
	case g.added == nil || g.added.tid == row.tid:
		return false, c
	case c == nil || c.XID != 0:
		c = &sdk.Conflict{Row: row.place, TID: decodeTID(g.added.tid[:])}
	}
	return false, c
}

// touch changes the flag of a leaf, so that it has another version.
func (n *inserter) touch(blk page.BlockNumber) error {
	ed, leaf, err := n.register(blk)
	if err != nil {
		return err
	}
	leaf.flags ^= flagTouched
	return setSpecial(ed, leaf.special)
}
