package plan

import (
	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// selectStmt analyses a SELECT, VALUES or set operation within what a.outer and a.ctes have in sight.
func (a *analyzer) selectStmt(s *pg_query.SelectStmt) (*Query, error) {
	if err := a.refuseSelect(s); err != nil {
		return nil, err
	}
	done, err := a.with(s.WithClause)
	defer done()
	if err != nil {
		return nil, err
	}
	var q *Query
	var sc *scope
	switch {
	case s.Op > pg_query.SetOperation_SETOP_NONE:
		q, sc, err = a.setOperation(s)
	case len(s.ValuesLists) > 0:
		q, sc, err = a.values(s)
	default:
		q, sc, err = a.plainSelect(s)
	}
	if err != nil {
		return nil, err
	}
	if err := a.tail(q, sc, s); err != nil {
		return nil, err
	}
	if q, err = a.liftSets(q, s); err != nil {
		return nil, err
	}
	q.Rels = a.rels
	q.findFree()
	return q, nil
}

// plainSelect analyses what stands before ORDER BY.
func (a *analyzer) plainSelect(s *pg_query.SelectStmt) (*Query, *scope, error) {
	untyped := a.untyped
	a.untyped = false
	defer func() { a.untyped = untyped }()
	q := &Query{Command: Select}
	sc, err := a.from(q, s.FromClause)
	if err != nil {
		return nil, nil, err
	}
	if err := a.in(inTargets, func() error { return a.targets(q, sc, s.TargetList) }); err != nil {
		return nil, nil, err
	}
	if q.Where, err = a.condition(sc, s.WhereClause, inWhere); err != nil {
		return nil, nil, err
	}
	q.Having, err = a.condition(sc, s.HavingClause, inHaving)
	return q, sc, err
}

// tail analyses what may follow both SELECT and VALUES, and checks the grouping.
func (a *analyzer) tail(q *Query, sc *scope, s *pg_query.SelectStmt) error {
	// ORDER BY first: it may settle the types of targets that are untyped literals, as in PostgreSQL.
	if err := a.in(inOrderBy, func() error { return a.orderBy(q, sc, s) }); err != nil {
		return err
	}
	if err := a.in(inGroupBy, func() error { return a.groupBy(q, sc, s.GroupClause) }); err != nil {
		return err
	}
	if err := a.distinct(q, sc, s); err != nil {
		return err
	}
	var err error
	if q.Limit, err = a.limit(s.LimitCount, inLimit); err != nil {
		return err
	}
	q.Ties = s.LimitOption == pg_query.LimitOption_LIMIT_OPTION_WITH_TIES
	if q.Ties && s.LimitCount.GetAConst().GetIsnull() {
		return a.errorf(-1, pgerr.InvalidRowCountInLimitClause, "row count cannot be null in FETCH FIRST ... WITH TIES clause")
	}
	if q.Offset, err = a.limit(s.LimitOffset, inOffset); err != nil {
		return err
	}
	for i := range q.Targets {
		t := &q.Targets[i]
		if a.untyped && !t.Junk && !q.Distinct {
			continue
		}
		if t.Expr, err = a.b.Resolve(t.Expr); err != nil {
			return err
		}
	}
	for i := range q.Targets {
		q.HasAggs = q.HasAggs || expr.HasAggregates(q.Targets[i].Expr)
	}
	q.HasAggs = q.HasAggs || expr.HasAggregates(q.Having)
	q.Rels = a.rels
	if err := a.locking(q, sc, s.LockingClause); err != nil {
		return err
	}
	return a.checkGrouping(q)
}

// refuseSelect names the parts of SELECT that are missing.
func (a *analyzer) refuseSelect(s *pg_query.SelectStmt) error {
	switch {
	case s.IntoClause != nil:
		return a.errorf(s.IntoClause.Rel.Location, pgerr.SyntaxError, "SELECT ... INTO is not allowed here")
	case len(s.WindowClause) > 0:
		return a.unsupported("WINDOW", -1)
	}
	return nil
}

// maxTargets bounds the columns of a result, as PostgreSQL does: clients count them in 16 bits.
const maxTargets = 1664

// condition analyses a boolean clause; nil stays nil.
func (a *analyzer) condition(sc *scope, n *pg_query.Node, c clause) (expr.Expr, error) {
	if n == nil {
		return nil, nil
	}
	var out expr.Expr
	err := a.in(c, func() error {
		e, err := a.expr(sc, n)
		if err != nil {
			return err
		}
		out, err = a.b.Boolean(e, c.name)
		return a.at(err, locationOf(n))
	})
	return out, err
}

func (a *analyzer) limit(n *pg_query.Node, c clause) (expr.Expr, error) {
	if n == nil || n.GetAConst().GetIsnull() {
		return nil, nil
	}
	var out expr.Expr
	err := a.in(c, func() error {
		e, err := a.expr(&scope{parent: a.outer}, n)
		if err != nil {
			return err
		}
		out, err = a.b.Integer(e, c.name)
		return a.at(err, locationOf(n))
	})
	return out, err
}
