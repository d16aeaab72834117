package plan

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// A set-returning function in a select list makes a row for each of its values, before DISTINCT and LIMIT; several of them go on in step, the
// shorter ones with nulls. The query without them becomes a relation, to whose rows the functions add columns (RelProjectSet):
//
//	SELECT a, unnest(b) FROM t ORDER BY 2   is   SELECT s.a, s.unnest FROM (SELECT a, b FROM t, with unnest(b)) s ORDER BY 2
//
// An order that needs no function is that of the query without them, as in PostgreSQL: the functions keep it.

// rowsFrom is the function whose arguments are set-returning calls that go on in step. Planning takes it apart.
var rowsFrom = pseudoSet("ROWS FROM")

func pseudoSet(name string) *expr.Function {
	return &expr.Function{Name: name, Volatility: expr.Stable, Set: func(*expr.EvalCtx, []expr.Datum) (expr.SetIterator, error) {
		return nil, pgerr.New(pgerr.InternalError, "plan: %s is no function of its own", name)
	}}
}

// setCalls are the calls of a relation that is a function: one, or those of rowsFrom.
func setCalls(e expr.Expr) []expr.Expr {
	if c, ok := e.(*expr.Call); ok && c.Fn == rowsFrom {
		return c.Args
	}
	return []expr.Expr{e}
}

// functionRel makes a relation of calls that go on in step. Its columns are named after their functions.
func functionRel(calls []expr.Expr, names []string) *Rel {
	rel := &Rel{Kind: RelFunction, Alias: names[0], Name: names[0], Call: calls[0]}
	if len(calls) > 1 {
		rel.Call = &expr.Call{Fn: rowsFrom, Args: calls, T: calls[0].Type()}
	}
	for i, e := range calls {
		rel.Columns = append(rel.Columns, RelColumn{names[i], e.Type()})
	}
	return rel
}

// lifter moves the set-returning functions of a query's targets to a relation.
type lifter struct {
	a     *analyzer
	q     *Query // without the functions
	rel   int    // is q with the functions
	calls []expr.Expr
}

// liftSets returns the query that takes q's targets apart, or q itself if they return no sets.
func (a *analyzer) liftSets(q *Query, s *pg_query.SelectStmt) (*Query, error) {
	if !slices.ContainsFunc(q.Targets, func(t Target) bool { return expr.HasSets(t.Expr) }) {
		return q, nil
	}
	switch {
	case slices.ContainsFunc(q.GroupBy, expr.HasSets):
		return nil, a.unsupported("a set-returning function in GROUP BY", -1)
	case len(s.LockingClause) > 0:
		return nil, a.unsupported("row locking with set-returning functions in the target list", -1)
	}
	inner := &Query{Command: Select, From: q.From, Where: q.Where, GroupBy: q.GroupBy, Having: q.Having, HasAggs: q.HasAggs}
	outer := *q
	outer.Where, outer.GroupBy, outer.Having, outer.HasAggs = nil, nil, nil, false
	outer.Targets = slices.Clone(q.Targets)

	rel := &Rel{Kind: RelProjectSet, Alias: "subquery"}
	item, base := a.addRel(rel, "")
	l := &lifter{a: a, q: inner, rel: base.rel}
	for i := range outer.Targets {
		var err error
		if outer.Targets[i].Expr, err = l.target(q, outer.Targets[i].Expr); err != nil {
			return nil, err
		}
	}
	l.order(q, &outer)
	for i := range outer.Targets {
		outer.Targets[i].Expr = l.placed(outer.Targets[i].Expr)
	}
	inner.Rels = a.rels
	inner.findFree()
	for _, t := range inner.Targets {
		rel.Columns = append(rel.Columns, RelColumn{t.Name, t.Expr.Type()})
	}
	sets := functionRel(l.calls, l.names())
	rel.Subquery, rel.Free, rel.Outer = inner, inner.Free, inner.outer()
	rel.Call, rel.Columns = sets.Call, append(rel.Columns, sets.Columns...)
	outer.From = []FromItem{item}
	return &outer, nil
}

// order moves ORDER BY to the query without the functions, if it needs none of them.
func (l *lifter) order(q, outer *Query) {
	if q.Distinct || q.DistinctOn > 0 || q.Ties || slices.ContainsFunc(q.OrderBy, func(o OrderItem) bool { return expr.HasSets(q.Targets[o.Target].Expr) }) {
		return
	}
	for _, o := range q.OrderBy {
		o.Target = l.column(q.Targets[o.Target].Expr).Index
		l.q.OrderBy = append(l.q.OrderBy, o)
	}
	outer.OrderBy, outer.Targets = nil, outer.Targets[:q.Visible()]
}

// setColumn stands for call number Index until the number of columns before the calls is known.
const setColumn = -1

// placed gives the columns of the calls their places, behind those of the query.
func (l *lifter) placed(e expr.Expr) expr.Expr {
	out, _ := expr.RewriteTop(e, func(n expr.Expr) (expr.Expr, error) {
		c, ok := n.(*expr.ColumnRef)
		if !ok || c.Rel != setColumn {
			return nil, nil
		}
		moved := *c
		moved.Rel, moved.Index, moved.Attr = l.rel, len(l.q.Targets)+c.Index, len(l.q.Targets)+c.Attr
		return &moved, nil
	})
	return out
}

func (l *lifter) names() []string {
	out := make([]string, len(l.calls))
	for i, e := range l.calls {
		out[i] = e.(*expr.Call).Fn.Name
	}
	return out
}

// target rewrites one target over the base and the functions.
func (l *lifter) target(q *Query, e expr.Expr) (expr.Expr, error) {
	own := q.own()
	return expr.RewriteTop(e, func(n expr.Expr) (expr.Expr, error) {
		if slices.ContainsFunc(q.GroupBy, func(g expr.Expr) bool { return expr.Equal(g, n) && !isConst(g) }) {
			return l.column(n), nil
		}
		switch n := n.(type) {
		case *expr.AggRef:
			return l.column(n), nil
		case *expr.ColumnRef:
			if slices.Contains(own, n.Rel) {
				return l.column(n), nil
			}
			return n, nil
		case *expr.Case, *expr.Coalesce:
			if expr.HasSets(n) {
				return nil, l.a.misplacedSetIn("CASE or COALESCE", -1)
			}
		case *expr.Call:
			if n.Fn.Set == nil {
				return nil, nil
			}
			if slices.ContainsFunc(n.Args, expr.HasSets) {
				return nil, l.a.unsupported("a set-returning function as argument of another", -1)
			}
			call := *n
			call.Args = make([]expr.Expr, len(n.Args))
			for i := range n.Args {
				var err error
				if call.Args[i], err = l.target(q, n.Args[i]); err != nil {
					return nil, err
				}
			}
			l.calls = append(l.calls, &call)
			return &expr.ColumnRef{Rel: setColumn, Index: len(l.calls) - 1, Attr: len(l.calls) - 1, T: n.Type(), Name: n.Fn.Name}, nil
		}
		return nil, nil
	})
}

// column is the column of the query without the functions for an expression.
func (l *lifter) column(e expr.Expr) *expr.ColumnRef {
	at := slices.IndexFunc(l.q.Targets, func(t Target) bool { return expr.Equal(t.Expr, e) })
	name := "?column?"
	if c, ok := e.(*expr.ColumnRef); ok {
		name = c.Name
	}
	if at < 0 {
		at = len(l.q.Targets)
		l.q.Targets = append(l.q.Targets, Target{Expr: e, Name: name})
	}
	return &expr.ColumnRef{Rel: l.rel, Index: at, Attr: at, T: e.Type(), Name: name}
}

func isConst(e expr.Expr) bool { _, ok := e.(*expr.Const); return ok }

// misplacedSet refuses a set-returning function in the present clause.
func (a *analyzer) misplacedSet(location int32) error {
	switch a.clause.name {
	case inAggs.name:
		return a.errorf(location, pgerr.FeatureNotSupported, "aggregate function calls cannot contain set-returning function calls").WithHint(moveToFrom)
	case inFrom.name, inOrderBy.name, inGroupBy.name:
		return a.unsupported("a set-returning function as part of "+a.clause.name, location)
	}
	return a.misplacedSetIn(a.clause.name, location)
}

func (a *analyzer) misplacedSetIn(place string, location int32) *pgerr.Error {
	e := a.errorf(location, pgerr.FeatureNotSupported, "set-returning functions are not allowed in %s", place)
	if location < 0 {
		return e.WithHint(moveToFrom)
	}
	return e
}

const moveToFrom = "You might be able to move the set-returning function into a LATERAL FROM item."
