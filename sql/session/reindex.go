package session

import (
	"context"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/pgerr"
)

// reindex runs REINDEX TABLE and REINDEX INDEX.
func (s *Session) reindex(ctx context.Context, st *pg_query.ReindexStmt) error {
	verbose, err := reindexVerbose(st)
	if err != nil {
		return err
	}
	table, only, err := s.reindexTarget(st)
	if err != nil {
		return err
	}
	if err := s.noRunningPortal("REINDEX", table.Name); err != nil {
		return err
	}
	table, cat, err := s.db.cat.LockTable(ctx, s.tx.txn, table.Name, lock.AccessExclusive)
	if err != nil {
		return err
	}
	indexes := cat.IndexesOf(table.OID)
	if only == nil && len(indexes) == 0 {
		s.notice(pgerr.Notice(pgerr.SuccessfulCompletion, `table "%s" has no indexes to reindex`, table.Name))
	}
	if err := s.maintenance().Reindex(ctx, s.tx.txn, table.OID, only, nil); err != nil {
		return err
	}
	if verbose {
		for _, i := range indexes {
			if only == nil || i.OID == only[0] {
				s.notice(&pgerr.Error{Code: pgerr.SuccessfulCompletion, Severity: pgerr.SeverityInfo, Message: `index "` + i.Name + `" was reindexed`})
			}
		}
	}
	return nil
}

func reindexVerbose(st *pg_query.ReindexStmt) (verbose bool, err error) {
	for _, n := range st.Params {
		d := n.GetDefElem()
		on, err := optionBool(d)
		switch name := strings.ToLower(d.Defname); {
		case name == "tablespace":
			return false, unsupported("REINDEX (TABLESPACE …)")
		case name != "verbose" && name != "concurrently":
			return false, pgerr.New(pgerr.SyntaxError, `unrecognized REINDEX option "%s"`, d.Defname)
		case err != nil:
			return false, err
		case name == "verbose":
			verbose = on
		case on:
			return false, unsupported("REINDEX CONCURRENTLY")
		}
	}
	return verbose, nil
}

// reindexTarget finds the table and, for REINDEX INDEX, the one index.
func (s *Session) reindexTarget(st *pg_query.ReindexStmt) (*catalog.Table, []uint32, error) {
	switch st.Kind {
	case pg_query.ReindexObjectType_REINDEX_OBJECT_TABLE, pg_query.ReindexObjectType_REINDEX_OBJECT_INDEX:
	default:
		return nil, nil, unsupported("REINDEX SCHEMA, DATABASE or SYSTEM")
	}
	if err := public(st.Relation); err != nil {
		return nil, nil, err
	}
	cat, err := s.db.cat.Current(s.tx.txn)
	if err != nil {
		return nil, nil, err
	}
	name := st.Relation.Relname
	table, index := cat.Table(name), cat.Index(name)
	if table == nil && index == nil {
		return nil, nil, pgerr.New(pgerr.UndefinedTable, `relation "%s" does not exist`, name)
	}
	if st.Kind == pg_query.ReindexObjectType_REINDEX_OBJECT_TABLE {
		if table == nil {
			return nil, nil, pgerr.New(pgerr.WrongObjectType, `"%s" is not a table or materialized view`, name)
		}
		return table, nil, nil
	}
	if index == nil {
		return nil, nil, pgerr.New(pgerr.WrongObjectType, `"%s" is not an index`, name)
	}
	return cat.TableByOID(index.Table), []uint32{index.OID}, nil
}
