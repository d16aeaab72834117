package plan

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// A set-returning function in a select list makes a row for each of its values, before DISTINCT, ORDER BY and LIMIT; several of them go
// on in step, the shorter ones with nulls. That is what a function in FROM does that refers to the query without them:
//
//	SELECT a, unnest(b) FROM t ORDER BY 1   is   SELECT s.a, u FROM (SELECT a, b FROM t) s, LATERAL unnest(s.b) u ORDER BY 1

// rowsFrom is the function whose arguments are set-returning calls that go on in step. Planning takes it apart. An argument that is a
// call of after is none of them: it makes the functions wait for a relation, so that rows come in its order.
var rowsFrom, after = pseudoSet("ROWS FROM"), pseudoSet("after")

func pseudoSet(name string) *expr.Function {
	return &expr.Function{Name: name, Volatility: expr.Stable, Set: func(*expr.EvalCtx, []expr.Datum) (expr.SetIterator, error) {
		return nil, pgerr.New(pgerr.InternalError, "plan: %s is no function of its own", name)
	}}
}

// setCalls are the calls of a relation that is a function: one, or those of rowsFrom.
func setCalls(e expr.Expr) []expr.Expr {
	c, ok := e.(*expr.Call)
	if !ok || c.Fn != rowsFrom {
		return []expr.Expr{e}
	}
	var out []expr.Expr
	for _, a := range c.Args {
		if call, ok := a.(*expr.Call); !ok || call.Fn != after {
			out = append(out, a)
		}
	}
	return out
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

// lifter moves the set-returning functions of a query's targets to FROM.
type lifter struct {
	a       *analyzer
	q       *Query // without the functions
	base    *Rel   // is q
	baseRel int
	setRel  int
	calls   []expr.Expr
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

	l := &lifter{a: a, q: inner, base: &Rel{Kind: RelSubquery, Alias: "subquery"}}
	baseItem, base := a.addRel(l.base, "")
	l.baseRel, l.setRel = base.rel, base.rel+1
	for i := range outer.Targets {
		var err error
		if outer.Targets[i].Expr, err = l.target(q, outer.Targets[i].Expr); err != nil {
			return nil, err
		}
	}
	sets := functionRel(l.calls, l.names())
	l.order(sets)
	setItem, _ := a.addRel(sets, "")
	outer.From = []FromItem{setItem}
	if len(inner.From) > 0 || len(inner.Targets) > 0 || inner.HasAggs || inner.Where != nil || inner.Having != nil {
		if len(inner.Targets) == 0 { // the rows alone matter
			inner.Targets = []Target{{Expr: &expr.Const{D: datum.NewInt(1), T: expr.TypeOf(datum.Int4)}, Name: "?column?"}}
		}
		inner.Rels = a.rels
		inner.findFree()
		alias := l.base.Alias
		*l.base = *subqueryRel(inner)
		l.base.Alias = alias
		outer.From = []FromItem{baseItem, setItem}
	}
	return &outer, nil
}

// order makes functions that take nothing from the base wait for its rows all the same.
func (l *lifter) order(sets *Rel) {
	for _, e := range l.calls {
		if expr.Contains(e, func(n expr.Expr) bool { c, ok := n.(*expr.ColumnRef); return ok && c.Rel == l.baseRel }) {
			return
		}
	}
	var on expr.Expr
	switch own := l.q.own(); {
	case l.q.grouped():
		if len(l.q.Targets) == 0 {
			return
		}
		on = l.column(l.q.Targets[0].Expr)
	case len(own) > 0 && len(l.a.rels[own[0]].Columns) > 0:
		c := l.a.rels[own[0]].Columns[0]
		on = l.column(&expr.ColumnRef{Rel: own[0], Index: 0, Attr: 0, T: c.Type, Name: c.Name})
	default:
		return
	}
	args := append(slices.Clone(l.calls), &expr.Call{Fn: after, Args: []expr.Expr{on}, T: on.Type()})
	sets.Call = &expr.Call{Fn: rowsFrom, Args: args, T: l.calls[0].Type()}
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
			return &expr.ColumnRef{Rel: l.setRel, Index: len(l.calls) - 1, Attr: len(l.calls) - 1, T: n.Type(), Name: n.Fn.Name}, nil
		}
		return nil, nil
	})
}

// column is the base's column of an expression.
func (l *lifter) column(e expr.Expr) expr.Expr {
	at := slices.IndexFunc(l.q.Targets, func(t Target) bool { return expr.Equal(t.Expr, e) })
	name := "?column?"
	if c, ok := e.(*expr.ColumnRef); ok {
		name = c.Name
	}
	if at < 0 {
		at = len(l.q.Targets)
		l.q.Targets = append(l.q.Targets, Target{Expr: e, Name: name})
	}
	return &expr.ColumnRef{Rel: l.baseRel, Index: at, Attr: at, T: e.Type(), Name: name}
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
