package session

import (
	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
)

// savepoint is a subtransaction with its name. Its place in transaction.saves plus one is its level in core/xact, and the number of
// frames that the settings keep for it.
type savepoint struct {
	name     string
	readOnly bool // of the transaction before it
}

// savepointStmt runs SAVEPOINT.
func (s *Session) savepointStmt(name string) error {
	if s.tx == nil || !s.tx.block {
		return onlyInBlock("SAVEPOINT")
	}
	s.tx.saves = append(s.tx.saves, savepoint{name, s.tx.readOnly})
	s.tx.txn.BeginSub()
	s.settings.Begin()
	return nil
}

// releaseStmt runs RELEASE: what was done since belongs to what is around the savepoint.
func (s *Session) releaseStmt(name string) error {
	level, err := s.findSavepoint("RELEASE SAVEPOINT", name)
	if err != nil {
		return err
	}
	s.tx.txn.ReleaseSub(level)
	for range s.tx.saves[level-1:] {
		s.settings.Release()
	}
	for _, p := range s.portals {
		p.level = min(p.level, level-1)
	}
	s.tx.leave(level)
	return nil
}

// rollbackToStmt runs ROLLBACK TO: everything since the savepoint is undone, a failure included, and the savepoint stands as new.
func (s *Session) rollbackToStmt(name string) error {
	level, err := s.findSavepoint("ROLLBACK TO SAVEPOINT", name)
	if err != nil {
		return err
	}
	s.closePortalsFrom(level)
	s.tx.txn.RollbackToSub(level)
	for range s.tx.saves[level-1:] {
		s.settings.Rollback()
	}
	s.settings.Begin()
	readOnly := s.tx.saves[level-1].readOnly
	s.tx.leave(level)
	s.tx.saves = append(s.tx.saves, savepoint{name, readOnly})
	s.tx.failed = false
	return nil
}

// leave forgets the savepoints from a level inwards.
func (t *transaction) leave(level int) {
	t.readOnly = t.saves[level-1].readOnly
	t.saves = t.saves[:level-1]
}

// findSavepoint returns the level of the innermost savepoint of a name.
func (s *Session) findSavepoint(command, name string) (int, error) {
	if s.tx == nil || !s.tx.block {
		return 0, onlyInBlock(command)
	}
	for i := len(s.tx.saves) - 1; i >= 0; i-- {
		if s.tx.saves[i].name == name {
			return i + 1, nil
		}
	}
	return 0, pgerr.New(pgerr.InvalidSavepointSpecification, `savepoint "%s" does not exist`, name)
}

func onlyInBlock(command string) error {
	return pgerr.New(pgerr.NoActiveSQLTransaction, "%s can only be used in transaction blocks", command)
}

// failSub ends what a failed statement did within a savepoint: rows and locks go at once, the savepoint stays for ROLLBACK TO.
func (s *Session) failSub() {
	level := s.tx.txn.SubLevel()
	s.tx.failed = true
	s.closePortalsFrom(level)
	s.tx.txn.RollbackToSub(level)
}

// closePortalsFrom ends the portals that were made at a level of savepoints or further in.
func (s *Session) closePortalsFrom(level int) {
	for name, p := range s.portals {
		if p.level >= level {
			p.close()
			delete(s.portals, name)
		}
	}
}

// isRollbackTo reports whether a statement is ROLLBACK TO.
func isRollbackTo(t *pg_query.TransactionStmt) bool {
	return t.GetKind() == pg_query.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO
}
