package session

import (
	"context"
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/lock"
)

// truncate locks all tables and then empties them; RESTART IDENTITY puts their sequences back.
func (s *Session) truncate(ctx context.Context, st *pg_query.TruncateStmt) error {
	var tables []uint32
	for _, n := range st.Relations {
		rv := n.GetRangeVar()
		if err := public(rv); err != nil {
			return err
		}
		if err := s.noRunningPortal("TRUNCATE", rv.Relname); err != nil {
			return err
		}
		t, _, err := s.db.cat.LockTable(ctx, s.tx.txn, rv.Relname, lock.AccessExclusive)
		if err != nil {
			return err
		}
		if !slices.Contains(tables, t.OID) {
			tables = append(tables, t.OID)
		}
	}
	if err := s.db.maintain.Truncate(ctx, s.tx.txn, tables...); err != nil || !st.RestartSeqs {
		return err
	}
	for _, oid := range tables {
		if err := s.restartSequences(ctx, oid); err != nil {
			return err
		}
	}
	return nil
}
