package maintain

import (
	"context"
	"errors"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/xact"
)

// AnalyzeOptions are what may follow ANALYZE.
type AnalyzeOptions struct {
	Verbose    bool
	SkipLocked bool
	// StatisticsTarget sets the size of the sample, 300 rows a step: 100 if 0.
	StatisticsTarget int
	Notice           Notice
}

// Analyze reads a sample of a table and stores its size and the statistics of its columns. It takes
// ShareUpdateExclusive, and works in a transaction block as well. A table that is gone is passed over with a warning.
func (d *Deps) Analyze(ctx context.Context, t *xact.Txn, table uint32, opts AnalyzeOptions) error {
	return d.analyzeIfThere(ctx, t, table, VacuumOptions{Verbose: opts.Verbose, SkipLocked: opts.SkipLocked, StatisticsTarget: opts.StatisticsTarget, Notice: opts.Notice})
}

func (d *Deps) analyzeIfThere(ctx context.Context, t *xact.Txn, oid uint32, opts VacuumOptions) error {
	table, c, err := d.claim(ctx, t, oid, lock.ShareUpdateExclusive, "analyze", opts)
	if errors.Is(err, errSkip) {
		return nil
	}
	if err != nil {
		return err
	}
	if opts.Verbose {
		opts.Notice.info("analyzing %q", "public."+table.Name)
	}
	s, err := d.sample(ctx, t, table, opts.StatisticsTarget)
	if err != nil {
		return err
	}
	if opts.Verbose {
		opts.Notice.info("%q: scanned %d of %d pages, containing %d live rows; %d rows in sample, %.0f estimated total rows",
			table.Name, s.scanned, s.pages, s.live, len(s.rows), s.total)
	}
	t.Counts().Relation(oid).Analyzed(int64(s.total), s.deadTotal(), true)
	indexes := map[uint32]catalog.Stats{}
	for _, i := range c.IndexesOf(oid) {
		n, err := d.length(i.Rel)
		if err != nil {
			return err
		}
		indexes[i.OID] = catalog.Stats{Pages: n, Tuples: s.total}
	}
	visible, err := d.Engine.Heap.CountAllVisible(table.Heap())
	if err != nil {
		return err
	}
	return d.Engine.Catalog.SetStats(ctx, t, oid, catalog.Stats{Pages: s.pages, Tuples: s.total, AllVisible: visible}, s.columns(table), indexes)
}
