package plan

import (
	"slices"
	"strconv"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/sql/expr"
)

// OrderOf is what ASC or DESC and NULLS FIRST or LAST mean together.
func OrderOf(dir pg_query.SortByDir, nulls pg_query.SortByNulls) ordkey.Order {
	o := ordkey.DefaultOrder(dir == pg_query.SortByDir_SORTBY_DESC)
	switch nulls {
	case pg_query.SortByNulls_SORTBY_NULLS_FIRST:
		o.NullsFirst = true
	case pg_query.SortByNulls_SORTBY_NULLS_LAST:
		o.NullsFirst = false
	}
	return o
}

// sortKeys are the first n items of ORDER BY as keys over the targets.
func sortKeys(q *Query, targets []expr.Expr, n int) []SortKey {
	out := make([]SortKey, n)
	for i, o := range q.OrderBy[:n] {
		out[i] = SortKey{Slot: o.Target, Type: targets[o.Target].Type().OID, Order: o.Order}
	}
	return out
}

// sorted adds a Sort for the query's ORDER BY. count and offset are the LIMIT as far as it is known; count -1 is none.
func (p *planner) sorted(child Node, q *Query, est *estimator, targets []expr.Expr, count, offset float64) Node {
	b := child.Common()
	n := &Sort{Child: child, Keys: sortKeys(q, targets, len(q.OrderBy))}
	bound := 0.0
	if q.Limit != nil && q.DistinctOn == 0 {
		if !q.Ties {
			n.Bound, n.Skip = compile(p.simplify(q.Limit)), compile(p.simplify(q.Offset))
		}
		if count >= 0 && offset >= 0 {
			bound = count + offset
		}
	}
	n.Rows, n.Width, n.Types, n.Show, n.Rels = b.Rows, b.Width, b.Types, b.Show, b.Rels
	n.Cost = p.costs.sort(b.Cost, b.Rows, float64(b.Width), bound)
	return n
}

func (p *planner) limited(child Node, q *Query, targets []expr.Expr, count, offset float64) Node {
	b := child.Common()
	n := &Limit{Child: child, Count: compile(p.simplify(q.Limit)), Offset: compile(p.simplify(q.Offset))}
	if q.Ties {
		n.Ties = sortKeys(q, targets, len(q.OrderBy))
	}
	guess := func(v float64) float64 {
		if v == -2 {
			return clampRows(b.Rows * 0.1)
		}
		return v
	}
	n.Width, n.Types, n.Show, n.Rels = b.Width, b.Types, b.Show, b.Rels
	n.Cost, n.Rows = p.costs.limit(b.Cost, b.Rows, guess(offset), guess(count))
	return n
}

// distinct removes duplicates by hashing all targets, or by sorting by them, which may serve the ORDER BY as well. It reports whether the rows
// have that order.
func (p *planner) distinct(child Node, est *estimator, q *Query, targets []expr.Expr) (Node, bool) {
	b := child.Common()
	rows := est.groups(targets, b.Rows)
	hashed := p.costs.aggregate(true, b.Cost, b.Rows, rows, len(targets), 0, 0)
	sorted := p.costs.sort(b.Cost, b.Rows, float64(b.Width), 0)
	once := Cost{sorted.Startup, sorted.Total + p.costs.CPUOperator*b.Rows*float64(len(targets))}
	hashTotal := hashed
	if len(q.OrderBy) > 0 {
		hashTotal = p.costs.sort(hashed, rows, float64(b.Width), 0)
	}
	if len(targets) > 0 && once.Total <= hashTotal.Total*costFuzz {
		order := *q
		for i := range targets {
			if !slices.ContainsFunc(order.OrderBy, func(o OrderItem) bool { return o.Target == i }) {
				order.OrderBy = append(slices.Clip(order.OrderBy), OrderItem{Target: i})
			}
		}
		order.Limit, order.DistinctOn = nil, len(order.OrderBy)
		return p.unique(p.sorted(child, &order, est, targets, -1, 0), est, &order, targets), true
	}
	n := &Aggregate{Child: child, Strategy: Hashed}
	for i, t := range targets {
		slot := &expr.ColumnRef{Index: i, T: t.Type(), Rel: -1}
		n.Keys = append(n.Keys, GroupKey{Scalar: compile(slot), Type: t.Type().OID, Show: t})
	}
	n.Rows, n.Cost = rows, hashed
	n.Width, n.Types, n.Show, n.Rels = b.Width, b.Types, b.Show, b.Rels
	return n, false
}

// unique keeps the first row of each run of equal keys: the first DistinctOn items of ORDER BY.
func (p *planner) unique(child Node, est *estimator, q *Query, targets []expr.Expr) Node {
	b := child.Common()
	n := &Unique{Child: child, Keys: sortKeys(q, targets, q.DistinctOn)}
	keys := make([]expr.Expr, q.DistinctOn)
	for i, o := range q.OrderBy[:q.DistinctOn] {
		keys[i] = targets[o.Target]
	}
	n.Rows = est.groups(keys, b.Rows)
	n.Width, n.Types, n.Show, n.Rels = b.Width, b.Types, b.Show, b.Rels
	n.Cost = Cost{b.Cost.Startup, b.Cost.Total + p.costs.CPUOperator*b.Rows*float64(len(keys))}
	return n
}

// unusedAlias finds a name for the n-th relation called alias.
func unusedAlias(seen map[string]int, alias string, n int) string {
	for ; ; n++ {
		name := alias + "_" + strconv.Itoa(n)
		if seen[name] == 0 {
			seen[name]++
			return name
		}
	}
}
