package session

import (
	"cmp"
	"context"
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/maintain"
	"github.com/quiredb/quire/sql/sysview"
)

// vacuumOptions are what VACUUM and ANALYZE can be asked for.
type vacuumOptions struct{ vacuum, analyze, full, verbose, skipLocked bool }

func readVacuumOptions(st *pg_query.VacuumStmt) (vacuumOptions, error) {
	o := vacuumOptions{vacuum: st.IsVacuumcmd, analyze: !st.IsVacuumcmd}
	for _, n := range st.Options {
		d := n.GetDefElem()
		on, err := optionBool(d)
		name := strings.ToLower(d.Defname)
		switch {
		case name == "verbose":
			o.verbose = on
		case name == "skip_locked":
			o.skipLocked = on
		case !o.vacuum:
			return o, pgerr.New(pgerr.SyntaxError, `unrecognized ANALYZE option "%s"`, d.Defname)
		case name == "analyze":
			o.analyze = on
		case name == "full":
			o.full = on
		case slices.Contains(ignoredVacuumOptions, name):
			err = nil
		default:
			return o, pgerr.New(pgerr.SyntaxError, `unrecognized VACUUM option "%s"`, d.Defname)
		}
		if err != nil {
			return o, err
		}
	}
	return o, nil
}

// ignoredVacuumOptions are about what is not there: old transaction numbers to freeze, side tables, choices of how to go about it.
var ignoredVacuumOptions = []string{"freeze", "truncate", "disable_page_skipping", "process_toast", "index_cleanup", "parallel"}

// vacuum runs VACUUM and ANALYZE.
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
	tables, err := s.vacuumTargets(st, strings.ToLower(tag))
	if err != nil {
		return "", err
	}
	if tables, err = s.vacuumPermitted(tables, strings.ToLower(tag)); err != nil || tables != nil && len(tables) == 0 {
		return tag, err
	}
	target := s.settings.Int("default_statistics_target")
	if !o.vacuum {
		return tag, s.analyze(ctx, tables, maintain.AnalyzeOptions{
			Verbose: o.verbose, SkipLocked: o.skipLocked, StatisticsTarget: target, Notice: s.notice,
		})
	}
	if err := s.commit(ctx); err != nil { // the snapshot of this transaction would hold back the horizon
		return "", err
	}
	return tag, s.db.maintain.Vacuum(ctx, s.xs, tables, maintain.VacuumOptions{
		Full: o.full, Analyze: o.analyze, Verbose: o.verbose, SkipLocked: o.skipLocked, StatisticsTarget: target, Notice: s.notice,
	})
}

// vacuumPermitted leaves out the tables of others, with a warning. No tables means all, and stays so for a superuser.
func (s *Session) vacuumPermitted(tables []uint32, what string) ([]uint32, error) {
	if s.superuser() {
		return tables, nil
	}
	cat, err := s.catalog()
	if err != nil {
		return nil, err
	}
	if tables == nil {
		for _, t := range cat.Tables() {
			tables = append(tables, t.OID)
		}
	}
	out := []uint32{}
	for _, oid := range tables {
		t := cat.TableByOID(oid)
		if t.Owner == s.user() {
			out = append(out, oid)
			continue
		}
		s.notice(pgerr.Warn(pgerr.Warning, `permission denied to %s "%s", skipping it`, what, t.Name))
	}
	return out, nil
}

// analyze runs ANALYZE of the tables, or of all, in the transaction at hand.
func (s *Session) analyze(ctx context.Context, tables []uint32, opts maintain.AnalyzeOptions) error {
	if len(tables) == 0 {
		cat, err := s.db.cat.Current(s.tx.txn)
		if err != nil {
			return err
		}
		for _, t := range cat.Tables() {
			tables = append(tables, t.OID)
		}
	}
	s.tx.used = true
	for _, oid := range tables {
		if err := s.db.maintain.Analyze(ctx, s.tx.txn, oid, opts); err != nil {
			return err
		}
		s.tx.txn.NextCommand()
	}
	return nil
}

// keptByHost reports whether a name is a system relation, of which there is nothing to do (vacuumdb names them all), or a view,
// which draws a warning.
func (s *Session) keptByHost(rv *pg_query.RangeVar, what string) bool {
	schema := cmp.Or(rv.Schemaname, "pg_catalog")
	if sysview.LookupIn(schema, rv.Relname) != nil {
		s.notice(pgerr.Warn(pgerr.Warning, `skipping "%s" --- cannot %s non-tables or special system tables`, rv.Relname, what))
		return true
	}
	return schema == "pg_catalog" && slices.ContainsFunc(sysview.SystemRelations(), func(r sysview.SystemRelation) bool { return r.Name == rv.Relname })
}

// vacuumTargets finds the tables that are named; nil means all.
func (s *Session) vacuumTargets(st *pg_query.VacuumStmt, what string) ([]uint32, error) {
	cat, err := s.db.cat.Current(s.tx.txn)
	if err != nil {
		return nil, err
	}
	var out []uint32
	if len(st.Rels) > 0 {
		out = []uint32{} // none is not all
	}
	for _, n := range st.Rels {
		rv := n.GetVacuumRelation().GetRelation()
		if s.keptByHost(rv, what) {
			continue
		}
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
		out = append(out, t.OID)
	}
	return out, nil
}
