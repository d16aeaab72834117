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

// single reports whether the conditions leave at most one row.
func (m *match) single(x *Index) bool { return x.Def.Unique && m.equal == len(x.Attrs) }

// matchIndex finds the conditions that the index answers.
func (p *planner) matchIndex(x *Index, rel int, quals []expr.Expr) match {
	var m match
	var fixed [32]bool
	for _, q := range quals {
		if lower, upper := p.prefixRange(q); lower != nil { // the range holds more than the pattern
			low, lowAs, ok1 := p.matchCond(x, rel, lower)
			high, highAs, ok2 := p.matchCond(x, rel, upper)
			if ok1 && ok2 {
				m.conds, m.used = append(m.conds, low, high), append(m.used, lowAs, highAs)
			}
		}
		c, as, ok := p.matchCond(x, rel, q)
		if !ok {
			m.rest = append(m.rest, q)
			continue
		}
		m.conds, m.used = append(m.conds, c), append(m.used, as)
		if c.Column < len(fixed) && c.Strategy == "=" {
			fixed[c.Column] = true
		}
	}
	m.byColumn()
	for m.equal < len(x.Attrs) && m.equal < len(fixed) && fixed[m.equal] {
		m.equal++
	}
	if !x.Desc.Caps.OptionalKey && !slices.ContainsFunc(m.conds, func(c IndexCond) bool { return c.Column == 0 }) {
		return match{rest: quals}
	}
	return m
}

// byColumn puts the conditions in the order of the index's columns.
func (m *match) byColumn() {
	sorted := func(a, b IndexCond) int { return a.Column - b.Column }
	if slices.IsSortedFunc(m.conds, sorted) {
		return
	}
	order := make([]int, len(m.conds))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return sorted(m.conds[a], m.conds[b]) })
	conds, used := make([]IndexCond, len(order)), make([]expr.Expr, len(order))
	for i, from := range order {
		conds[i], used[i] = m.conds[from], m.used[from]
	}
	m.conds, m.used = conds, used
}

// prefixRange turns column LIKE 'abc%' into the range that all matches are in: text is ordered by bytes.
func (p *planner) prefixRange(q expr.Expr) (lower, upper expr.Expr) {
	op, ok := q.(*expr.OpExpr)
	if !ok || op.Op.Name != "~~" || len(op.Args) != 2 || columnOf(op.Args[0]) == nil {
		return nil, nil
	}
	c, ok := op.Args[1].(*expr.Const)
	if !ok || c.D.Null || !isText(op.Args[0].Type().OID) {
		return nil, nil
	}
	prefix, _ := expr.LikePrefix(c.D.S)
	after := next(prefix)
	if prefix == "" || after == "" {
		return nil, nil
	}
	bound := func(name, text string) expr.Expr {
		e, err := p.b.Op(name, op.Args[0], expr.NewConst(datum.NewText(text), datum.Text))
		if err != nil {
			return nil
		}
		return e
	}
	if lower, upper = bound(">=", prefix), bound("<", after); upper == nil {
		lower = nil
	}
	return lower, upper
}

// next is the smallest text after all those that start with prefix; empty if there is none that is valid UTF-8 by changing one byte.
func next(prefix string) string {
	for i := len(prefix) - 1; i >= 0; i-- {
		if c := prefix[i]; c < 0x7f {
			return prefix[:i] + string(rune(c+1))
		}
	}
	return ""
}

// matchCond recognises "column operator value" and its mirror image, column = ANY (values), and IS [NOT] NULL. It returns the condition
// with the column on the left.
func (p *planner) matchCond(x *Index, rel int, q expr.Expr) (IndexCond, expr.Expr, bool) {
	switch n := q.(type) {
	case *expr.IsNull:
		c := columnOf(n.Arg)
		if !x.Desc.Caps.SearchNulls || c == nil || c.Rel != rel {
			return IndexCond{}, nil, false
		}
		i := slices.Index(x.Attrs, c.Index)
		if n.Negated {
			return IndexCond{Column: i, Strategy: am.IsNotNull}, q, i >= 0
		}
		return IndexCond{Column: i, Strategy: am.IsNull}, q, i >= 0
	case *expr.ScalarArray:
		return p.matchAny(x, rel, n)
	case *expr.OpExpr:
		if len(n.Args) == 2 {
			return p.matchOperator(x, rel, n)
		}
	}
	return IndexCond{}, nil, false
}

func (p *planner) matchOperator(x *Index, rel int, op *expr.OpExpr) (IndexCond, expr.Expr, bool) {
	var q expr.Expr = op
	left, right, operator := op.Args[0], op.Args[1], op.Op
	c := columnOf(left)
	if c == nil || c.Rel != rel {
		if c = columnOf(right); c == nil || c.Rel != rel {
			return IndexCond{}, nil, false
		}
		if operator = p.env.Registry.Commute(op.Op); operator == nil {
			return IndexCond{}, nil, false
		}
		left, right = right, left
	}
	if !expr.IsRuntimeConstant(right) {
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
		arg, ok := p.asKey(right, col.Type)
		narrow := !ok && operator.Name == "=" && bothIntegers(right.Type().OID, col.Type)
		if ok || narrow {
			if left != op.Args[0] {
				q = &expr.OpExpr{Op: operator, Args: []expr.Expr{left, right}, T: op.T}
			}
			if narrow {
				arg = right
			}
			return IndexCond{Column: i, Strategy: operator.Name, Arg: compile(arg), Type: col.Type, Narrow: narrow}, q, true
		}
	}
	return IndexCond{}, nil, false
}

// matchAny recognises column = ANY (…), which IN is, too.
func (p *planner) matchAny(x *Index, rel int, n *expr.ScalarArray) (IndexCond, expr.Expr, bool) {
	c := columnOf(n.Arg)
	if !x.Desc.Caps.AnyEqual || n.All || n.Op.Name != "=" || c == nil || c.Rel != rel {
		return IndexCond{}, nil, false
	}
	i := slices.Index(x.Attrs, c.Index)
	if i < 0 {
		return IndexCond{}, nil, false
	}
	col := x.Def.Columns[i]
	cond := IndexCond{Column: i, Strategy: am.AnyEqual, Type: col.Type}
	if n.Array != nil {
		element := datum.MustLookup(n.Array.Type().OID).Elem
		if !expr.IsRuntimeConstant(n.Array) || element != col.Type && !(isText(element) && isText(col.Type)) && !bothIntegers(element, col.Type) {
			return IndexCond{}, nil, false
		}
		cond.Arg, cond.Element, cond.Narrow = compile(n.Array), element, bothIntegers(element, col.Type)
		return cond, n, true
	}
	for _, e := range n.List {
		if k, ok := e.(*expr.Const); ok && k.D.Null {
			continue
		}
		if !expr.IsRuntimeConstant(e) {
			return IndexCond{}, nil, false
		}
		arg, ok := p.asKey(e, col.Type)
		if !ok {
			if !bothIntegers(e.Type().OID, col.Type) {
				return IndexCond{}, nil, false
			}
			arg, cond.Narrow = e, true
		}
		cond.List = append(cond.List, compile(arg))
	}
	return cond, n, true
}

func bothIntegers(a, b datum.OID) bool {
	x, y := datum.Lookup(a), datum.Lookup(b)
	return x != nil && y != nil && x.IsInteger() && y.IsInteger()
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

// indexPaths are the ways to use one index for relation i under conditions: a bitmap, and if the method delivers rows one by one a plain
// scan or one that reads the index only, also for its order alone.
func (lv *level) indexPaths(i int, x *Index, quals []expr.Expr, e scanEstimate) []*path {
	r, p := &lv.rels[i], lv.p
	m := p.matchIndex(x, r.rel, quals)
	dir, ordered := am.Forward, false
	if e.outer == 0 {
		dir, ordered = indexOrder(x, r.rel, m, lv.w)
	}
	plain := !x.Desc.Caps.BitmapOnly && (len(m.conds) > 0 || ordered && x.Desc.Caps.Ordered)
	returns, covered := covers(x, r.Table, e.needed, m)
	covered = covered && p.costs.IndexOnlyScan
	if len(m.conds) == 0 && !plain && !(covered && x.Desc.Caps.Ordered) {
		return nil
	}
	idx := p.indexCost(lv.est, x, r.Table, m, e)
	var out []*path
	if len(m.conds) > 0 {
		n := &path{rels: 1 << i, cost: p.costs.bitmapHeap(e, idx), rows: e.rows}
		n.rescan = n.cost.Total
		n.build = lv.scanNode(i, n, func(need []int) Node {
			child := &BitmapIndexScan{Table: r.Table, Alias: r.Alias, Index: x, Conds: m.conds, CondExpr: compileList(m.used)}
			child.Cost, child.Rows = Cost{0, idx.Total}, clampRows(idx.selectivity*e.tuples)
			return &BitmapHeapScan{Table: r.Table, Alias: r.Alias, Child: child, Need: need, Recheck: child.CondExpr, Filter: compileList(m.rest)}
		}, slices.Concat(m.rest, m.used))
		out = append(out, n)
	}
	if x.Desc.Caps.BitmapOnly {
		return out
	}
	n := &path{rels: 1 << i, cost: p.costs.indexScan(e, idx, p.costs.qualCost(m.rest), covered), rows: e.rows, ordered: ordered}
	n.rescan = n.cost.Total
	limit := int64(0)
	if lv.w.limit > 0 && len(lv.rels) == 1 && (ordered || len(lv.w.order) == 0) {
		limit = int64(math.Min(lv.w.limit, 1e6))
	}
	if m.single(x) {
		limit = 1
	}
	base := IndexScan{
		Table: r.Table, Alias: r.Alias, Index: x, Conds: m.conds, CondExpr: compileList(m.used), Direction: dir, Limit: limit,
		Filter: compileList(m.rest),
	}
	n.build = lv.scanNode(i, n, func(need []int) Node {
		scan := base
		if scan.Need = need; covered {
			scan.Need, scan.Returns = nil, returns
		}
		return &scan
	}, slices.Concat(m.rest, m.used))
	return append(out, n)
}

// covers reports whether the index holds every column that is needed, its own conditions' included, and where: for each column of the
// index that is read its place in it.
func covers(x *Index, t *Table, needed []int, m match) (returns []int, ok bool) {
	if !x.Desc.Caps.ReturnKeys || x.Desc.Caps.BitmapOnly {
		return nil, false
	}
	returns = []int{}
	read := func(attr int) bool {
		i := slices.Index(x.Attrs, attr)
		if i < 0 {
			return false
		}
		col := x.Def.Columns[i]
		if class := x.Desc.OpClassFor(col.OpClass, col.Type); class == nil || class.NoReturn {
			return false
		}
		if !slices.Contains(returns, i) {
			returns = append(returns, i)
		}
		return true
	}
	for _, attr := range needed {
		if !read(attr) {
			return nil, false
		}
	}
	ok = true
	for _, q := range slices.Concat(m.rest, m.used) {
		expr.Columns(q, func(c *expr.ColumnRef) { ok = ok && read(c.Index) })
	}
	slices.Sort(returns)
	return returns, ok
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
		case o.Order == col.Order:
		case o.Order == col.Order.Reverse() && x.Desc.Caps.Backward:
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
