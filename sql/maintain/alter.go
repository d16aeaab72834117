package maintain

import (
	"context"
	"fmt"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// EachRow calls fn with every row of a table that is there now, changes of t's own included. The row is valid during the call. An error of
// fn ends the scan and is returned.
func (d *Deps) EachRow(ctx context.Context, t *xact.Txn, table *catalog.Table, fn func(row []datum.Datum) error) error {
	snap := t.Latest()
	defer snap.Release()
	scan, err := d.Engine.Heap.Scan(snap, table.Heap())
	if err != nil {
		return err
	}
	defer scan.Close()
	count := t.Counts().Relation(table.OID)
	count.Scanned(1)
	rowType, row := table.RowType(), make([]datum.Datum, len(table.Columns))
	for n := 0; ; n++ {
		if n%batchRows == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		tid, data, ok, err := scan.Next()
		if err != nil || !ok {
			return err
		}
		count.Returned(1)
		if err := rowType.DecodeRow(data, row); err != nil {
			return fmt.Errorf("row %v of table %q: %w", tid, table.Name, err)
		}
		if err := fn(row); err != nil {
			return err
		}
	}
}

// RewriteRows gives a table new files with a changed copy of each row: change makes a row of def of one of table. def is a changed Clone of
// table; its file number is set. The rows are t's own, so snapshots that are older than t's commit see the table empty, as after
// PostgreSQL's ALTER TABLE. The indexes are built anew by RebuildIndexes, when the catalog has def. Holds: AccessExclusive.
func (d *Deps) RewriteRows(ctx context.Context, t *xact.Txn, table, def *catalog.Table, change func(old, fresh []datum.Datum) error) error {
	rel, err := d.Engine.Catalog.CreateFile(ctx, t, "heap", table.Unlogged, nil)
	if err != nil {
		return err
	}
	def.Rel = rel
	rowType, fresh := def.RowType(), make([]datum.Datum, len(def.Columns))
	const batchBytes = 1 << 20
	var arena []byte
	var rows [][]byte
	count := int64(0)
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		count += int64(len(rows))
		_, err := d.Engine.Heap.Insert(ctx, t, def.Heap(), rows)
		arena, rows = arena[:0], rows[:0]
		return err
	}
	err = d.EachRow(ctx, t, table, func(row []datum.Datum) error {
		if err := change(row, fresh); err != nil {
			return err
		}
		from := len(arena)
		arena = rowType.AppendRow(arena, fresh)
		if rows = append(rows, arena[from:len(arena):len(arena)]); len(rows) == batchRows || len(arena) > batchBytes {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return err
	}
	n, err := d.Engine.Pool.Length(page.RelFile{Rel: rel})
	def.Stats = catalog.Stats{Pages: n, Tuples: float64(count)}
	return err
}

// RebuildIndexes builds indexes of a table anew after its rows were rewritten. defs are changed Clones of all of its indexes: columns
// without an operator class get the default one of their type. Holds: AccessExclusive.
func (d *Deps) RebuildIndexes(ctx context.Context, t *xact.Txn, table *catalog.Table, defs []*catalog.Index) error {
	c, err := d.Engine.Catalog.Current(t)
	if err != nil {
		return err
	}
	indexes := make([]indexMethod, len(defs))
	for i, def := range defs {
		m, err := d.method(c, def)
		if err != nil {
			return err
		}
		if err := resolveColumns(m.Describe(), def); err != nil {
			return err
		}
		if def.Options, err = m.ValidateOptions(ctx, def.Describe(table.Rel).Columns, def.Given); err != nil {
			return err
		}
		indexes[i] = indexMethod{def, m}
	}
	return d.rebuild(ctx, t, table, indexes, nil)
}

// MethodsReady fails if the access method of some index of a table is not available (M1).
func (d *Deps) MethodsReady(c *catalog.Catalog, table *catalog.Table) error {
	_, err := d.methods(c, table)
	return err
}
