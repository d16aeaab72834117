package plan

import (
	"slices"

	"github.com/quiredb/quire/sql/expr"
)

// grouped plans a query with GROUP BY, HAVING or aggregates. It reports whether the rows come out in the order that the query
// wants.
func (p *planner) grouped(q *Query, est *estimator, targets []expr.Expr) (Node, bool, error) {
	keys := make([]expr.Expr, len(q.GroupBy))
	for i, k := range q.GroupBy {
		keys[i] = p.simplify(k)
	}
	q = q.lowerHaving()
	having := p.simplify(q.Having)
	var aggs []*expr.AggRef
	for _, e := range append(slices.Clone(targets), having) {
		expr.Walk(e, func(n expr.Expr) bool {
			ref, ok := n.(*expr.AggRef)
			if ok && !slices.ContainsFunc(aggs, func(a *expr.AggRef) bool { return expr.Equal(a, ref) }) {
				aggs = append(aggs, ref)
			}
			return !ok
		})
	}
	keys, dependent := q.dependents(keys, append(slices.Clone(targets), having))
	all := slices.Concat(keys, dependent)
	feed := p.feed(all, aggs)
	child, _, err := p.source(q, est, wish{}, feed)
	if err != nil {
		return nil, false, err
	}
	n := &Aggregate{}
	for i, k := range all {
		slot := &expr.ColumnRef{Index: i, T: k.Type(), Rel: -1}
		n.Keys = append(n.Keys, GroupKey{Scalar: compile(slot), Type: k.Type().OID, Show: k, Dependent: i >= len(keys)})
	}
	for _, ref := range aggs {
		over, err := ontoArgs(ref, feed)
		if err != nil {
			return nil, false, err
		}
		n.Aggs = append(n.Aggs, expr.CompileAggregate(over))
	}
	results := all
	for _, ref := range aggs {
		results = append(results, ref)
	}
	n.HavingShow = having
	if having != nil {
		over, err := onto(having, results)
		if err != nil {
			return nil, false, err
		}
		n.Having = compile(over)
	}
	out := make([]expr.Expr, len(targets))
	for i, t := range targets {
		if out[i], err = onto(t, results); err != nil {
			return nil, false, err
		}
	}
	ordered := p.strategy(n, child, est, q, keys, aggs, targets)
	n.Output, n.Types = compileAll(out), typesOf(out)
	n.Show, n.Rels = targets, q.Rels
	n.Width = est.widths(targets)
	if shorter, err := p.minMax(q, aggs, targets, having, n.Cost); shorter != nil || err != nil {
		return shorter, true, err
	}
	return n, ordered, nil
}

// feed lists what the aggregation reads: the keys, then every column that an aggregate's arguments need.
func (p *planner) feed(keys []expr.Expr, aggs []*expr.AggRef) []expr.Expr {
	feed := append([]expr.Expr{}, keys...) // not nil: an empty row is a row
	for _, ref := range aggs {
		expr.Columns(ref, func(c *expr.ColumnRef) {
			if !slices.ContainsFunc(feed, func(e expr.Expr) bool { return expr.Equal(e, c) }) {
				feed = append(feed, c)
			}
		})
	}
	return feed
}

// ontoArgs is onto for what is inside an aggregate call.
func ontoArgs(ref *expr.AggRef, feed []expr.Expr) (*expr.AggRef, error) {
	e, err := expr.RewriteTop(ref, func(n expr.Expr) (expr.Expr, error) {
		if n == expr.Expr(ref) {
			return nil, nil
		}
		for i, x := range feed {
			if expr.Equal(x, n) {
				return &expr.ColumnRef{Index: i, T: n.Type(), Rel: -1}, nil
			}
		}
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	return e.(*expr.AggRef), nil
}

// onto expresses e over a row whose columns are the values of list.
func onto(e expr.Expr, list []expr.Expr) (expr.Expr, error) {
	return expr.RewriteTop(e, func(n expr.Expr) (expr.Expr, error) {
		for i, x := range list {
			if expr.Equal(x, n) {
				return &expr.ColumnRef{Index: i, T: n.Type(), Rel: -1}, nil
			}
		}
		return nil, nil
	})
}

// costFuzz is the factor within which two costs count as equal: then the plan with sorted output wins.
const costFuzz = 1.01

// strategy chooses between hashing and sorting, and finishes the node. It reports whether the output has the query's order.
func (p *planner) strategy(n *Aggregate, child Node, est *estimator, q *Query, keys []expr.Expr, aggs []*expr.AggRef, targets []expr.Expr) bool {
	b := child.Common()
	trans, final := 0.0, 0.0
	for _, ref := range aggs {
		trans += p.costs.CPUOperator
		for _, arg := range ref.Args {
			trans += p.costs.operatorCost(arg)
		}
		trans += p.costs.operatorCost(ref.Filter)
	}
	groups, rows := 1.0, b.Rows
	if len(keys) > 0 {
		groups = est.groups(keys, b.Rows)
	}
	outRows := groups
	if n.Having != nil {
		final += p.costs.operatorCost(n.Having.Expr)
		outRows = clampRows(groups * est.condition(n.HavingShow))
	}
	for _, t := range targets {
		final += p.costs.operatorCost(t)
	}
	n.Rows, n.Child = outRows, child
	if len(keys) == 0 {
		n.Strategy, n.Cost = Plain, p.costs.aggregate(false, b.Cost, rows, 1, 0, trans, final)
		return len(q.OrderBy) > 0
	}
	hashed := p.costs.aggregate(true, b.Cost, rows, groups, len(keys), trans, final)
	sortKeys, ordered := groupOrder(q, keys, targets)
	input := p.costs.sort(b.Cost, rows, float64(b.Width), 0)
	sorted := p.costs.aggregate(false, input, rows, groups, len(keys), trans, final)
	hashTotal := hashed
	if len(q.OrderBy) > 0 && ordered {
		hashTotal = p.costs.sort(hashed, outRows, float64(est.widths(targets)), 0)
	}
	if sorted.Total > hashTotal.Total*costFuzz || sorted.Startup > hashTotal.Startup*costFuzz && sorted.Total > hashTotal.Total {
		n.Strategy, n.Cost = Hashed, hashed
		return false
	}
	s := &Sort{Child: child, Keys: sortKeys}
	s.Rows, s.Width, s.Types, s.Show, s.Rels, s.Cost = b.Rows, b.Width, b.Types, b.Show, b.Rels, input
	n.Child, n.Strategy, n.Cost = s, Sorted, sorted
	return ordered && len(q.OrderBy) > 0
}

// groupOrder chooses how to sort for grouping, so that it serves the ORDER BY as well if that names keys only. It reports whether
// it does.
func groupOrder(q *Query, keys, targets []expr.Expr) ([]SortKey, bool) {
	var out []SortKey
	used := make([]bool, len(keys))
	serves := true
	for _, o := range q.OrderBy {
		i := slices.IndexFunc(keys, func(k expr.Expr) bool { return expr.Equal(k, targets[o.Target]) })
		if i < 0 {
			serves = false
			break
		}
		if !used[i] {
			used[i] = true
			out = append(out, SortKey{Slot: i, Type: keys[i].Type().OID, Order: o.Order})
		}
	}
	for i, k := range keys {
		if !used[i] {
			out = append(out, SortKey{Slot: i, Type: k.Type().OID})
		}
	}
	return out, serves
}
