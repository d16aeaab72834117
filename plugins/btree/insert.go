package btree

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

const (
	// mostEdited is the number of pages after which a record takes no further row.
	mostEdited = sdk.MaxBlocks - 4
	// mostBeforeSplit is the number of pages after which a row that needs a split waits for the next record: a split from the leaf
	// up to a new root takes three pages for a level.
	mostBeforeSplit = 12
)

// keyGuess is the number of bytes that memory for new keys is made for, for each column of a row.
const keyGuess = 12

// errFull says that the record has no room for what a row needs.
var errFull = errors.New("the record is full")

// A newRow is a row on its way into the tree.
type newRow struct {
	pos   []byte // the full key: the key and the address
	key   []byte // pos begins with it
	tid   [page.TIDSize]byte
	place int  // among the rows of the call
	null  bool // a column is NULL: no row is equal to it
}

// Insert adds rows in the order of their keys, those of neighbouring leaves in one record.
func (Method) Insert(ctx context.Context, ix *sdk.Index, rows []sdk.Row) ([]sdk.Conflict, error) {
	s, err := schemaOf(ix)
	if err != nil {
		return nil, err
	}
	sorted, err := s.newRows(ix, rows)
	if err != nil {
		return nil, err
	}
	var conflicts []sdk.Conflict
	roomy := false // makeRoom was called for the first of them
	asks := false  // an equal row turned out not to be dead
	for most := len(sorted); len(sorted) > 0; {
		var done int
		var all []sdk.Conflict
		err := ix.Update(ctx, func(x *sdk.XLog) error {
			x.Annotate("btree insert")
			ins := &inserter{tree: newWriter(ix, x), ctx: ctx, fill: s.fillfactor, asks: asks}
			n, refused, err := ins.run(sorted[:min(most, len(sorted))])
			done, all = n, append(conflicts[:len(conflicts):len(conflicts)], refused...)
			if err == nil && n == len(sorted) {
				slices.SortFunc(all, func(a, b sdk.Conflict) int { return cmp.Compare(a.Row, b.Row) })
				x.Last(all)
			}
			return err
		})
		switch { // splits all the way up, of several rows or of one
		case errors.Is(err, sdk.ErrAlive) && !asks:
			asks = true
			continue
		case errors.Is(err, sdk.ErrTooManyBlocks) && most > 1:
			most = 1
			continue
		case errors.Is(err, sdk.ErrTooManyBlocks) && !roomy:
			if err := makeRoom(ctx, ix, sorted[0].pos); err != nil {
				return nil, err
			}
			roomy = true
			continue
		case err != nil:
			return nil, err
		}
		sorted, conflicts, roomy, asks = sorted[done:], all, false, false
	}
	return conflicts, nil
}

// newRows encodes rows and sorts them; of equal keys the one that came first is first.
func (s *schema) newRows(ix *sdk.Index, rows []sdk.Row) ([]newRow, error) {
	out := make([]newRow, len(rows))
	buf := make([]byte, 0, len(rows)*(len(s.columns)*keyGuess+page.TIDSize))
	for i, row := range rows {
		start := len(buf)
		var err error
		if buf, err = s.appendKey(buf, row.Values); err != nil {
			return nil, err
		}
		key := buf[start:len(buf):len(buf)]
		if err := checkLength(ix, key, row.TID); err != nil {
			return nil, err
		}
		buf = appendTID(buf, row.TID)
		out[i] = newRow{
			pos: buf[start:len(buf):len(buf)], key: key, place: i, null: slices.ContainsFunc(row.Values, sdk.Value.IsNull),
		}
		copy(out[i].tid[:], buf[start+len(key):])
	}
	slices.SortStableFunc(out, func(a, b newRow) int { return bytes.Compare(a.key, b.key) })
	return out, nil
}

// checkLength refuses a key of which three would not fit a page.
func checkLength(ix *sdk.Index, key []byte, tid page.TID) error {
	if len(key) <= maxKey {
		return nil
	}
	e := sdk.Errorf(sdk.ErrTooLarge, "index row size %d exceeds btree maximum %d for index %q", len(key), maxKey, ix.Name())
	e.Detail = fmt.Sprintf("Index row references tuple %v.", tid)
	e.Hint = "Values larger than 1/3 of a buffer page cannot be indexed.\nConsider an index on a hash of the value."
	return e
}

// An inserter is one attempt at adding rows.
type inserter struct {
	*tree
	ctx  context.Context
	fill int
	some bool // a row was added
	asks bool // which equal rows are dead, rather than have Finish find that they are
	// at is the leaf of the row before, and the way to it.
	at descent
	// lastBlk and lastAt are where the row before became an entry.
	lastBlk page.BlockNumber
	item    []byte // the entry last made
	lastAt  page.OffsetNumber
}

// run adds rows until the record has enough pages, and returns how many it dealt with and which of those were refused.
func (n *inserter) run(rows []newRow) (int, []sdk.Conflict, error) {
	if n.ix.Unique() {
		return n.addUnique(rows)
	}
	for i := range rows {
		err := n.add(&rows[i])
		if errors.Is(err, errFull) && i > 0 {
			return i, nil, nil
		}
		if err != nil {
			return 0, nil, err
		}
		n.some = true
	}
	return len(rows), nil, nil
}

// add puts one row into its leaf. errFull: nothing was done.
func (n *inserter) add(row *newRow) error {
	if n.some && len(n.edited) >= mostEdited {
		return errFull
	}
	pos := row.pos
	if !n.here(pos) {
		var err error
		if n.at, err = n.descend(n.ctx, pos, 0, false); err != nil {
			return err
		}
	}
	return n.place(row, pos)
}

// here reports whether the leaf at hand covers pos: rows come in the order of their keys, equal ones in any order.
func (n *inserter) here(pos []byte) bool {
	return n.at.node.page != nil && bytes.Compare(pos, n.at.low) >= 0 && !n.at.node.beyond(pos, false)
}

// place puts a row into the leaf at hand, after merging entries or splitting it if there is no room.
func (n *inserter) place(row *newRow, pos []byte) error {
	ed, leaf, err := n.register(n.at.node.blk)
	if err != nil {
		return err
	}
	n.at.node = leaf
	for tried := false; ; {
		leaf = viewNode(leaf.blk, ed.Page())
		if leaf.deleted() || leaf.beyond(pos, false) {
			return fmt.Errorf("%w: block %d was split", sdk.ErrConflict, leaf.blk)
		}
		n.at.node = leaf
		at, i := leaf.seek(pos)
		if at <= leaf.last() {
			e := decodeEntry(leaf.item(at))
			if bytes.Equal(e.key, row.key) && bytes.Equal(e.tid(i), row.tid[:]) {
				return nil // it was offered before
			}
			if i > 0 && e.slack > 0 {
				return insertTID(ed, at, &e, i, row.tid[:])
			}
			if i > 0 && fits(ed.Page(), entrySize(row.key)) {
				return displaceTID(ed, at, &e, i, row.tid[:])
			}
		}
		if fits(ed.Page(), entrySize(row.key)) {
			n.lastBlk, n.lastAt = leaf.blk, at
			n.item = encodeEntry(n.item[:0], row.key, row.tid[:])
			return ed.InsertItem(at, n.item)
		}
		if !tried {
			tried = true
			merged, err := mergeEntries(ed, leaf)
			if err != nil {
				return err
			}
			if merged {
				n.lastBlk = 0
				continue
			}
		}
		if n.some && len(n.edited) > mostBeforeSplit {
			return errFull
		}
		if err := n.split(row, at, pos); err != nil {
			return err
		}
		if ed, leaf, err = n.register(n.at.node.blk); err != nil {
			return err
		}
	}
}

// insertTID puts an address into an entry that has room for it.
func insertTID(ed *page.Editor, at page.OffsetNumber, e *entry, i int, tid []byte) error {
	base := ed.Page().ItemID(at).Offset() + e.head
	return ed.ArrayInsert(base, page.TIDSize, e.count(), i, tid)
}

// displaceTID puts an address between those of an entry without making it longer: the last one makes room and becomes
// an entry of its own behind it.
func displaceTID(ed *page.Editor, at page.OffsetNumber, e *entry, i int, tid []byte) error {
	base := ed.Page().ItemID(at).Offset() + e.head
	out := encodeEntry(nil, e.key, e.last())
	if err := ed.ArrayDelete(base, page.TIDSize, e.count(), []int{e.count() - 1}); err != nil {
		return err
	}
	if err := ed.ArrayInsert(base, page.TIDSize, e.count()-1, i, tid); err != nil {
		return err
	}
	return ed.InsertItem(at+1, out)
}
