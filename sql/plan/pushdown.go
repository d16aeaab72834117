package plan

import (
	"github.com/quiredb/quire/sql/expr"
)

// pushQuals moves conditions on the output of a subquery, which is relation rel outside, into it where that changes nothing: to HAVING if it
// groups rows, else to WHERE. It returns the query and the conditions that stay outside.
func (p *planner) pushQuals(q *Query, rel int, quals []expr.Expr) (*Query, []expr.Expr) {
	if len(quals) == 0 || q.Limit != nil || q.Offset != nil || q.DistinctOn > 0 || len(q.Locks) > 0 || len(q.From) == 0 {
		return q, quals
	}
	var moved, rest []expr.Expr
	for _, e := range quals {
		ok := expr.MaxVolatility(e) != expr.Volatile && !expr.HasSubLinks(e)
		inside, err := expr.RewriteTop(e, func(n expr.Expr) (expr.Expr, error) {
			c, isColumn := n.(*expr.ColumnRef)
			if !isColumn || c.Rel != rel {
				return nil, nil
			}
			target := q.Targets[c.Index].Expr
			ok = ok && expr.MaxVolatility(target) != expr.Volatile && !expr.HasSubLinks(target)
			return target, nil
		})
		if ok = ok && err == nil; ok {
			moved = append(moved, inside)
		} else {
			rest = append(rest, e)
		}
	}
	if len(moved) == 0 {
		return q, quals
	}
	c := *q
	to := &c.Where
	if q.grouped() {
		to = &c.Having
	}
	if *to != nil {
		moved = append([]expr.Expr{*to}, moved...)
	}
	*to = expr.Conjunction(moved)
	return &c, rest
}

// lowerHaving moves the conditions of HAVING that are the same for all rows of a group to WHERE: those without aggregates. The one group of
// a query without GROUP BY is there even if no row is.
func (q *Query) lowerHaving() *Query {
	if q.Having == nil || len(q.GroupBy) == 0 {
		return q
	}
	var moved, rest []expr.Expr
	for _, e := range expr.Conjuncts(q.Having) {
		if expr.HasAggregates(e) || expr.HasSubLinks(e) || expr.MaxVolatility(e) == expr.Volatile {
			rest = append(rest, e)
		} else {
			moved = append(moved, e)
		}
	}
	if len(moved) == 0 {
		return q
	}
	c := *q
	if c.Where != nil {
		moved = append([]expr.Expr{c.Where}, moved...)
	}
	c.Where, c.Having = expr.Conjunction(moved), nil
	if len(rest) > 0 {
		c.Having = expr.Conjunction(rest)
	}
	return &c
}
