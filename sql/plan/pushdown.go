package plan

import (
	"slices"

	"github.com/quiredb/quire/sql/expr"
)

// pushQuals moves conditions on the output of a subquery, which is relation rel outside, into it where that changes nothing: what it
// groups or compares for DISTINCT must not depend on the rows that go. It returns the query and the conditions that stay outside.
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
			ok = ok && expr.MaxVolatility(target) != expr.Volatile && !expr.HasSubLinks(target) && !expr.HasAggregates(target)
			if q.grouped() {
				ok = ok && slices.ContainsFunc(q.GroupBy, func(k expr.Expr) bool { return expr.Equal(k, target) })
			}
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
	if c.Where != nil {
		moved = append([]expr.Expr{c.Where}, moved...)
	}
	c.Where = expr.Conjunction(moved)
	return &c, rest
}
