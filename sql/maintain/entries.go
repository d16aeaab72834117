package maintain

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
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

// CompareEntries compares an index with its table and reports each committed row that the index does not have, and each entry that
// leads to a place where no row is. It asks the index for everything it has, which needs an access method that answers
// without a condition. Nobody writes to the table meanwhile.
func (d *Deps) CompareEntries(ctx context.Context, c *catalog.Catalog, i *catalog.Index, report func(problem string)) (Comparison, error) {
	var cmp Comparison
	table := c.TableByOID(i.Table)
	if table == nil {
		return cmp, noTable(i.Table)
	}
	m, err := d.method(c, i)
	if err != nil {
		return cmp, err
	}
	if caps := m.Describe().Caps; !caps.OptionalKey && !caps.Ordered { // ordered methods are read from end to end for ORDER BY, too
		return cmp, nil
	}
	entries, err := allEntries(ctx, m, i.Describe(table.Rel))
	if err != nil {
		return cmp, within(err, "read all entries of index %q", i.Name)
	}
	cmp.Compared, cmp.Entries = true, entries.GetCardinality()
	rows, err := d.missingEntries(ctx, table, entries, func(tid page.TID) {
		report(fmt.Sprintf("index %s: the row at %v of table %s is not in the index", i.Name, tid, table.Name))
	})
	if err != nil {
		return cmp, err
	}
	cmp.Rows = rows
	return cmp, d.danglingEntries(table.Heap(), entries, func(tid page.TID) {
		report(fmt.Sprintf("index %s: an entry leads to %v of table %s, where no row is", i.Name, tid, table.Name))
	})
}

func memberOf(tid page.TID) uint64 { return uint64(tid.Block)<<16 | uint64(tid.Offset) }

// allEntries reads the places that an index leads to.
func allEntries(ctx context.Context, m am.Method, idx am.Index) (_ *roaring64.Bitmap, err error) {
	cur, err := m.Scan(ctx, idx, nil, am.ScanOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, cur.Close()) }()
	entries := roaring64.New()
	for {
		hits, err := cur.Next()
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return nil, err
		}
		for n := range hits {
			entries.Add(memberOf(hits[n].TID))
		}
	}
}

// missingEntries tells the rows that a new index would have and this one has not. Of those only committed ones count: a standby has rows
// of transactions that still run.
func (d *Deps) missingEntries(ctx context.Context, table *catalog.Table, entries *roaring64.Bitmap, missing func(page.TID)) (rows uint64, err error) {
	e, rel := d.Engine, table.Heap()
	err = e.Heap.BuildScan(ctx, rel, e.Xact.Horizon(), func(tid page.TID, _ []byte, _ [][]byte) error {
		rows++
		if entries.Contains(memberOf(tid)) {
			return nil
		}
		st, err := e.Heap.Statuses(xact.InvalidXID, rel, []page.TID{tid})
		if err == nil && st[0].Life == heap.Live {
			missing(tid)
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
