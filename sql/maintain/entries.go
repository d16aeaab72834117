package maintain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// A Comparison says what CompareEntries looked at.
type Comparison struct {
	Compared bool // false: the access method does not deliver all its entries
	Rows     uint64
	Entries  uint64
}

// CompareEntries compares an index with its table and reports each committed row that the index does not have, or has under another
// key, and each entry that leads to a place where no row is. It asks the index for everything it has, which needs an access method
// that answers without a condition; keys are compared if it gives them back. It takes 8 bytes of memory for an entry with a key, and a
// bit or so for its place.
//
// Without a snapshot nobody may write to the table meanwhile. With one, which must be held since before the call, others may, and what counts
// are the rows that it sees: their entries were there when the call began, and neither rows nor entries go before the snapshot does.
// Entries that lead nowhere are not looked for then.
func (d *Deps) CompareEntries(ctx context.Context, c *catalog.Catalog, i *catalog.Index, snap *xact.Snapshot, report func(problem string)) (Comparison, error) {
	var cmp Comparison
	table := c.TableByOID(i.Table)
	if table == nil {
		return cmp, noTable(i.Table)
	}
	m, err := d.method(c, i)
	if err != nil {
		return cmp, err
	}
	about := m.Describe()
	if caps := about.Caps; !caps.OptionalKey && !caps.Ordered { // ordered methods are read from end to end for ORDER BY, too
		return cmp, nil
	}
	e, err := allEntries(ctx, m, i.Describe(table.Rel), returnable(&about, i))
	if err != nil {
		return cmp, within(err, "read all entries of index %q", i.Name)
	}
	cmp.Compared, cmp.Entries = true, e.places.GetCardinality()
	rows, err := d.missingEntries(ctx, table, newKeyReader(table, i), e, snap, func(tid page.TID, what string) {
		report(fmt.Sprintf("index %s: the row at %v of table %s is %s", i.Name, tid, table.Name, what))
	})
	cmp.Rows = rows
	if err != nil || snap != nil {
		return cmp, err
	}
	return cmp, d.danglingEntries(table.Heap(), e.places, func(tid page.TID) {
		report(fmt.Sprintf("index %s: an entry leads to %v of table %s, where no row is", i.Name, tid, table.Name))
	})
}

// entries are what an index has.
type entries struct {
	places *roaring64.Bitmap
	// ret are the columns whose values the access method gives back, and types theirs. keys are the hashes of places with these
	// values, ascending.
	ret   []int
	types []datum.OID
	keys  []uint64
}

// hash is that of an entry whose values for ret are given.
func (e *entries) hash(tid page.TID, values []datum.Datum) uint64 {
	return hashKey(e.types, values)*0x9E3779B97F4A7C15 + datum.Hash(datum.Int8, datum.NewInt(int64(memberOf(tid))))
}

func memberOf(tid page.TID) uint64 { return uint64(tid.Block)<<16 | uint64(tid.Offset) }

// returnable lists the columns of an index whose values its access method gives back as they were.
func returnable(about *am.Description, i *catalog.Index) (cols []int) {
	if !about.Caps.ReturnKeys {
		return nil
	}
	for n, c := range i.Columns {
		if class := about.OpClassFor(c.OpClass, c.Type); class != nil && !class.NoReturn {
			cols = append(cols, n)
		}
	}
	return cols
}

// allEntries reads the places that an index leads to, and their keys as far as it gives them back.
func allEntries(ctx context.Context, m am.Method, idx am.Index, ret []int) (_ *entries, err error) {
	cur, err := m.Scan(ctx, idx, nil, am.ScanOptions{Return: ret})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, cur.Close()) }()
	e := &entries{places: roaring64.New(), ret: ret}
	for _, c := range ret {
		e.types = append(e.types, idx.Columns[c].Type)
	}
	for {
		hits, err := cur.Next()
		if errors.Is(err, io.EOF) {
			slices.Sort(e.keys)
			return e, nil
		}
		if err != nil {
			return nil, err
		}
		for n := range hits {
			e.places.Add(memberOf(hits[n].TID))
			if len(ret) > 0 {
				e.keys = append(e.keys, e.hash(hits[n].TID, hits[n].Values))
			}
		}
	}
}

// missingEntries tells the rows that a new index would have and this one has not. Of those only committed ones count, a standby has rows
// of transactions that still run, or those that snap sees.
func (d *Deps) missingEntries(ctx context.Context, table *catalog.Table, keys *keyReader, e *entries, snap *xact.Snapshot, missing func(page.TID, string)) (rows uint64, err error) {
	store, rel := d.Engine.Heap, table.Heap()
	counts := func(tid page.TID) (bool, error) {
		if snap != nil {
			_, _, visible, err := store.Fetch(snap, rel, tid, nil)
			return visible, err
		}
		st, err := store.Statuses(xact.InvalidXID, rel, []page.TID{tid})
		return err == nil && st[0].Life == heap.Live, err
	}
	var key, values []datum.Datum
	err = store.BuildScan(ctx, rel, d.Engine.Xact.Horizon(), func(tid page.TID, row []byte, _ [][]byte) error {
		rows++
		what := "not in the index"
		if e.places.Contains(memberOf(tid)) {
			if len(e.ret) == 0 {
				return nil
			}
			var err error
			if key, err = keys.read(key[:0], row); err != nil {
				return fmt.Errorf("row %v: %w", tid, err)
			}
			values = values[:0]
			for _, c := range e.ret {
				values = append(values, key[c])
			}
			if _, ok := slices.BinarySearch(e.keys, e.hash(tid, values)); ok {
				return nil
			}
			what = "in the index under another key"
		}
		ok, err := counts(tid)
		if ok {
			missing(tid, what)
		}
		return err
	})
	return rows, err
}

// danglingEntries tells the entries whose place holds no row version, dead or alive.
func (d *Deps) danglingEntries(rel heap.Relation, entries *roaring64.Bitmap, dangling func(page.TID)) error {
	for it := entries.Iterator(); it.HasNext(); {
		n := it.Next()
		tid := page.TID{Block: page.BlockNumber(n >> 16), Offset: page.OffsetNumber(n)}
		taken, err := d.Engine.Heap.IsTaken(rel, tid)
		if err != nil {
			return err
		}
		if !taken {
			dangling(tid)
		}
	}
	return nil
}
