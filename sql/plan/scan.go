package plan

import (
	"math"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// basePaths finds the ways to read relation i of the level on its own.
func (lv *level) basePaths(i int) (*joinRel, error) {
	r := &lv.rels[i]
	out := &joinRel{rels: 1 << i}
	var err error
	switch {
	case r.Kind == RelTable && r.Table.View == nil:
		lv.tablePaths(i, out)
	case r.Kind == RelTable:
		lv.viewPath(i, out)
	case r.Kind == RelFunction:
		lv.functionPath(i, out)
	case r.Kind == RelValues:
		lv.valuesPath(i, out)
	case r.Kind == RelSubquery:
		err = lv.subqueryPath(i, out)
	case r.Kind == RelSetOp:
		err = lv.setOpPath(i, out)
	case r.Kind == RelProjectSet:
		err = lv.projectSetPath(i, out)
	}
	r.rows = out.rows
	return out, err
}

// single enters the only path to a relation that is not a table. node makes the node, its conditions compiled, before its output.
func (lv *level) single(i int, out *joinRel, cost Cost, rows, rescan float64, params []*expr.ColumnRef, node func() Node) {
	lv.est.seen(lv.rels[i].rel, rows)
	out.rows = rows
	out.paths = []*path{{
		rels: out.rels, cost: cost, rows: rows, rescan: rescan, params: params, outer: lv.relsOf(params),
		build: func(list []expr.Expr) Node {
			n := node()
			b := n.Common()
			b.Cost, b.Rows = cost, rows
			lv.p.output(b, lv.est, lv.q.Rels, list)
			return n
		},
	}}
}

func (lv *level) viewPath(i int, out *joinRel) {
	r, p := &lv.rels[i], lv.p
	rows := clampRows(r.Table.Tuples * lv.est.conjunction(r.quals))
	cost := Cost{0, r.Table.Tuples * (p.costs.CPUTuple + p.costs.qualCost(r.quals).Total)}
	lv.single(i, out, cost, rows, cost.Total, nil, func() Node {
		return &ViewScan{View: r.Table.View, Alias: r.Alias, Filter: compileList(r.quals)}
	})
}

func (lv *level) functionPath(i int, out *joinRel) {
	r, p := &lv.rels[i], lv.p
	var params []*expr.ColumnRef
	call := p.simplify(lv.parametrised(r.Call, 0, &params))
	calls, size := setCalls(call), 0.0
	for _, c := range calls {
		size = max(size, setSize(c))
	}
	qual := p.costs.qualCost(r.quals)
	rows := clampRows(size * lv.est.conjunction(r.quals))
	cost := Cost{qual.Startup, qual.Startup + size*(p.costs.CPUTuple+qual.Total)}
	lv.single(i, out, cost, rows, cost.Total, params, func() Node {
		n := &FunctionScan{Alias: r.Alias, Name: r.Name, Call: call, Ordinality: len(r.Columns) > len(calls), Filter: compileList(r.quals)}
		n.Sets = compileSets(calls)
		return n
	})
}

func compileSets(calls []expr.Expr) []SetCall {
	out := make([]SetCall, len(calls))
	for i, e := range calls {
		if c, ok := e.(*expr.Call); ok && c.Fn.Set != nil {
			out[i] = SetCall{c.Fn, compileAll(c.Args)}
		} else {
			out[i] = SetCall{Args: []*Scalar{compile(e)}}
		}
	}
	return out
}

// setSize estimates the rows of a set-returning call: exactly for generate_series over constants, else PostgreSQL's 1000.
func setSize(e expr.Expr) float64 {
	c, ok := e.(*expr.Call)
	if !ok || c.Fn.Set == nil {
		return 1
	}
	var v [3]int64
	v[2] = 1
	for i, a := range c.Args {
		k, ok := a.(*expr.Const)
		if !ok || i > 2 || k.D.Null || !(k.T.OID == datum.Int4 || k.T.OID == datum.Int8) || c.Fn.Name != "generate_series" {
			return 1000
		}
		v[i] = k.D.I
	}
	if v[2] == 0 {
		return 1000
	}
	return clampRows(math.Floor((float64(v[1])-float64(v[0]))/float64(v[2])) + 1)
}

func (lv *level) valuesPath(i int, out *joinRel) {
	r, p := &lv.rels[i], lv.p
	var params []*expr.ColumnRef
	lists := make([][]*Scalar, len(r.Values))
	for k, row := range r.Values {
		lists[k] = make([]*Scalar, len(row))
		for c, e := range row {
			lists[k][c] = compile(p.simplify(lv.parametrised(e, 0, &params)))
		}
	}
	size := float64(len(r.Values))
	qual := p.costs.qualCost(r.quals)
	rows := clampRows(size * lv.est.conjunction(r.quals))
	// cpu_operator_cost for computing each row, as cost_valuesscan charges.
	cost := Cost{qual.Startup, qual.Startup + size*(p.costs.CPUTuple+p.costs.CPUOperator+qual.Total)}
	lv.single(i, out, cost, rows, cost.Total, params, func() Node {
		return &ValuesScan{Alias: r.Alias, Name: r.Name, Lists: lists, Filter: compileList(r.quals)}
	})
}

// bindOuter gives the queries inside relation i their columns from outside: execution parameters where they are of this level.
func (lv *level) bindOuter(i int, q *Query) (*Query, []*expr.ColumnRef, error) {
	var params []*expr.ColumnRef
	r := &lv.rels[i]
	bound, err := q.bound(r.Free, lv.parametrisedAll(r.Outer, 0, &params))
	return bound, params, err
}

func (lv *level) subqueryPath(i int, out *joinRel) error {
	r, p := &lv.rels[i], lv.p
	q, params, err := lv.bindOuter(i, r.Subquery)
	if err != nil {
		return err
	}
	rest := r.quals
	q, rest = p.pushQuals(q, r.rel, rest)
	limit := -1.0
	if lv.w.limit > 0 && len(lv.rels) == 1 && len(rest) == 0 && len(lv.w.order) == 0 {
		limit = lv.w.limit
	}
	child, err := p.query(q, limit)
	if err != nil {
		return err
	}
	b := child.Common()
	qual := p.costs.qualCost(rest)
	rows := clampRows(b.Rows * lv.est.conjunction(rest))
	cost := b.Cost
	if len(rest) > 0 {
		cost = Cost{b.Cost.Startup + qual.Startup, b.Cost.Total + qual.Startup + b.Rows*(p.costs.CPUTuple+qual.Total)}
	}
	lv.single(i, out, cost, rows, cost.Total, params, func() Node {
		return &SubqueryScan{Rel: r.rel, Alias: r.Alias, Child: child, Filter: compileList(rest)}
	})
	return nil
}

// projectSetPath plans a query with set-returning functions over its rows (create_set_projection_path).
func (lv *level) projectSetPath(i int, out *joinRel) error {
	r, p := &lv.rels[i], lv.p
	q, params, err := lv.bindOuter(i, r.Subquery)
	if err != nil {
		return err
	}
	call := p.simplify(lv.parametrised(r.Call, 1<<i, &params))
	limit := -1.0
	if lv.w.limit > 0 && len(lv.rels) == 1 && len(r.quals) == 0 && len(lv.w.order) == 0 {
		limit = lv.w.limit
	}
	child, err := p.query(q, limit)
	if err != nil {
		return err
	}
	calls, size, eval := setCalls(call), 0.0, 0.0
	for _, c := range calls {
		size = max(size, setSize(c))
		eval += p.costs.operatorCost(c)
	}
	b := child.Common()
	base := Base{Rows: clampRows(b.Rows * size), Rels: lv.q.Rels}
	base.Cost = Cost{b.Cost.Startup, b.Cost.Total + b.Rows*(p.costs.CPUTuple+eval) + max(base.Rows-b.Rows, 0)*p.costs.CPUTuple/2}
	own := make([]expr.Expr, len(r.Columns))
	for k, c := range r.Columns {
		own[k] = &expr.ColumnRef{Rel: r.rel, Index: k, Attr: k, T: c.Type, Name: c.Name}
	}
	rows, cost := base.Rows, base.Cost
	if len(r.quals) > 0 {
		qual := p.costs.qualCost(r.quals)
		rows = clampRows(rows * lv.est.conjunction(r.quals))
		cost = Cost{cost.Startup + qual.Startup, cost.Total + qual.Startup + base.Rows*(p.costs.CPUTuple+qual.Total)}
	}
	lv.single(i, out, cost, rows, cost.Total, params, nil)
	out.paths[0].build = func(list []expr.Expr) Node {
		n := &ProjectSet{Base: base, Rel: r.rel, Child: child, Sets: compileSets(calls), Calls: calls}
		if len(r.quals) == 0 {
			p.output(&n.Base, lv.est, lv.q.Rels, list)
			return n
		}
		p.output(&n.Base, lv.est, lv.q.Rels, own)
		scan := &SubqueryScan{Rel: r.rel, Alias: r.Alias, Child: n, Filter: compileList(r.quals)}
		scan.Cost, scan.Rows = cost, rows
		p.output(&scan.Base, lv.est, lv.q.Rels, list)
		return scan
	}
	return nil
}

// setOpPath plans the arms of a set operation. Without conditions and computations the operation's node itself is the scan.
func (lv *level) setOpPath(i int, out *joinRel) error {
	r, p := &lv.rels[i], lv.p
	var params []*expr.ColumnRef
	values := lv.parametrisedAll(r.Outer, 0, &params)
	arms := make([]Node, len(r.Arms))
	p.rels++ // the arms have columns of their own
	var base Base
	for k, arm := range r.Arms {
		arm, err := arm.bound(r.Free, values)
		if err != nil {
			return err
		}
		if arms[k], err = p.query(arm, -1); err != nil {
			return err
		}
		b := arms[k].Common()
		base.Cost.Total += b.Cost.Total
		base.Rows += b.Rows
		base.Width = max(base.Width, b.Width)
		if k == 0 {
			base.Cost.Startup = b.Cost.Startup
		}
	}
	first := arms[0].Common()
	base.Types, base.Show, base.Rels = first.Types[:len(r.Columns)], first.Show[:len(r.Columns)], first.Rels
	for k, c := range r.Columns {
		base.Types[k] = c.Type.OID
	}
	if r.Op != UnionOp {
		base.Cost = Cost{base.Cost.Total, base.Cost.Total + base.Rows*p.costs.CPUOperator*float64(len(r.Columns))}
		base.Rows = first.Rows
	} else {
		base.Cost.Total += base.Rows * 0.5 * p.costs.CPUTuple // as cost_append charges
	}
	make := func(b Base) Node {
		if r.Op == UnionOp {
			return &Append{Base: b, Rel: r.rel, Arms: arms}
		}
		return &SetOperation{Base: b, Rel: r.rel, Op: r.Op, All: r.All, Arms: arms}
	}
	qual := p.costs.qualCost(r.quals)
	rows := clampRows(base.Rows * lv.est.conjunction(r.quals))
	cost := base.Cost
	if len(r.quals) > 0 {
		cost = Cost{cost.Startup + qual.Startup, cost.Total + base.Rows*(p.costs.CPUTuple+qual.Total)}
	}
	lv.single(i, out, cost, rows, cost.Total, params, nil)
	out.paths[0].build = func(list []expr.Expr) Node {
		plain := len(r.quals) == 0 && len(list) == len(r.Columns)
		for k, e := range list {
			c, ok := e.(*expr.ColumnRef)
			plain = plain && ok && c.Index == k
		}
		if plain {
			return make(base)
		}
		n := &SubqueryScan{Rel: r.rel, Alias: r.Alias, Child: make(base), Filter: compileList(r.quals)}
		n.Cost, n.Rows = cost, rows
		p.output(&n.Base, lv.est, lv.q.Rels, list)
		return n
	}
	return nil
}

// tablePaths are the ways to read a table: whole, or through its indexes.
func (lv *level) tablePaths(i int, out *joinRel) {
	r, p := &lv.rels[i], lv.p
	t := r.Table
	e := scanEstimate{
		pages: t.Pages, tuples: t.Tuples, allVisible: t.AllVisible, rows: clampRows(t.Tuples * lv.est.conjunction(r.quals)), qual: p.costs.qualCost(r.quals), loops: 1,
		needed: lv.needs(i), total: lv.tablePages(),
	}
	out.rows = e.rows
	lv.est.seen(r.rel, e.rows)
	seq := &path{rels: out.rels, cost: p.costs.seqScan(e), rows: e.rows}
	seq.rescan = seq.cost.Total
	seq.build = lv.scanNode(i, seq, func(need []int) Node {
		return &SeqScan{Table: t, Alias: r.Alias, Need: need, Filter: compileList(r.quals)}
	}, r.quals)
	startup := lv.w.limit > 0
	out.add(seq, startup)
	for _, x := range t.Indexes {
		if !x.Readable() {
			continue
		}
		for _, n := range lv.indexPaths(i, x, r.quals, e) {
			out.add(n, startup)
		}
	}
}

// tablePages are the pages of all tables of the level.
func (lv *level) tablePages() float64 {
	n := 0.0
	for i := range lv.rels {
		if r := &lv.rels[i]; r.Kind == RelTable && r.Table.View == nil {
			n += r.Table.Pages
		}
	}
	return n
}

// scanNode is the build of a path that scans a table: node gets the columns that have to be decoded.
func (lv *level) scanNode(i int, pa *path, node func(need []int) Node, quals []expr.Expr) func([]expr.Expr) Node {
	t := lv.rels[i].Table
	return func(list []expr.Expr) Node {
		n := node(neededColumns(t, quals, list))
		b := n.Common()
		b.Cost, b.Rows = pa.cost, pa.rows
		lv.p.output(b, lv.est, lv.q.Rels, list)
		return n
	}
}

// needs lists the columns of relation i that anything in the level reads, but for its own conditions; the TID's slot counts as one.
func (lv *level) needs(i int) []int {
	r := &lv.rels[i]
	var out []int
	note := func(e expr.Expr) {
		expr.Columns(e, func(c *expr.ColumnRef) {
			if c.Rel == r.rel {
				out = append(out, c.Index)
			}
		})
	}
	for _, e := range lv.out {
		note(e)
	}
	for _, c := range lv.clauses {
		note(c.expr)
	}
	for k := range lv.rels {
		o := &lv.rels[k]
		if o.Call != nil {
			note(o.Call)
		}
		for _, e := range o.Outer {
			note(e)
		}
		for _, row := range o.Values {
			for _, e := range row {
				note(e)
			}
		}
	}
	return out
}

// finalCost is what a path costs once its rows are in the wished order and as many as wished are read.
func (p *planner) finalCost(c *path, width float64, w wish) float64 {
	cost := c.cost
	if len(w.order) > 0 && !c.ordered {
		cost = p.costs.sort(cost, c.rows, width, w.limit)
	}
	if w.limit > 0 && w.limit < c.rows {
		return cost.Startup + (cost.Total-cost.Startup)*w.limit/c.rows
	}
	return cost.Total
}

// neededColumns lists the columns that some expression reads, ascending.
func neededColumns(t *Table, lists ...[]expr.Expr) []int {
	seen := make([]bool, len(t.Columns))
	for _, list := range lists {
		for _, e := range list {
			expr.Columns(e, func(c *expr.ColumnRef) {
				if c.Index >= 0 && c.Index < len(seen) {
					seen[c.Index] = true
				}
			})
		}
	}
	need := []int{}
	for i, s := range seen {
		if s {
			need = append(need, i)
		}
	}
	return need
}
