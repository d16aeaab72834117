package maintain

import (
	"context"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
)

// vacuumFull copies the rows that somebody may see into a new file and builds the indexes anew (M4). Holds: AccessExclusive.
func (d *Deps) vacuumFull(ctx context.Context, t *xact.Txn, table *catalog.Table, indexes []indexMethod, opts VacuumOptions) error {
	e := d.Engine
	def, err := d.newHeap(ctx, t, table)
	if err != nil {
		return err
	}
	horizon := e.Xact.Horizon()
	stats, err := e.Heap.Rewrite(ctx, table.Heap(), def.Heap(), horizon)
	if err != nil {
		return err
	}
	if stats.Dead > 0 { // readers on standbys whose snapshots see more than is in the new file
		if err := e.Heap.LogConflict(table.Heap(), 0, horizon); err != nil {
			return err
		}
	}
	def.Stats = catalog.Stats{Pages: stats.Pages, Tuples: float64(stats.Rows)}
	count := t.Counts().Relation(table.OID)
	count.Scanned(1)
	count.Returned(stats.Rows + stats.Dead)
	if opts.Verbose {
		opts.Notice.info("%s: found %d removable, %d nonremovable row versions in %d pages",
			d.label(table.Name), stats.Dead, stats.Rows, table.Stats.Pages)
	}
	if err := e.Catalog.AlterTable(ctx, t, def); err != nil {
		return err
	}
	return d.rebuild(ctx, t, def, indexes, nil)
}

// newHeap returns the definition of table with a new, empty file.
func (d *Deps) newHeap(ctx context.Context, t *xact.Txn, table *catalog.Table) (*catalog.Table, error) {
	rel, err := d.Engine.Catalog.CreateFile(ctx, t, "heap", table.Unlogged, nil)
	if err != nil {
		return nil, err
	}
	def := table.Clone()
	def.Rel = rel
	return def, nil
}

// rebuild gives every index a new file, filled from the table as it is now.
func (d *Deps) rebuild(ctx context.Context, t *xact.Txn, table *catalog.Table, indexes []indexMethod, progress Progress) error {
	for _, i := range indexes {
		empty, err := d.BuildEmpty(ctx, table, i.def, i.method)
		if err != nil {
			return err
		}
		def := i.def.Clone()
		if def.Rel, err = d.Engine.Catalog.CreateFile(ctx, t, def.AM, def.Unlogged, empty); err != nil {
			return err
		}
		built, err := d.BuildIndex(ctx, t, table, def, i.method, progress)
		if err != nil {
			return err
		}
		def.Stats = catalog.Stats{Pages: built.Pages, Tuples: float64(built.Rows)}
		if err := d.Engine.Catalog.AlterIndex(ctx, t, def); err != nil {
			return err
		}
	}
	return nil
}

// Reindex builds indexes of a table anew, in new files: all of them, or those in only. It takes AccessExclusive on the
// table. The indexes' access methods must be available; the table may have been damaged in any index.
func (d *Deps) Reindex(ctx context.Context, t *xact.Txn, table uint32, only []uint32, progress Progress) error {
	def, c, err := d.table(ctx, t, table, lock.AccessExclusive)
	if err != nil {
		return err
	}
	if def == nil {
		return noTable(table)
	}
	var wanted []indexMethod
	if only == nil {
		if wanted, err = d.methods(c, def); err != nil {
			return err
		}
	}
	for _, oid := range only {
		i := c.IndexByOID(oid)
		if i == nil || i.Table != table {
			return pgerr.New(pgerr.UndefinedObject, "table %q has no index with OID %d", def.Name, oid)
		}
		m, err := d.method(c, i)
		if err != nil {
			return err
		}
		wanted = append(wanted, indexMethod{i, m})
	}
	return d.rebuild(ctx, t, def, wanted, progress)
}

// Truncate empties tables by giving them and their indexes new files. It takes AccessExclusive, and is undone if the
// transaction aborts. Snapshots that are older see the tables empty, as in PostgreSQL.
func (d *Deps) Truncate(ctx context.Context, t *xact.Txn, tables ...uint32) error {
	for _, oid := range tables {
		table, c, err := d.table(ctx, t, oid, lock.AccessExclusive)
		if err != nil {
			return err
		}
		if table == nil {
			return noTable(oid)
		}
		indexes, err := d.methods(c, table)
		if err != nil {
			return within(err, "truncate table %q", table.Name)
		}
		def, err := d.newHeap(ctx, t, table)
		if err != nil {
			return err
		}
		def.Stats = catalog.Stats{}
		if err := d.Engine.Catalog.AlterTable(ctx, t, def); err != nil {
			return err
		}
		if err := d.rebuild(ctx, t, def, indexes, nil); err != nil {
			return err
		}
		t.Counts().Relation(oid).Truncated()
	}
	return nil
}
