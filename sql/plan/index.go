package plan

import (
	"math"
	"slices"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// match is what an index can do for a list of conditions.
type match struct {
	conds []IndexCond
	used  []expr.Expr // the conditions that conds stand for
	rest  []expr.Expr
	// equal counts the leading columns that are fixed to one value.
	equal int
}

// matchIndex finds the conditions that the index answers.
func (p *planner) matchIndex(x *Index, rel int, quals []expr.Expr) match {
	var m match
	fixed := make([]bool, len(x.Attrs))
	for _, q := range quals {
		c, as, ok := p.matchCond(x, rel, q)
		if !ok {
			m.rest = append(m.rest, q)
			continue
		}
		m.conds, m.used = append(m.conds, c), append(m.used, as)
		fixed[c.Column] = fixed[c.Column] || c.Strategy == "="
	}
	for m.equal < len(fixed) && fixed[m.equal] {
		m.equal++
	}
	if !x.Desc.Caps.OptionalKey && !slices.ContainsFunc(m.conds, func(c IndexCond) bool { return c.Column == 0 }) {
		return match{rest: quals}
	}
	return m
}

// matchCond recognises "column operator value" and its mirror image, and IS [NOT] NULL. It returns the condition with the column on
// the left.
func (p *planner) matchCond(x *Index, rel int, q expr.Expr) (IndexCond, expr.Expr, bool) {
	if n, ok := q.(*expr.IsNull); ok {
		c := columnOf(n.Arg)
		if !x.Desc.Caps.SearchNulls || c == nil || c.Rel != rel {
			return IndexCond{}, nil, false
		}
		i := slices.Index(x.Attrs, c.Index)
		if n.Negated {
			return IndexCond{Column: i, Strategy: am.IsNotNull}, q, i >= 0
		}
		return IndexCond{Column: i, Strategy: am.IsNull}, q, i >= 0
	}
	op, ok := q.(*expr.OpExpr)
	if !ok || len(op.Args) != 2 {
		return IndexCond{}, nil, false
	}
	left, right, operator := op.Args[0], op.Args[1], op.Op
	c := columnOf(left)
	if c == nil || c.Rel != rel {
		if operator = p.env.Registry.Commute(op.Op); operator == nil {
			return IndexCond{}, nil, false
		}
		left, right = right, left
		c = columnOf(left)
	}
	if c == nil || c.Rel != rel || !expr.IsRuntimeConstant(right) {
		return IndexCond{}, nil, false
	}
	for i, attr := range x.Attrs {
		if attr != c.Index {
			continue
		}
		col := x.Def.Columns[i]
		class := x.Desc.OpClassFor(col.OpClass, col.Type)
		if class == nil || !class.Supports(operator.Name) {
			continue
		}
		if arg, ok := p.asKey(right, col.Type); ok {
			if operator != op.Op {
				q = &expr.OpExpr{Op: operator, Args: []expr.Expr{left, right}, T: op.T}
			}
			return IndexCond{Column: i, Strategy: operator.Name, Arg: compile(arg), Type: col.Type}, q, true
		}
	}
	return IndexCond{}, nil, false
}

// asKey gives a search argument the type of the index column, if no value changes by that: integers widen, constants narrow when
// they fit, and the string types are one.
func (p *planner) asKey(e expr.Expr, want datum.OID) (expr.Expr, bool) {
	have := e.Type().OID
	if have == want || isText(have) && isText(want) {
		return e, true
	}
	from, to := datum.Lookup(have), datum.Lookup(want)
	if from == nil || to == nil || !from.IsInteger() || !to.IsInteger() {
		return nil, false
	}
	if from.Len < to.Len {
		return e, true // every integer is an int64 in a datum
	}
	c, ok := e.(*expr.Const)
	if !ok || c.D.Null {
		return nil, false
	}
	limit := int64(1) << (8*to.Len - 1)
	return e, c.D.I >= -limit && c.D.I < limit
}

func isText(t datum.OID) bool { return t == datum.Text || t == datum.Varchar || t == datum.Name }

// indexCost estimates reading the index for m, from the coefficients that the access method declares.
func (p *planner) indexCost(est *estimator, x *Index, m match, tuples float64) indexEstimate {
	sel := est.conjunction(m.used)
	c := x.Desc.Cost
	part := math.Max(c.PagesFraction, sel)
	pages := c.StartupPages + math.Ceil(part*math.Max(x.Pages-c.StartupPages, 0))
	perPage := c.PerPage * p.costs.SeqPage
	if c.PerPage == 0 {
		perPage = p.costs.RandomPage
	}
	perTuple := c.PerTuple
	if perTuple == 0 {
		perTuple = 1
	}
	entries := clampRows(part * tuples)
	run := math.Max(pages, 1)*perPage + entries*(perTuple*p.costs.CPUIndexTuple+float64(len(m.conds))*p.costs.CPUOperator)
	startup := 0.0
	for _, cond := range m.conds {
		if cond.Arg != nil {
			startup += p.costs.operatorCost(cond.Arg.Expr)
		}
	}
	return indexEstimate{
		Cost:        Cost{startup, startup + run},
		selectivity: math.Min(sel+c.Lossiness*(1-sel), 1),
	}
}

// indexPaths are the ways to use one index: a bitmap, and if the method delivers rows one by one a plain scan, also for its order
// alone.
func (p *planner) indexPaths(est *estimator, r *Rel, rel int, x *Index, quals []expr.Expr, e scanEstimate, need []int, w wish) []candidate {
	m := p.matchIndex(x, rel, quals)
	var out []candidate
	idx := p.indexCost(est, x, m, e.tuples)
	if len(m.conds) > 0 {
		out = append(out, p.bitmapPath(r, x, m, idx, e, need))
	}
	if x.Desc.Caps.BitmapOnly {
		return out
	}
	dir, ordered := indexOrder(x, rel, m, w)
	if len(m.conds) == 0 && !(ordered && x.Desc.Caps.Ordered) {
		return out
	}
	n := &IndexScan{
		Table: r.Table, Alias: r.Alias, Index: x, Conds: m.conds, CondExpr: compileList(m.used), Direction: dir, Need: need,
		Filter: compileList(m.rest),
	}
	n.Rows, n.Cost = e.rows, p.costs.indexScan(e, idx, p.costs.qualCost(m.rest))
	return append(out, candidate{node: n, cost: n.Cost, ordered: ordered})
}

func (p *planner) bitmapPath(r *Rel, x *Index, m match, idx indexEstimate, e scanEstimate, need []int) candidate {
	child := &BitmapIndexScan{Table: r.Table, Alias: r.Alias, Index: x, Conds: m.conds, CondExpr: compileList(m.used)}
	child.Cost, child.Rows = idx.Cost, clampRows(idx.selectivity*e.tuples)
	n := &BitmapHeapScan{Table: r.Table, Alias: r.Alias, Child: child, Need: need, Recheck: child.CondExpr, Filter: compileList(m.rest)}
	n.Rows, n.Cost = e.rows, p.costs.bitmapHeap(e, idx)
	return candidate{node: n, cost: n.Cost}
}

// indexOrder reports whether reading the index one way or the other gives the wished order. Columns fixed to one value may be left out
// of either list.
func indexOrder(x *Index, rel int, m match, w wish) (am.Direction, bool) {
	if !x.Desc.Caps.Ordered || len(w.order) == 0 {
		return am.Forward, false
	}
	pos, dir := 0, am.Direction(0)
	for _, o := range w.order {
		c := columnOf(w.targets[o.Target])
		if c == nil || c.Rel != rel {
			return am.Forward, false
		}
		for pos < len(x.Attrs) && x.Attrs[pos] != c.Index && pos < m.equal {
			pos++
		}
		if pos >= len(x.Attrs) || x.Attrs[pos] != c.Index {
			if i := slices.Index(x.Attrs, c.Index); i >= 0 && i < m.equal {
				continue
			}
			return am.Forward, false
		}
		col := x.Def.Columns[pos]
		this := am.Forward
		switch {
		case o.Desc == col.Desc && o.NullsFirst == col.NullsFirst:
		case o.Desc != col.Desc && o.NullsFirst != col.NullsFirst && x.Desc.Caps.Backward:
			this = am.Backward
		default:
			return am.Forward, false
		}
		if pos >= m.equal {
			if dir != 0 && dir != this {
				return am.Forward, false
			}
			dir = this
		}
		pos++
	}
	if dir == 0 {
		dir = am.Forward
	}
	return dir, true
}
