package session

import (
	"context"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
)

// vacuumOptions are what VACUUM and ANALYZE can be asked for.
type vacuumOptions struct{ vacuum, analyze, full, verbose bool }

func readVacuumOptions(st *pg_query.VacuumStmt) (vacuumOptions, error) {
	o := vacuumOptions{vacuum: st.IsVacuumcmd, analyze: !st.IsVacuumcmd}
	for _, n := range st.Options {
		d := n.GetDefElem()
		on, err := optionBool(d)
		switch strings.ToLower(d.Defname) {
		case "analyze":
			o.analyze = on
		case "full":
			o.full = on
		case "verbose":
			o.verbose = on
		case "freeze", "skip_locked", "truncate", "disable_page_skipping", "process_toast", "index_cleanup", "parallel":
			err = nil // nothing here depends on them: there are no old transaction numbers to freeze, and no side tables
		default:
			return o, pgerr.New(pgerr.SyntaxError, `unrecognized VACUUM option "%s"`, d.Defname)
		}
		if err != nil {
			return o, err
		}
	}
	return o, nil
}

// vacuum runs VACUUM and ANALYZE: each table in transactions of its own.
func (s *Session) vacuum(ctx context.Context, st *pg_query.VacuumStmt) (string, error) {
	o, err := readVacuumOptions(st)
	if err != nil {
		return "", err
	}
	tag := "ANALYZE"
	if o.vacuum {
		tag = "VACUUM"
		if err := s.noBlock(tag); err != nil {
			return "", err
		}
	}
	if s.db.eng.IsStandby() {
		return "", pgerr.New(pgerr.ReadOnlySQLTransaction, "cannot execute %s during recovery", tag)
	}
	s.need()
	if err := s.checkWritable(tag); err != nil {
		return "", err
	}
	tables, err := s.vacuumTargets(st)
	if err != nil {
		return "", err
	}
	if !o.vacuum {
		for _, name := range tables {
			if err := s.analyzeTable(ctx, name, nil); err != nil {
				return "", err
			}
		}
		return tag, nil
	}
	if err := s.commit(ctx); err != nil { // the snapshot of this transaction would hold back the horizon
		return "", err
	}
	for _, name := range tables {
		if err := s.vacuumTable(ctx, name, o, len(st.Rels) > 0); err != nil {
			return "", err
		}
	}
	return tag, nil
}

// vacuumTargets lists the tables that are named, or all.
func (s *Session) vacuumTargets(st *pg_query.VacuumStmt) ([]string, error) {
	cat, err := s.db.cat.Current(s.tx.txn)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, n := range st.Rels {
		rv := n.GetVacuumRelation().GetRelation()
		if err := public(rv); err != nil {
			return nil, err
		}
		t := cat.Table(rv.Relname)
		if t == nil {
			if cat.Index(rv.Relname) != nil {
				return nil, pgerr.New(pgerr.WrongObjectType, `"%s" is an index: vacuum its table`, rv.Relname)
			}
			return nil, pgerr.New(pgerr.UndefinedTable, `relation "%s" does not exist`, rv.Relname)
		}
		for _, c := range names(n.GetVacuumRelation().VaCols) {
			if t.ColumnIndex(c) < 0 {
				return nil, pgerr.New(pgerr.UndefinedColumn, `column "%s" of relation "%s" does not exist`, c, t.Name)
			}
		}
		out = append(out, rv.Relname)
	}
	if len(st.Rels) == 0 {
		for _, t := range cat.Tables() {
			out = append(out, t.Name)
		}
	}
	return out, nil
}

// own runs f in a transaction of its own and commits it.
func (s *Session) own(ctx context.Context, f func() error) error {
	s.begin(false, xact.ReadCommitted, false)
	if err := f(); err != nil {
		return err
	}
	return s.commit(ctx)
}

// vacuumTable cleans one table. A table that has gone meanwhile is passed over unless it was named.
func (s *Session) vacuumTable(ctx context.Context, name string, o vacuumOptions, named bool) error {
	err := s.own(ctx, func() error {
		if o.full {
			return s.rewriteTable(ctx, name)
		}
		return s.cleanTable(ctx, name, o)
	})
	if err != nil {
		if !named && pgerr.Is(err, pgerr.UndefinedTable) {
			s.abort()
			return nil
		}
		return err
	}
	if !o.analyze {
		return nil
	}
	return s.own(ctx, func() error { return s.analyzeTable(ctx, name, nil) })
}

func (s *Session) cleanTable(ctx context.Context, name string, o vacuumOptions) error {
	t, cat, err := s.db.cat.LockTable(ctx, s.tx.txn, name, lock.ShareUpdateExclusive)
	if err != nil {
		return err
	}
	type target struct {
		def    *catalog.Index
		method am.Method
	}
	var targets []target
	for _, i := range cat.IndexesOf(t.OID) {
		method, err := s.db.method(cat, i.AM)
		if err != nil {
			return err // by A4 no row may go while an index cannot be cleaned
		}
		targets = append(targets, target{i, method})
	}
	owner, tag := s.tx.txn.Owner(), lock.Relation(t.OID)
	stats, err := s.db.eng.Heap.Vacuum(ctx, t.Heap(), heap.VacuumOptions{
		Horizon: s.db.eng.Xact.Horizon(),
		Indexes: func(dead *heap.DeadSet) error {
			for _, x := range targets {
				if _, err := x.method.BulkDelete(ctx, x.def.Describe(t.Rel), dead); err != nil {
					return err
				}
			}
			return nil
		},
		Truncate: func() (func(), bool) {
			if !s.db.eng.Locks.TryAcquire(owner, tag, lock.AccessExclusive) {
				return nil, false
			}
			return func() { s.db.eng.Locks.Release(owner, tag, lock.AccessExclusive) }, true
		},
	})
	if err != nil {
		return err
	}
	sizes := map[uint32]catalog.Stats{}
	for _, x := range targets {
		st, err := x.method.Cleanup(ctx, x.def.Describe(t.Rel))
		if err != nil {
			return err
		}
		rows := float64(st.Rows)
		if st.Rows < 0 {
			rows = float64(stats.Live)
		}
		sizes[x.def.OID] = catalog.Stats{Pages: st.Pages, Tuples: rows}
	}
	if o.verbose {
		s.notice(&pgerr.Error{Code: pgerr.SuccessfulCompletion, Severity: pgerr.SeverityInfo, Message: vacuumReport(name, stats)})
	}
	return s.db.cat.SetStats(ctx, s.tx.txn, t.OID, catalog.Stats{Pages: stats.Pages, Tuples: float64(stats.Live)}, nil, sizes)
}

// rewriteTable is VACUUM FULL: the rows that anybody sees go to a new file, and the indexes are built anew.
func (s *Session) rewriteTable(ctx context.Context, name string) error {
	t, cat, err := s.db.cat.LockTable(ctx, s.tx.txn, name, lock.AccessExclusive)
	if err != nil {
		return err
	}
	rel, err := s.db.cat.CreateFile(ctx, s.tx.txn, "heap", t.Unlogged, nil)
	if err != nil {
		return err
	}
	def := t.Clone()
	def.Rel = rel
	stats, err := s.db.eng.Heap.Rewrite(ctx, t.Heap(), def.Heap(), s.db.eng.Xact.Horizon())
	if err != nil {
		return err
	}
	def.Stats = catalog.Stats{Pages: stats.Pages, Tuples: float64(stats.Rows)}
	indexes := cat.IndexesOf(t.OID)
	if err := s.db.cat.AlterTable(ctx, s.tx.txn, def); err != nil {
		return err
	}
	for _, i := range indexes {
		if err := s.rebuildIndex(ctx, def, i, cat, nil); err != nil {
			return err
		}
	}
	return nil
}
