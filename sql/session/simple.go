package session

import (
	"context"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/parse"
)

// Query runs a text of the simple protocol: statements one after the other, in one transaction unless they say otherwise.
func (s *Session) Query(ctx context.Context, sql string, out Output) error {
	s.out = out
	s.activity.begin(sql)
	defer s.rest()
	err := s.guard(func() error { return s.query(ctx, sql, out) })
	return s.fail(ctx, err)
}

// rest notes the end of what the client asked for.
func (s *Session) rest() {
	s.out = nil
	s.activity.end(s.TxStatus(), s.txnTime())
}

func (s *Session) query(ctx context.Context, sql string, out Output) error {
	if p := s.portals[""]; p != nil { // a simple query ends the unnamed portal
		p.close()
		delete(s.portals, "")
	}
	if done, err := s.queryShape(ctx, sql, out); done {
		return err
	}
	defer func() { s.shape = nil }()
	stmts, err := s.db.parser.Parse(sql)
	if err != nil {
		return err
	}
	if len(stmts) == 0 {
		return out.EmptyQuery()
	}
	s.examine(stmts)
	s.cutNotices(stmts)
	s.multi = len(stmts) > 1
	defer func() { s.multi = false }()
	for i, stmt := range stmts {
		tag, err := s.bounded(ctx, stmt, nil, i == len(stmts)-1, out)
		if err != nil {
			return err
		}
		if err := out.CommandComplete(tag); err != nil {
			return err
		}
	}
	return nil
}

// bounded runs one statement of a text, or a shape with its values, within its own statement_timeout; the last one, or one that ends a
// block, is committed in it.
func (s *Session) bounded(ctx context.Context, stmt parse.Statement, shape *portal, last bool, out Output) (tag string, err error) {
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	within, stop := s.withTimeout(ctx)
	defer stop()
	if shape != nil {
		tag, err = s.planned(within, shape, out)
	} else {
		tag, err = s.simple(within, stmt, out)
	}
	if err == nil && (last || s.tx == nil) {
		err = s.finishImplicit(within) // by S2
	}
	return tag, s.causeOf(within, err)
}

// finishImplicit commits a transaction that no block holds open.
func (s *Session) finishImplicit(ctx context.Context) error {
	if s.tx == nil || s.tx.block {
		return nil
	}
	return s.commit(ctx)
}

// endsBlock reports whether a statement may run in a failed block.
func endsBlock(n *pg_query.Node) bool {
	t := n.GetTransactionStmt()
	return t != nil && (isRollbackTo(t) ||
		t.Kind == pg_query.TransactionStmtKind_TRANS_STMT_COMMIT || t.Kind == pg_query.TransactionStmtKind_TRANS_STMT_ROLLBACK)
}

// simple runs one statement of a simple query.
func (s *Session) simple(ctx context.Context, stmt parse.Statement, out Output) (string, error) {
	if s.tx != nil && s.tx.failed && !endsBlock(stmt.Node) {
		return "", errAborted()
	}
	p := &portal{stmt: &prepared{stmt: stmt}}
	if isPlanned(stmt.Node) {
		p.stmt = s.simpleCache.get(stmt, nil)
		p.stmt.bare = true
		return s.planned(ctx, p, out)
	}
	if ex := stmt.Node.GetExecuteStmt(); ex != nil {
		return s.simpleExecute(ctx, stmt, ex, out)
	}
	if f := stmt.Node.GetFetchStmt(); f != nil {
		return s.simpleFetch(ctx, f, out)
	}
	p.stmt.bare = true
	defer p.close()
	tag, rows, err := s.utility(ctx, p, out)
	if err != nil {
		return "", err
	}
	if p.cols = s.utilityColumns(stmt.Node); p.cols != nil {
		if err := out.RowDescription(p.cols); err != nil {
			return "", err
		}
	}
	for _, row := range rows {
		if err := out.Row(p.cols, row); err != nil {
			return "", err
		}
	}
	return tag, nil
}

// simpleExecute runs EXECUTE as the statement that it means.
func (s *Session) simpleExecute(ctx context.Context, stmt parse.Statement, st *pg_query.ExecuteStmt, out Output) (string, error) {
	target, values, err := s.executed(ctx, stmt, st)
	if err != nil {
		return "", err
	}
	return s.planned(ctx, &portal{stmt: target, params: values}, out)
}

// planned runs a planned statement from its start to its end.
func (s *Session) planned(ctx context.Context, p *portal, out Output) (string, error) {
	defer p.close()
	if err := s.start(ctx, p); err != nil {
		return "", err
	}
	s.shape.costs(p.plan, s.costs())
	p.ran = true
	p.cols = p.stmt.cols // as text, which is what columnsOf says
	return s.simplePlanned(ctx, p, out)
}

// simpleFetch hands the rows of a FETCH on as they are computed.
func (s *Session) simpleFetch(ctx context.Context, st *pg_query.FetchStmt, out Output) (string, error) {
	s.need()
	c, err := s.cursor(ctx, st.Portalname)
	if err != nil {
		return "", err
	}
	if !st.Ismove {
		if err := out.RowDescription(c.cols); err != nil {
			return "", err
		}
	}
	return s.fetch(ctx, st, func(row []datum.Datum) error { return out.Row(c.cols, row) })
}

func (s *Session) simplePlanned(ctx context.Context, p *portal, out Output) (string, error) {
	// The first row is computed before the description goes out, so that most errors come without one; and a plan
	// whose access method has gone can still be replaced.
	row, err := p.op.Next()
	if err != nil && p.plan.Writes == nil && lostMethod(err) {
		p.close()
		p.stmt.plan = nil
		if err = s.start(ctx, p); err == nil {
			row, err = p.op.Next()
		}
	}
	if err != nil {
		return "", err
	}
	if p.stmt.cols != nil {
		if err := out.RowDescription(p.cols); err != nil {
			return "", err
		}
	}
	n := 0
	for row != nil {
		if err := out.Row(p.cols, row[:len(p.cols)]); err != nil {
			return "", err
		}
		n++
		if row, err = p.op.Next(); err != nil {
			return "", err
		}
	}
	affected, writes := p.x.Affected, p.plan.Writes != nil
	p.close()
	if writes {
		s.tx.txn.NextCommand()
	}
	return planTag(p.plan.Command, n, affected), nil
}

// errNoPortal and errNoStatement are for names that the client has not defined.
func errNoPortal(name string) error {
	return pgerr.New(pgerr.InvalidCursorName, `portal "%s" does not exist`, name)
}

func errNoStatement(name string) error {
	if name == "" {
		return pgerr.New(pgerr.InvalidSQLStatementName, "unnamed prepared statement does not exist")
	}
	return pgerr.New(pgerr.InvalidSQLStatementName, `prepared statement "%s" does not exist`, name)
}

// cutNotices tells of names that were too long.
func (s *Session) cutNotices(stmts []parse.Statement) {
	for _, name := range stmts[0].Cut {
		s.notice(pgerr.Notice(pgerr.NameTooLong, `identifier "%s" will be truncated to "%s"`, name, datum.TruncateName(name)))
	}
}
