package plan

import (
	"slices"

	"github.com/quiredb/quire/sql/expr"
)

// scalars lists the expressions that a node itself evaluates.
func scalars(n Node) []*Scalar {
	out := slices.Clone(n.Common().Output)
	add := func(list ...*Scalar) { out = append(out, list...) }
	conds := func(list []IndexCond) {
		for _, c := range list {
			add(c.Arg)
			add(c.List...)
		}
	}
	switch n := n.(type) {
	case *Result:
		add(n.OneTime)
	case *SeqScan:
		add(n.Filter)
	case *IndexScan:
		conds(n.Conds)
		add(n.CondExpr, n.Filter)
	case *BitmapHeapScan:
		add(n.Recheck, n.Filter)
	case *BitmapIndexScan:
		conds(n.Conds)
	case *FunctionScan:
		for _, s := range n.Sets {
			add(s.Args...)
		}
		add(n.Filter)
	case *ProjectSet:
		for _, s := range n.Sets {
			add(s.Args...)
		}
	case *ValuesScan:
		for _, row := range n.Lists {
			add(row...)
		}
		add(n.Filter)
	case *ViewScan:
		add(n.Filter)
	case *SubqueryScan:
		add(n.Filter)
	case *Sort:
		add(n.Bound, n.Skip)
	case *Limit:
		add(n.Count, n.Offset)
	case *Aggregate:
		for _, k := range n.Keys {
			add(k.Scalar)
		}
		for _, a := range n.Aggs {
			for _, e := range a.Inputs() {
				add(&Scalar{Expr: e, Slot: -1})
			}
		}
		add(n.Having)
	case *NestedLoop:
		add(n.Join, n.Filter)
	case *HashJoin:
		for _, k := range n.Keys {
			add(k.Outer, k.Inner)
		}
		add(n.Join, n.Filter)
	case *ModifyTable:
		add(n.Set...)
		add(n.Returning...)
	}
	return slices.DeleteFunc(out, func(s *Scalar) bool { return s == nil })
}

// Subqueries lists the subqueries in a node's own expressions, in the order in which they were planned.
func (pl *Plan) Subqueries(n Node) []*Subplan {
	if len(pl.Subplans) == 0 {
		return nil
	}
	var ids []int
	for _, s := range scalars(n) {
		expr.Walk(s.Expr, func(e expr.Expr) bool {
			if sub, ok := e.(*expr.SubPlan); ok && !slices.Contains(ids, sub.ID) {
				ids = append(ids, sub.ID)
			}
			return true
		})
	}
	slices.Sort(ids)
	out := make([]*Subplan, len(ids))
	for i, id := range ids {
		out[i] = pl.Subplans[id]
	}
	return out
}

// reads lists the execution parameters that the rows of a node depend on and that are not set below it.
func reads(n Node, more ...*Scalar) []int {
	var out, set []int
	var visit func(n Node)
	visit = func(n Node) {
		for _, s := range append(scalars(n), more...) {
			expr.Walk(s.Expr, func(e expr.Expr) bool {
				if p, ok := e.(*expr.ExecParam); ok && !slices.Contains(out, p.Slot) {
					out = append(out, p.Slot)
				}
				return true
			})
		}
		if loop, ok := n.(*NestedLoop); ok {
			for _, p := range loop.Params {
				set = append(set, p.Slot)
			}
		}
		for _, c := range n.Children() {
			visit(c)
		}
	}
	visit(n)
	return slices.DeleteFunc(out, func(slot int) bool { return slices.Contains(set, slot) })
}

// InitPlans lists the subqueries below a node, up to where another query begins, that are run once.
func (pl *Plan) InitPlans(n Node) []*Subplan {
	if len(pl.Subplans) == 0 {
		return nil
	}
	var out []*Subplan
	var visit func(n Node)
	visit = func(n Node) {
		for _, s := range pl.Subqueries(n) {
			if s.Init && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
		switch n.(type) {
		case *SubqueryScan, *Append:
			return
		}
		for _, c := range n.Children() {
			visit(c)
		}
	}
	visit(n)
	return out
}
