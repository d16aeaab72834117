package plan

import (
	"slices"

	"github.com/quiredb/quire/sql/expr"
)

// pair is the input row of a join in the making: the columns that each side delivers.
type pair struct {
	lv                *level
	outer, inner      relset
	outerCols, inCols []expr.Expr
	slots             map[[2]int]int // in the whole row
}

// newPair collects the columns that the expressions read of both sides. The outer side's come first.
func (lv *level) newPair(o, i relset, lists ...[]expr.Expr) *pair {
	pr := &pair{lv: lv, outer: o, inner: i, outerCols: []expr.Expr{}, inCols: []expr.Expr{}, slots: map[[2]int]int{}}
	var inner []*expr.ColumnRef
	for _, list := range lists {
		for _, e := range list {
			expr.Columns(e, func(c *expr.ColumnRef) {
				n := lv.number(c.Rel)
				key := [2]int{c.Rel, c.Index}
				if _, seen := pr.slots[key]; seen || n < 0 {
					return
				}
				pr.slots[key] = len(pr.outerCols)
				if pr.outer.has(1 << n) {
					pr.outerCols = append(pr.outerCols, c)
				} else {
					inner = append(inner, c)
				}
			})
		}
	}
	for _, c := range inner {
		pr.slots[[2]int{c.Rel, c.Index}] = len(pr.outerCols) + len(pr.inCols)
		pr.inCols = append(pr.inCols, c)
	}
	return pr
}

// over expresses e over the row, less the first skip slots.
func (pr *pair) over(e expr.Expr, skip int) expr.Expr {
	out, err := expr.RewriteTop(e, func(n expr.Expr) (expr.Expr, error) {
		c, ok := n.(*expr.ColumnRef)
		if !ok {
			return nil, nil
		}
		moved := *c
		moved.Index = pr.slots[[2]int{c.Rel, c.Index}] - skip
		return &moved, nil
	})
	if err != nil && pr.lv.err == nil {
		pr.lv.err = err
	}
	return out
}

func (pr *pair) overAll(list []expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(list))
	for i, e := range list {
		out[i] = pr.over(e, 0)
	}
	return out
}

// output makes the join compute list over the row.
func (pr *pair) output(b *Base, pa *path, list []expr.Expr) {
	b.Cost, b.Rows = pa.cost, pa.rows
	over := pr.overAll(list)
	pr.lv.p.outputAs(b, pr.lv.est, pr.lv.q.Rels, list, over)
	if len(over) == len(pr.outerCols)+len(pr.inCols) {
		for i, e := range over {
			if c, ok := e.(*expr.ColumnRef); !ok || c.Index != i {
				return
			}
		}
		b.Output = nil // the row as it is
	}
}

func (lv *level) buildLoop(pa, o, i *path, kind JoinKind, kept bool, list, filter []*restriction, out []expr.Expr) Node {
	conds, filters := exprsOf(list), exprsOf(filter)
	var params []expr.Expr
	for _, c := range i.params {
		if o.rels.has(1 << lv.number(c.Rel)) {
			params = append(params, c)
		}
	}
	pr := lv.newPair(o.rels, i.rels, out, conds, filters, params)
	n := &NestedLoop{Kind: kind, Outer: o.build(pr.outerCols), Inner: i.build(pr.inCols)}
	if kept {
		b := n.Inner.Common()
		m := &Materialize{Child: n.Inner, Reads: reads(n.Inner)}
		m.Rows, m.Width, m.Types, m.Show, m.Rels = b.Rows, b.Width, b.Types, b.Show, b.Rels
		m.Cost = Cost{b.Cost.Startup, b.Cost.Total + 2*lv.p.costs.CPUOperator*b.Rows}
		n.Inner = m
	}
	for _, e := range params {
		c := e.(*expr.ColumnRef)
		n.Params = append(n.Params, NestParam{Slot: lv.param(c).Slot, From: pr.slots[[2]int{c.Rel, c.Index}]})
	}
	n.Join, n.Filter = compileList(pr.overAll(conds)), compileList(pr.overAll(filters))
	pr.output(&n.Base, pa, out)
	return n
}

func (lv *level) buildHash(pa, o, i *path, kind JoinKind, keys, list, filter []*restriction, out []expr.Expr) Node {
	conds, filters := exprsOf(list), exprsOf(filter)
	pr := lv.newPair(o.rels, i.rels, out, exprsOf(keys), conds, filters)
	n := &HashJoin{Kind: kind, Outer: o.build(pr.outerCols)}
	child := i.build(pr.inCols)
	b := child.Common()
	n.Inner = &Hash{Child: child}
	n.Inner.Cost, n.Inner.Rows, n.Inner.Width = Cost{b.Cost.Total, b.Cost.Total}, b.Rows, b.Width
	n.Inner.Types, n.Inner.Show, n.Inner.Rels = b.Types, b.Show, b.Rels
	var shown []expr.Expr
	var hashed []*Scalar
	for _, k := range keys {
		op := k.expr.(*expr.OpExpr)
		outer, inner, compare := k.left, k.right, op.Op.Compare
		if !o.rels.has(k.leftRels) {
			outer, inner = inner, outer
			compare = flipped(compare)
		}
		n.Keys = append(n.Keys, HashKey{
			Outer: compile(pr.over(outer, 0)), Inner: compile(pr.over(inner, len(pr.outerCols))),
			OuterType: outer.Type().OID, InnerType: inner.Type().OID, Compare: compare,
		})
		hashed = append(hashed, n.Keys[len(n.Keys)-1].Inner)
		shown = append(shown, &expr.OpExpr{Op: op.Op, Args: []expr.Expr{outer, inner}, T: op.T})
	}
	n.Inner.Reads = reads(child, hashed...)
	n.Cond = &Scalar{Expr: expr.Conjunction(shown), Slot: -1}
	n.Join, n.Filter = compileList(pr.overAll(conds)), compileList(pr.overAll(filters))
	pr.output(&n.Base, pa, out)
	return n
}

// locked plans a SELECT … FOR UPDATE: the targets, the columns that they and the conditions are computed from, and the places of the rows
// to lock go up to the LockRows node, through a Sort if the order asks for one.
func (p *planner) locked(q *Query, est *estimator, w wish, targets []expr.Expr, count, offset float64) (Node, bool, error) {
	out := slices.Clone(targets)
	slots := map[[2]int]int{}
	add := func(c *expr.ColumnRef) {
		key := [2]int{c.Rel, c.Index}
		if _, ok := slots[key]; !ok {
			slots[key] = len(out)
			out = append(out, c)
		}
	}
	where := p.simplify(q.Where)
	var conds []expr.Expr
	if where != nil {
		conds = append(conds, where)
	}
	for _, item := range q.From {
		conds = append(conds, innerConditions(p, item)...)
	}
	for _, e := range slices.Concat(targets, conds) {
		own := q.own()
		expr.Columns(e, func(c *expr.ColumnRef) {
			if slices.Contains(own, c.Rel) {
				add(c)
			}
		})
	}
	n := &LockRows{}
	for _, l := range q.Locks {
		t := q.Rels[l.Rel].Table
		tid := tidColumn(l.Rel, t)
		add(tid)
		r := LockedRel{Table: t, Mode: l.Mode, Wait: l.Wait, TID: slots[[2]int{l.Rel, tid.Index}], Columns: make([]int, len(t.Columns))}
		for i := range t.Columns {
			r.Columns[i] = -1
			if slot, ok := slots[[2]int{l.Rel, i}]; ok {
				r.Columns[i] = slot
			}
		}
		n.Locks = append(n.Locks, r)
	}
	p.plan.Locks = true
	child, ordered, err := p.source(q, est, w, out)
	if err != nil {
		return nil, false, err
	}
	if len(q.OrderBy) > 0 && !ordered {
		unbounded := *q // rows may fall away when they are locked
		unbounded.Limit = nil
		child = p.sorted(child, &unbounded, est, out, -1, 0)
	}
	over := func(e expr.Expr) *Scalar {
		moved, err := expr.RewriteTop(e, func(x expr.Expr) (expr.Expr, error) {
			if c, ok := x.(*expr.ColumnRef); ok {
				m := *c
				m.Index = slots[[2]int{c.Rel, c.Index}]
				return &m, nil
			}
			return nil, nil
		})
		if err != nil && p.err == nil {
			p.err = err
		}
		return compile(moved)
	}
	for _, t := range targets {
		n.Targets = append(n.Targets, over(t))
	}
	if len(conds) > 0 {
		n.Quals = over(expr.Conjunction(conds))
	}
	b := child.Common()
	n.Child, n.Rows, n.Rels = child, b.Rows, b.Rels
	n.Width, n.Types, n.Show = est.widths(targets), typesOf(targets), targets
	n.Cost = Cost{b.Cost.Startup, b.Cost.Total + b.Rows*p.costs.CPUTuple}
	return n, true, nil
}

// innerConditions lists the ON conditions of inner joins: a row that changed must still meet them.
func innerConditions(p *planner, item FromItem) []expr.Expr {
	switch n := item.(type) {
	case *JoinItem:
		if n.Kind != InnerJoin {
			return nil
		}
		out := append(innerConditions(p, n.Left), innerConditions(p, n.Right)...)
		if n.On != nil {
			out = append(out, p.simplify(n.On))
		}
		return out
	case *listItem:
		var out []expr.Expr
		for _, x := range n.items {
			out = append(out, innerConditions(p, x)...)
		}
		if n.where != nil {
			out = append(out, p.simplify(n.where))
		}
		return out
	}
	return nil
}
