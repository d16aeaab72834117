package maintain

import (
	"context"
	"fmt"
	"slices"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// batchRows is how many rows an access method is given at a time.
const batchRows = 1000

// Progress hears how many rows have been read so far; it may be nil. An error ends the statement.
type Progress func(rows int64) error

// BuildIndex fills the empty files of an index with the rows of its table (M3). The caller holds at least Share on the table, and the
// index's files are new: what a failed build leaves in them goes with the transaction. A unique index over duplicates is error
// 23505. It sets BuiltBy of index, for the caller to store.
func (d *Deps) BuildIndex(ctx context.Context, t *xact.Txn, table *catalog.Table, index *catalog.Index, method am.Method, progress Progress) (am.BuildStats, error) {
	keys := newKeyReader(table, index)
	if index.Unique {
		if err := d.checkUnique(ctx, t, table, index, keys); err != nil {
			return am.BuildStats{}, err
		}
	}
	f := feeder{deps: d, ctx: ctx, table: table, keys: keys, types: keyTypes(index), progress: progress}
	about := index.Describe(table.Rel)
	about.WorkMem = d.WorkMem
	stats, err := method.Build(ctx, about, f.rows)
	count := t.Counts().Relation(table.OID)
	count.Scanned(1)
	count.Returned(f.seen)
	if index.BuiltBy = xact.InvalidXID; err == nil && f.split {
		index.BuiltBy, err = t.TopXID()
	}
	return stats, within(err, "build index %q with access method %q", index.Name, index.AM)
}

// BuildEmpty returns the image of an index without rows, which CreateIndex and CreateFile of core/catalog keep as the init fork of an
// unlogged index. For an index of a logged table it is nothing.
func (d *Deps) BuildEmpty(ctx context.Context, table *catalog.Table, index *catalog.Index, method am.Method) ([]page.Page, error) {
	if !table.Unlogged {
		return nil, nil
	}
	pages, err := method.BuildEmpty(ctx, index.Describe(table.Rel))
	return pages, within(err, "make the empty image of index %q with access method %q", index.Name, index.AM)
}

// keyReader takes an index's columns out of stored rows.
type keyReader struct {
	rowType *datum.TableRow
	need    []int // columns of the table, ascending, each once
	attrs   []int // of the index's columns
	row     []datum.Datum
}

func newKeyReader(table *catalog.Table, index *catalog.Index) *keyReader {
	k := &keyReader{rowType: table.RowType(), row: make([]datum.Datum, len(table.Columns))}
	for _, c := range index.Columns {
		k.attrs = append(k.attrs, c.Attr)
	}
	k.need = slices.Clone(k.attrs)
	slices.Sort(k.need)
	k.need = slices.Compact(k.need)
	return k
}

// read appends the key of a row to dst. The values are copies.
func (k *keyReader) read(dst []datum.Datum, row []byte) ([]datum.Datum, error) {
	if err := k.rowType.DecodeColumns(row, k.need, k.row); err != nil {
		return dst, err
	}
	for _, a := range k.attrs {
		dst = append(dst, k.row[a].Clone())
	}
	return dst, nil
}

// feeder streams a heap to Build.
type feeder struct {
	deps     *Deps
	ctx      context.Context
	table    *catalog.Table
	keys     *keyReader
	types    []datum.OID
	progress Progress
	seen     int64
	split    bool // some row has older versions with other keys
	older    []datum.Datum
}

// rows implements the argument of am.Method.Build. It may be called again, and starts over then.
func (f *feeder) rows(yield func([]am.Row) error) error {
	f.seen, f.split = 0, false
	batch := make([]am.Row, 0, batchRows)
	values := make([]datum.Datum, 0, batchRows*len(f.keys.attrs))
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := yield(batch); err != nil {
			return err
		}
		f.seen += int64(len(batch))
		batch, values = batch[:0], values[:0]
		if f.progress == nil {
			return nil
		}
		return f.progress(f.seen)
	}
	e := f.deps.Engine
	err := e.Heap.BuildScan(f.ctx, f.table.Heap(), e.Xact.Horizon(), func(tid page.TID, row []byte, older [][]byte) error {
		from := len(values)
		var err error
		if values, err = f.keys.read(values, row); err != nil {
			return fmt.Errorf("row %v: %w", tid, err)
		}
		if err := f.compare(values[from:], older); err != nil {
			return fmt.Errorf("row %v: %w", tid, err)
		}
		batch = append(batch, am.Row{TID: tid, Values: values[from:len(values):len(values)]})
		if len(batch) == batchRows {
			return flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// compare notes whether an older version of a row has another key.
func (f *feeder) compare(key []datum.Datum, older [][]byte) error {
	for _, row := range older {
		var err error
		if f.older, err = f.keys.read(f.older[:0], row); err != nil {
			return err
		}
		for i := range key {
			if a, b := key[i], f.older[i]; a.Null != b.Null || !a.Null && datum.Compare(f.types[i], a, b) != 0 {
				f.split = true
			}
		}
	}
	return nil
}
