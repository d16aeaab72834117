package plan

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// groupBy resolves keys: an input column's name wins over an output name, as the standard wants it.
func (a *analyzer) groupBy(q *Query, sc *scope, list []*pg_query.Node) error {
	for _, n := range list {
		if n.GetGroupingSet() != nil {
			return a.unsupported("GROUPING SETS, ROLLUP and CUBE", locationOf(n))
		}
		e, err := a.groupKey(q, sc, n)
		if err != nil {
			return err
		}
		duplicate := false
		for _, k := range q.GroupBy {
			duplicate = duplicate || expr.Equal(k, e)
		}
		if !duplicate {
			q.GroupBy = append(q.GroupBy, e)
		}
	}
	return nil
}

func (a *analyzer) groupKey(q *Query, sc *scope, n *pg_query.Node) (expr.Expr, error) {
	target := -1
	if name := bareName(n); name != "" {
		if _, err := sc.column("", "", name); pgerr.Is(err, pgerr.UndefinedColumn) {
			for i := range q.Targets {
				if !q.Targets[i].Junk && q.Targets[i].Name == name && target < 0 {
					target = i
				}
			}
		}
	}
	if target < 0 {
		i, ok, err := a.ordinal(q, n, "GROUP BY")
		if err != nil {
			return nil, err
		}
		if ok {
			target = i
		}
	}
	if target < 0 {
		e, err := a.expr(sc, n)
		if err != nil {
			return nil, err
		}
		e, err = a.b.Resolve(e)
		return e, a.at(err, locationOf(n))
	}
	e, err := a.b.Resolve(q.Targets[target].Expr)
	if err != nil {
		return nil, err
	}
	if expr.HasAggregates(e) {
		return nil, a.errorf(locationOf(n), pgerr.GroupingError, "aggregate functions are not allowed in GROUP BY")
	}
	q.Targets[target].Expr = e
	return e, nil
}

// checkGrouping finds columns that are neither grouped by nor aggregated.
func (a *analyzer) checkGrouping(q *Query) error {
	if !q.HasAggs && len(q.GroupBy) == 0 && q.Having == nil {
		return nil
	}
	own := q.own()
	var check func(e expr.Expr) error
	check = func(e expr.Expr) error {
		_, err := expr.RewriteTop(e, func(n expr.Expr) (expr.Expr, error) {
			for _, k := range q.GroupBy {
				if expr.Equal(k, n) {
					return n, nil
				}
			}
			switch n := n.(type) {
			case *expr.AggRef:
				return n, nil
			case *expr.SubLink:
				for _, c := range n.Outer {
					if err := check(c); err != nil {
						ref := c.(*expr.ColumnRef)
						return nil, pgerr.New(pgerr.GroupingError, `subquery uses ungrouped column "%s.%s" from outer query`, q.Rels[ref.Rel].Alias, ref.Name).At(ref.Pos)
					}
				}
			case *expr.ColumnRef:
				if !slices.Contains(own, n.Rel) {
					return n, nil // of a query round this one
				}
				if q.determined(n, q.GroupBy) {
					return n, nil
				}
				return nil, pgerr.New(pgerr.GroupingError, `column "%s.%s" must appear in the GROUP BY clause or be used in an aggregate function`, q.Rels[n.Rel].Alias, n.Name).At(n.Pos)
			}
			return nil, nil
		})
		return err
	}
	for i := range q.Targets {
		if err := check(q.Targets[i].Expr); err != nil {
			return err
		}
	}
	return check(q.Having)
}
