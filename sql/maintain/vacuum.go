package maintain

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
)

// VacuumOptions are what may follow VACUUM.
type VacuumOptions struct {
	Full    bool
	Analyze bool
	Verbose bool
	// SkipLocked leaves a table alone that somebody else has locked, with a warning.
	SkipLocked bool
	// StatisticsTarget is as in AnalyzeOptions.
	StatisticsTarget int
	// Notice hears warnings, and with Verbose what was done.
	Notice Notice
}

// Vacuum vacuums tables, each in a transaction of its own (M5), which it begins on the session; the session is in no transaction, as
// its snapshot would keep rows alive. Without OIDs it vacuums every table and the catalog itself. A table that is gone
// by its turn is passed over with a warning.
func (d *Deps) Vacuum(ctx context.Context, s *xact.Session, tables []uint32, opts VacuumOptions) error {
	if len(tables) == 0 {
		var err error
		if tables, err = d.allTables(s); err != nil {
			return err
		}
		if err := d.VacuumCatalog(ctx, s); err != nil {
			return err
		}
	}
	for _, oid := range tables {
		err := inTransaction(ctx, s, func(t *xact.Txn) error { return d.vacuum(ctx, t, oid, opts) })
		switch {
		case errors.Is(err, errSkip):
			continue
		case err != nil:
			return err
		}
		if !opts.Analyze {
			continue
		}
		if err := inTransaction(ctx, s, func(t *xact.Txn) error { return d.analyzeIfThere(ctx, t, oid, opts) }); err != nil {
			return err
		}
	}
	return nil
}

// errSkip ends a table's turn without an error.
var errSkip = errors.New("table is skipped")

// inTransaction runs f in a transaction of the session.
func inTransaction(ctx context.Context, s *xact.Session, f func(t *xact.Txn) error) error {
	t := s.Begin(xact.ReadCommitted)
	if err := f(t); err != nil {
		s.Counts.Transaction(false)
		return errors.Join(err, t.Abort())
	}
	_, err := t.Commit(ctx, xact.CommitOptions{})
	s.Counts.Transaction(err == nil)
	return err
}

func (d *Deps) allTables(s *xact.Session) ([]uint32, error) {
	t := s.Begin(xact.ReadCommitted)
	defer func() { _ = t.Abort() }() // it only read
	c, err := d.Engine.Catalog.Current(t)
	if err != nil {
		return nil, err
	}
	var oids []uint32
	for _, table := range c.Tables() {
		oids = append(oids, table.OID)
	}
	return oids, nil
}

// vacuum vacuums one table.
func (d *Deps) vacuum(ctx context.Context, t *xact.Txn, oid uint32, opts VacuumOptions) error {
	mode := lock.ShareUpdateExclusive
	if opts.Full {
		mode = lock.AccessExclusive
	}
	table, c, err := d.claim(ctx, t, oid, mode, "vacuum", opts)
	if err != nil {
		return err
	}
	indexes, err := d.methods(c, table)
	if err != nil {
		return within(err, "vacuum table %q", table.Name)
	}
	if opts.Verbose {
		opts.Notice.info("vacuuming %s", d.label(table.Name))
	}
	if opts.Full {
		return d.vacuumFull(ctx, t, table, indexes, opts)
	}
	return d.vacuumLazy(ctx, t, table, indexes, opts)
}

// claim locks a table that may have gone meanwhile; errSkip says that it is to be left alone, and that the client knows.
func (d *Deps) claim(ctx context.Context, t *xact.Txn, oid uint32, mode lock.Mode, doing string, opts VacuumOptions) (*catalog.Table, *catalog.Catalog, error) {
	c, err := d.Engine.Catalog.Current(t)
	if err != nil {
		return nil, nil, err
	}
	name := fmt.Sprintf("relation with OID %d", oid)
	if table := c.TableByOID(oid); table != nil {
		name = strconv.Quote(table.Name)
	}
	if opts.SkipLocked && !d.Engine.Locks.TryAcquire(t.Owner(), lock.Relation(oid), mode) {
		opts.Notice.send(pgerr.Warn(pgerr.LockNotAvailable, "skipping %s of %s --- lock not available", doing, name))
		return nil, nil, errSkip
	}
	table, c, err := d.table(ctx, t, oid, mode)
	if err != nil {
		return nil, nil, err
	}
	if table == nil {
		opts.Notice.send(pgerr.Warn(pgerr.UndefinedTable, "skipping %s of %s --- relation no longer exists", doing, name))
		return nil, nil, errSkip
	}
	return table, c, nil
}

// vacuumLazy removes dead rows in place.
func (d *Deps) vacuumLazy(ctx context.Context, t *xact.Txn, table *catalog.Table, indexes []indexMethod, opts VacuumOptions) error {
	e := d.Engine
	removed := make([]int64, len(indexes))
	options := heap.VacuumOptions{
		Horizon: e.Xact.Horizon(),
		Truncate: func() (func(), bool) {
			tag := lock.Relation(table.OID)
			if !e.Locks.TryAcquire(t.Owner(), tag, lock.AccessExclusive) {
				return nil, false
			}
			return func() { e.Locks.Release(t.Owner(), tag, lock.AccessExclusive) }, true
		},
	}
	if len(indexes) > 0 {
		options.Indexes = func(dead *heap.DeadSet) error { return bulkDelete(ctx, table, indexes, dead, removed) }
	}
	stats, err := e.Heap.Vacuum(ctx, table.Heap(), options)
	if err != nil {
		return err
	}
	report := newVacuumReport(stats)
	sizes := make(map[uint32]catalog.Stats, len(indexes))
	for n, i := range indexes {
		st, err := i.method.Cleanup(ctx, i.def.Describe(table.Rel))
		if err != nil {
			return within(err, "vacuum index %q of table %q", i.def.Name, table.Name)
		}
		rows := float64(st.Rows)
		if st.Rows < 0 {
			rows = float64(stats.Live)
		}
		sizes[i.def.OID] = catalog.Stats{Pages: st.Pages, Tuples: rows}
		report.index(i.def.Name, removed[n], st)
	}
	t.Counts().Relation(table.OID).Vacuumed(stats.Live, stats.RecentlyDead)
	if opts.Verbose {
		opts.Notice.info("finished vacuuming %s: %s", d.label(table.Name), report.text())
	}
	return e.Catalog.SetStats(ctx, t, table.OID, catalog.Stats{Pages: stats.Pages, Tuples: float64(stats.Live), AllVisible: stats.AllVisible}, nil, sizes)
}

// bulkDelete takes dead rows out of every index (M2), and adds what each lost to removed.
func bulkDelete(ctx context.Context, table *catalog.Table, indexes []indexMethod, dead *heap.DeadSet, removed []int64) error {
	for n, i := range indexes {
		st, err := i.method.BulkDelete(ctx, i.def.Describe(table.Rel), dead)
		if err != nil {
			return within(err, "vacuum index %q of table %q", i.def.Name, table.Name)
		}
		removed[n] += st.Removed
	}
	return nil
}

// VacuumCatalog removes dead rows from the catalog's own relation. It needs no lock but the one that keeps other
// vacuums out, and gives no pages back, since readers of the catalog lock nothing.
func (d *Deps) VacuumCatalog(ctx context.Context, s *xact.Session) error {
	e := d.Engine
	return inTransaction(ctx, s, func(t *xact.Txn) error {
		if err := e.Locks.Acquire(ctx, t.Owner(), lock.Relation(uint32(catalog.Rel)), lock.ShareUpdateExclusive); err != nil {
			return err
		}
		_, err := e.Heap.Vacuum(ctx, catalog.Relation(), heap.VacuumOptions{Horizon: e.Xact.Horizon()})
		return err
	})
}

// length is a relation's number of pages.
func (d *Deps) length(rel page.RelFileNumber) (page.BlockNumber, error) {
	return d.Engine.Pool.Length(page.RelFile{Rel: rel})
}
