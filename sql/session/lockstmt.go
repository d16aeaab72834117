package session

import (
	"context"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/pgerr"
)

// lockTable runs LOCK TABLE: each table in the order of the list, waiting for others before the next one, until the end of the transaction.
func (s *Session) lockTable(ctx context.Context, st *pg_query.LockStmt) error {
	if !s.tx.block {
		return onlyInBlock("LOCK TABLE")
	}
	mode := lock.Mode(st.Mode)
	if s.db.eng.IsStandby() && mode > lock.RowExclusive {
		return pgerr.New(pgerr.ReadOnlySQLTransaction, "cannot execute LOCK TABLE during recovery").
			WithHint("A standby gives locks up to ROW EXCLUSIVE MODE.")
	}
	for _, n := range st.Relations {
		rv := n.GetRangeVar()
		if err := public(rv); err != nil {
			return err
		}
		if err := s.lockOne(ctx, rv.Relname, mode, st.Nowait); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) lockOne(ctx context.Context, name string, mode lock.Mode, nowait bool) error {
	cat, err := s.catalog()
	if err != nil {
		return err
	}
	if t := cat.Table(name); t != nil {
		if err := s.permitLock(name, mode); err != nil {
			return err
		}
		if nowait && !s.db.eng.Locks.TryAcquire(s.tx.txn.Owner(), lock.Relation(t.OID), mode) {
			return pgerr.New(pgerr.LockNotAvailable, "could not obtain lock on relation %q", name)
		}
	} else if cat.Index(name) != nil {
		return cannotLock(name, "indexes")
	} else if cat.Sequence(name) != nil {
		return cannotLock(name, "sequences")
	}
	if _, _, err = s.db.cat.LockTable(ctx, s.tx.txn, name, mode); err != nil {
		return err
	}
	return s.permitLock(name, mode) // it may be another's by now
}

func cannotLock(name, kind string) error {
	return pgerr.New(pgerr.WrongObjectType, "cannot lock relation %q", name).WithDetail("This operation is not supported for %s.", kind)
}

// permitLock checks that the user might do with a table what a lock of this mode is for: any of it will do, as in PostgreSQL.
func (s *Session) permitLock(name string, mode lock.Mode) error {
	cat, err := s.catalog()
	if err != nil {
		return err
	}
	t, privileges := cat.Table(name), "wdD"
	switch mode {
	case lock.AccessShare:
		privileges = "r"
	case lock.RowExclusive:
		privileges = "awdD"
	}
	for _, p := range privileges {
		if err = s.permitTable(t, string(p)); err == nil {
			return nil
		}
	}
	return err
}
