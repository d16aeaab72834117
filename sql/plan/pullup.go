package plan

import (
	"slices"

	"github.com/quiredb/quire/sql/expr"
)

// listItem is a list of items with a condition over their product: what is left of a subquery that became part of the query round it.
type listItem struct {
	items []FromItem
	where expr.Expr
}

func (*listItem) fromItem() {}

// pullUpSubqueries merges subqueries in FROM that only join and filter into q.
func (p *planner) pullUpSubqueries(q *Query) (*Query, error) {
	found := false
	for _, rel := range q.own() {
		found = found || q.Rels[rel].Kind == RelSubquery
	}
	if !found {
		return q, nil
	}
	c := *q
	c.Rels = slices.Clone(q.Rels)
	c.From = slices.Clone(q.From)
	m := merger{p: p, q: &c, columns: map[int][]Target{}}
	for i, item := range c.From {
		var err error
		if c.From[i], err = m.merge(item, position{}); err != nil {
			return nil, err
		}
	}
	if len(m.columns) == 0 {
		return q, nil
	}
	return c.mapped(m.substitute)
}

// merger merges the subqueries of one query.
type merger struct {
	p       *planner
	q       *Query
	columns map[int][]Target // of the relations that were merged
}

// substitute replaces the columns of merged subqueries by what they stand for.
func (m *merger) substitute(e expr.Expr) (expr.Expr, error) {
	return expr.RewriteTop(e, func(n expr.Expr) (expr.Expr, error) {
		c, ok := n.(*expr.ColumnRef)
		if !ok {
			return nil, nil
		}
		targets, ok := m.columns[c.Rel]
		if !ok {
			return nil, nil
		}
		return m.substitute(targets[c.Index].Expr) // what it stands for may be a column of another one
	})
}

// position is where in the join tree an item stands. nullable says that an outer join above may replace its rows by nulls; outer is the
// lowest join above whose place is bound.
type position struct {
	nullable bool
	outer    *JoinItem
}

// merge rebuilds a join tree.
func (m *merger) merge(item FromItem, at position) (FromItem, error) {
	switch n := item.(type) {
	case RelItem:
		return m.relation(n, at)
	case *listItem:
		out := &listItem{where: n.where}
		for _, x := range n.items {
			x, err := m.merge(x, at)
			if err != nil {
				return nil, err
			}
			out.items = append(out.items, x)
		}
		return out, nil
	case *JoinItem:
		left, right := at, at
		if n.Kind != InnerJoin {
			left.outer, right.outer = n, n
		}
		left.nullable = at.nullable || n.Kind == RightJoin || n.Kind == FullJoin
		right.nullable = at.nullable || n.Kind == LeftJoin || n.Kind == FullJoin || n.Kind == AntiJoin
		l, err := m.merge(n.Left, left)
		if err != nil {
			return nil, err
		}
		r, err := m.merge(n.Right, right)
		return &JoinItem{n.Kind, l, r, n.On}, err
	}
	return item, nil
}

func (m *merger) relation(item RelItem, at position) (FromItem, error) {
	r := m.q.Rels[item.Rel]
	lateral := slices.ContainsFunc(r.Outer, expr.HasColumns)
	if r.Kind != RelSubquery || !r.Subquery.simple() || at.nullable && lateral {
		return item, nil
	}
	sub, err := r.Subquery.bound(r.Free, r.Outer)
	if err != nil {
		return nil, err
	}
	if sub, err = m.p.pullUpSubqueries(sub); err != nil {
		return nil, err
	}
	own := sub.own()
	if lateral && slices.ContainsFunc(sub.From, func(x FromItem) bool { return sub.outerJoinReads(x, own, false) }) {
		return item, nil // the outer join cannot be done before the relations it reads are there
	}
	if lateral && at.outer != nil {
		near := slices.Clone(own)
		leaves(at.outer, func(rel int) { near = append(near, rel) })
		for _, t := range sub.Targets {
			if all, _ := onlyOf(t.Expr, near); !all {
				return item, nil // the outer join above would come to read a relation outside of it
			}
		}
	}
	if at.nullable {
		for _, t := range sub.Targets {
			if c, ok := t.Expr.(*expr.ColumnRef); !ok || !slices.Contains(own, c.Rel) {
				return item, nil // a null row would not make this column null
			}
		}
	}
	m.columns[item.Rel] = sub.Targets
	m.q.adopt(sub)
	if len(sub.From) == 1 && sub.Where == nil {
		return sub.From[0], nil
	}
	return &listItem{sub.From, sub.Where}, nil
}

// outerJoinReads reports whether an outer join in the tree reads, in its condition or below it, relations that are not among own.
func (q *Query) outerJoinReads(item FromItem, own []int, below bool) bool {
	foreign := func(e expr.Expr) bool {
		if e == nil || !below {
			return false
		}
		all, _ := onlyOf(e, own)
		return !all
	}
	switch n := item.(type) {
	case RelItem:
		r := q.Rels[n.Rel]
		return foreign(r.Call) || slices.ContainsFunc(r.Outer, foreign) ||
			slices.ContainsFunc(r.Values, func(row []expr.Expr) bool { return slices.ContainsFunc(row, foreign) })
	case *listItem:
		return foreign(n.where) || slices.ContainsFunc(n.items, func(x FromItem) bool { return q.outerJoinReads(x, own, below) })
	case *JoinItem:
		below = below || n.Kind != InnerJoin && n.Kind != SemiJoin
		return foreign(n.On) || q.outerJoinReads(n.Left, own, below) || q.outerJoinReads(n.Right, own, below)
	}
	return false
}

// adopt takes over the relations of a query that becomes part of q.
func (q *Query) adopt(sub *Query) {
	for _, rel := range sub.own() {
		q.place(rel, sub.Rels[rel])
	}
}

func (q *Query) place(rel int, r *Rel) {
	for len(q.Rels) <= rel {
		q.Rels = append(q.Rels, &Rel{})
	}
	q.Rels[rel] = r
}

// simple reports whether the query only joins, filters and computes.
func (q *Query) simple() bool {
	return len(q.From) > 0 && !q.grouped() && !q.Distinct && q.DistinctOn == 0 && len(q.OrderBy) == 0 && q.Limit == nil && q.Offset == nil && len(q.Locks) == 0 &&
		!slices.ContainsFunc(q.Targets, func(t Target) bool { return expr.MaxVolatility(t.Expr) == expr.Volatile })
}

func (q *Query) grouped() bool { return q.HasAggs || len(q.GroupBy) > 0 || q.Having != nil }

// pullUpSubLinks turns EXISTS, NOT EXISTS and IN among the parts of WHERE into semi and anti joins.
func (p *planner) pullUpSubLinks(q *Query) (*Query, error) {
	if q.Where == nil || len(q.From) == 0 || !expr.HasSubLinks(q.Where) {
		return q, nil
	}
	own := q.own()
	c := *q
	c.Rels = slices.Clone(q.Rels)
	var rest []expr.Expr
	for _, e := range expr.Conjuncts(p.b.Simplify(q.Where, p.env.Eval)) {
		kind, link := SemiJoin, (*expr.SubLink)(nil)
		switch n := e.(type) {
		case *expr.SubLink:
			link = n
		case *expr.Not:
			link, _ = n.Arg.(*expr.SubLink)
			kind = AntiJoin
		}
		done := false
		var err error
		switch {
		case link == nil:
		case link.Kind == expr.SubExists:
			done, err = p.joinExists(&c, own, link, kind)
		case link.Kind == expr.SubAny && kind == SemiJoin:
			done, err = p.joinAny(&c, own, link)
		}
		if err != nil {
			return nil, err
		}
		if !done {
			rest = append(rest, e)
		}
	}
	c.Where = nil
	if len(rest) > 0 {
		c.Where = expr.Conjunction(rest)
	}
	return &c, nil
}

// from is a FROM list as one item.
func (q *Query) from() FromItem {
	if len(q.From) == 1 {
		return q.From[0]
	}
	return &listItem{items: q.From}
}

// onlyOf reports whether all columns of e are of the relations in own, and whether there are any.
func onlyOf(e expr.Expr, own []int) (all, some bool) {
	all = true
	expr.Columns(e, func(c *expr.ColumnRef) {
		if slices.Contains(own, c.Rel) {
			some = true
		} else {
			all = false
		}
	})
	return all, some
}

// joinExists joins q with the subquery of an EXISTS. That takes a subquery whose only link to q is its WHERE.
func (p *planner) joinExists(q *Query, own []int, link *expr.SubLink, kind JoinKind) (bool, error) {
	sub := link.Query.(*Query)
	if sub.Where == nil || sub.grouped() || sub.Offset != nil || len(sub.From) == 0 || len(sub.Locks) > 0 || link.Volatile {
		return false, nil
	}
	if sub.Limit != nil {
		c, ok := p.b.Simplify(sub.Limit, p.env.Eval).(*expr.Const)
		if !ok || !c.D.Null && c.D.I <= 0 {
			return false, nil
		}
	}
	plain := *sub
	plain.Targets, plain.OrderBy, plain.GroupBy, plain.Limit, plain.Distinct, plain.DistinctOn = nil, nil, nil, nil, false, 0
	bound, err := plain.bound(sub.Free, link.Outer)
	if err != nil {
		return false, err
	}
	if bound, err = p.pullUpSubqueries(bound); err != nil {
		return false, err
	}
	inner := bound.own()
	all, _ := onlyOf(bound.Where, append(slices.Clone(inner), own...))
	if _, some := onlyOf(bound.Where, own); !all || !some {
		return false, nil
	}
	where := bound.Where
	local := *bound
	local.Where = nil
	linked := false
	local.each(func(e expr.Expr) {
		if all, _ := onlyOf(e, inner); !all {
			linked = true
		}
	})
	if linked {
		return false, nil
	}
	q.adopt(bound)
	q.From = []FromItem{&JoinItem{Kind: kind, Left: q.from(), Right: bound.from(), On: where}}
	return true, nil
}

// joinAny joins q with the subquery of an IN. That takes a subquery without any link to q.
func (p *planner) joinAny(q *Query, own []int, link *expr.SubLink) (bool, error) {
	sub := link.Query.(*Query)
	all, some := onlyOf(link.Test, own)
	if !all || !some || link.Volatile || expr.MaxVolatility(link.Test) == expr.Volatile || slices.ContainsFunc(link.Outer, expr.HasColumns) || expr.HasSubLinks(link.Test) {
		return false, nil
	}
	rel := subqueryRel(sub)
	rel.Alias, rel.Outer = "ANY_subquery", link.Outer
	if rel.Kind == RelValues {
		rel.Alias = "*VALUES*"
	}
	at := p.newRel()
	q.place(at, rel)
	on, err := expr.RewriteTop(link.Test, func(n expr.Expr) (expr.Expr, error) {
		if c, ok := n.(*expr.SubColumn); ok {
			return &expr.ColumnRef{Rel: at, Index: c.Index, Attr: c.Index, T: c.T, Name: rel.Columns[c.Index].Name}, nil
		}
		return nil, nil
	})
	if err != nil {
		return false, err
	}
	m := merger{p: p, q: q, columns: map[int][]Target{}}
	right, err := m.merge(RelItem{at}, position{})
	if err != nil {
		return false, err
	}
	if on, err = m.substitute(on); err != nil {
		return false, err
	}
	q.From = []FromItem{&JoinItem{Kind: SemiJoin, Left: q.from(), Right: right, On: on}}
	return true, nil
}
