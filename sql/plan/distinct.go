package plan

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
)

// distinct analyses DISTINCT and DISTINCT ON.
func (a *analyzer) distinct(q *Query, sc *scope, s *pg_query.SelectStmt) error {
	if len(s.DistinctClause) == 0 {
		return nil
	}
	if s.DistinctClause[0].Node != nil {
		return a.in(clause{"DISTINCT ON", true, false}, func() error { return a.distinctOn(q, sc, s) })
	}
	q.Distinct = true
	if len(q.Targets) == q.Visible() {
		return nil
	}
	at := int32(-1)
	for i, o := range q.OrderBy {
		if q.Targets[o.Target].Junk && at < 0 {
			at = locationOf(s.SortClause[i].GetSortBy().GetNode())
		}
	}
	return a.errorf(at, pgerr.InvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
}

// distinctOn makes the expressions of DISTINCT ON the first to sort by. Those that ORDER BY has must come first in it.
func (a *analyzer) distinctOn(q *Query, sc *scope, s *pg_query.SelectStmt) error {
	var keys []int
	for _, n := range s.DistinctClause {
		target, err := a.sortTarget(q, sc, n, "SELECT DISTINCT ON")
		if err != nil {
			return err
		}
		if !slices.Contains(keys, target) {
			keys = append(keys, target)
		}
	}
	matched := 0
	for i, o := range q.OrderBy {
		if !slices.Contains(keys, o.Target) {
			break
		}
		matched = i + 1
	}
	for _, o := range q.OrderBy[matched:] {
		if slices.Contains(keys, o.Target) || matched < min(len(keys), len(q.OrderBy)) && missing(keys, q.OrderBy[:matched]) {
			return a.errorf(locationOf(s.DistinctClause[0]), pgerr.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
		}
	}
	order := slices.Clone(q.OrderBy[:matched])
	for _, k := range keys {
		if !slices.ContainsFunc(order, func(o OrderItem) bool { return o.Target == k }) {
			order = append(order, OrderItem{Target: k})
		}
	}
	q.DistinctOn = len(order)
	q.OrderBy = append(order, q.OrderBy[matched:]...)
	return nil
}

// missing reports whether some key is not among the items.
func missing(keys []int, items []OrderItem) bool {
	return slices.ContainsFunc(keys, func(k int) bool {
		return !slices.ContainsFunc(items, func(o OrderItem) bool { return o.Target == k })
	})
}
