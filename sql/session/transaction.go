package session

import (
	"context"
	"errors"
	"time"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
)

// transaction is the transaction a session is in.
type transaction struct {
	txn      *xact.Txn
	block    bool // opened by BEGIN
	failed   bool // and aborted: only its end is left
	readOnly bool
	started  time.Time
	used     bool // a statement has taken a snapshot
	saves    []savepoint
}

// begin starts a transaction.
func (s *Session) begin(block bool, iso xact.Isolation, readOnly bool) {
	s.xs.LockTimeout = s.bounds().lock
	t := &transaction{txn: s.xs.Begin(iso), block: block, readOnly: readOnly, started: time.Now()}
	t.txn.Cancel = s.interrupt
	s.tx = t
}

// interrupt ends what the session is doing, from another goroutine: the running statement, or, when the session sits idle in its
// transaction, the connection. Nothing less would give up the snapshot that stands in the way.
func (s *Session) interrupt(cause error) {
	if s.activity.running() {
		if s.params.Cancel != nil {
			s.params.Cancel(cause)
		}
		return
	}
	if s.params.Terminate != nil {
		e := pgerr.From(cause)
		s.params.Terminate(pgerr.Fatal(e.Code, "terminating connection due to conflict with recovery").WithDetail("%s", e.Detail).
			WithHint("In a moment you should be able to reconnect to the database and repeat your command."))
	}
}

// need makes sure that a statement has a transaction.
func (s *Session) need() {
	if s.tx == nil {
		s.settings.Begin()
		s.begin(false, s.bounds().isolation, s.bounds().readOnly)
	}
}

func isolation(name string) xact.Isolation {
	if name == "repeatable read" || name == "serializable" {
		return xact.RepeatableRead
	}
	return xact.ReadCommitted
}

// commit ends the transaction. If it cannot, the transaction is aborted and the error says why.
func (s *Session) commit(ctx context.Context) error {
	t := s.tx
	if t == nil {
		return nil
	}
	s.closePortals()
	s.tx = nil
	if t.failed {
		s.tx = t
		s.abort()
		return nil
	}
	opts := xact.CommitOptions{Async: s.bounds().async && !t.txn.ChangedCatalog()}
	_, err := t.txn.Commit(ctx, opts)
	switch {
	case errors.Is(err, xact.ErrDurabilityPending):
		// It is committed, and nobody knows whether it outlives a crash: the wait was given up, or the log cannot be written any
		// more. PostgreSQL's warning with success is for a commit that is safe here and only not yet elsewhere.
		s.settings.End(true)
		s.xs.Counts.Transaction(true)
		return err
	case err != nil:
		s.settings.End(false)
		s.xs.Counts.Transaction(false)
		return err
	}
	s.settings.End(true)
	s.xs.Counts.Transaction(true)
	return nil
}

// abortTxn aborts the underlying transaction and keeps the block open for its end.
func (s *Session) abortTxn() {
	if t := s.tx; t != nil && !t.txn.Ended() {
		if err := t.txn.Abort(); err != nil {
			s.db.cfg.Log.Warn().Err(err).Msg("abort")
		}
		s.xs.Counts.Transaction(false)
		s.settings.End(false)
	}
}

// abort ends the transaction without effect.
func (s *Session) abort() {
	s.closePortals()
	s.abortTxn()
	s.tx = nil
}

// errAborted is the answer to statements in a failed block.
func errAborted() error {
	return pgerr.New(pgerr.InFailedSQLTransaction, "current transaction is aborted, commands ignored until end of transaction block")
}

// transactionStmt runs BEGIN, COMMIT and their kin.
func (s *Session) transactionStmt(ctx context.Context, st *pg_query.TransactionStmt) (string, error) {
	switch st.Kind {
	case pg_query.TransactionStmtKind_TRANS_STMT_BEGIN, pg_query.TransactionStmtKind_TRANS_STMT_START:
		return s.beginStmt(st)
	case pg_query.TransactionStmtKind_TRANS_STMT_COMMIT:
		return s.commitStmt(ctx, st)
	case pg_query.TransactionStmtKind_TRANS_STMT_ROLLBACK:
		if st.Chain {
			return "", unsupported("ROLLBACK AND CHAIN")
		}
		if s.tx == nil || !s.tx.block {
			s.notice(pgerr.Warn(pgerr.NoActiveSQLTransaction, "there is no transaction in progress"))
		}
		s.abort()
		return "ROLLBACK", nil
	case pg_query.TransactionStmtKind_TRANS_STMT_SAVEPOINT:
		return "SAVEPOINT", s.savepointStmt(st.SavepointName)
	case pg_query.TransactionStmtKind_TRANS_STMT_RELEASE:
		return "RELEASE", s.releaseStmt(st.SavepointName)
	case pg_query.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO:
		return "ROLLBACK", s.rollbackToStmt(st.SavepointName)
	}
	return "", unsupported("two-phase commit")
}

func (s *Session) beginStmt(st *pg_query.TransactionStmt) (string, error) {
	tag := "BEGIN"
	if st.Kind == pg_query.TransactionStmtKind_TRANS_STMT_START {
		tag = "START TRANSACTION"
	}
	if s.tx != nil && s.tx.block {
		s.notice(pgerr.Warn(pgerr.ActiveSQLTransaction, "there is already a transaction in progress"))
		return tag, s.transactionModes(st.Options)
	}
	if s.tx == nil {
		s.need()
	}
	s.tx.block = true // what ran before in the same query text becomes part of the block, as in PostgreSQL
	err := s.transactionModes(st.Options)
	if err != nil {
		s.tx.block = false // a BEGIN that fails leaves no block behind, failed or not
	}
	return tag, err
}

// transactionModes applies ISOLATION LEVEL and READ ONLY to the transaction at hand.
func (s *Session) transactionModes(options []*pg_query.Node) error {
	for _, o := range options {
		d := o.GetDefElem()
		switch d.Defname {
		case "transaction_isolation":
			if err := s.setIsolation(d.Arg.GetAConst().GetSval().GetSval()); err != nil {
				return err
			}
		case "transaction_read_only":
			if err := s.setReadOnly(d.Arg.GetAConst().GetIval().GetIval() != 0); err != nil {
				return err
			}
		case "transaction_deferrable": // means something to serializable read-only transactions alone
		default:
			return unsupported("transaction mode " + d.Defname)
		}
	}
	return nil
}

func (s *Session) setIsolation(name string) error {
	if name == "serializable" {
		return pgerr.New(pgerr.FeatureNotSupported, "isolation level SERIALIZABLE is not supported").
			WithHint("REPEATABLE READ gives one snapshot for the whole transaction.")
	}
	iso := isolation(name)
	if iso == s.tx.txn.Isolation() {
		return nil
	}
	if s.tx.used {
		return pgerr.New(pgerr.ActiveSQLTransaction, "SET TRANSACTION ISOLATION LEVEL must be called before any query")
	}
	if len(s.tx.saves) > 0 {
		return pgerr.New(pgerr.ActiveSQLTransaction, "SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction")
	}
	s.tx.txn.SetIsolation(iso)
	return nil
}

func (s *Session) setReadOnly(readOnly bool) error {
	if n := len(s.tx.saves); !readOnly && n > 0 && s.tx.saves[n-1].readOnly {
		return pgerr.New(pgerr.ActiveSQLTransaction, "cannot set transaction read-write mode inside a read-only transaction")
	}
	if !readOnly && s.tx.readOnly && s.tx.used {
		return pgerr.New(pgerr.ActiveSQLTransaction, "transaction read-write mode must be set before any query")
	}
	if !readOnly && s.db.eng.IsStandby() {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot set transaction read-write mode during recovery")
	}
	s.tx.readOnly = readOnly
	return nil
}

func (s *Session) commitStmt(ctx context.Context, st *pg_query.TransactionStmt) (string, error) {
	if st.Chain {
		return "", unsupported("COMMIT AND CHAIN")
	}
	if s.tx == nil || !s.tx.block {
		s.notice(pgerr.Warn(pgerr.NoActiveSQLTransaction, "there is no transaction in progress"))
	}
	if s.tx != nil && s.tx.failed {
		s.abort()
		return "ROLLBACK", nil
	}
	return "COMMIT", s.commit(ctx)
}

// unsupported is the answer to a feature that is known and missing (S8).
func unsupported(feature string) error {
	return pgerr.New(pgerr.FeatureNotSupported, "%s is not supported", feature)
}

// checkWritable refuses a writing command in a read-only transaction and on a standby, in PostgreSQL's words.
func (s *Session) checkWritable(command string) error {
	if s.db.eng.IsStandby() || s.tx != nil && s.tx.readOnly {
		e := pgerr.New(pgerr.ReadOnlySQLTransaction, "cannot execute %s in a read-only transaction", command)
		if s.db.eng.IsStandby() {
			return e.WithHint("This server is a standby: write on the primary.")
		}
		return e
	}
	return nil
}

// noBlock refuses a command that manages transactions itself.
func (s *Session) noBlock(command string) error {
	if s.multi || s.tx != nil && s.tx.block {
		return pgerr.New(pgerr.ActiveSQLTransaction, "%s cannot run inside a transaction block", command)
	}
	return nil
}
