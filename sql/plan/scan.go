package plan

import (
	"math"
	"slices"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// scan plans the reading of one relation. The node computes out; ordered says that it does so in the wished order.
func (p *planner) scan(q *Query, est *estimator, rel int, quals []expr.Expr, w wish, out []expr.Expr) (node Node, ordered bool, err error) {
	r := q.Rels[rel]
	switch r.Kind {
	case RelTable:
		p.note(q.Rels)
		if r.Table.View != nil {
			node = p.viewScan(est, r, quals)
			break
		}
		node, ordered = p.tableScan(q, est, rel, quals, w, out)
	case RelFunction:
		node = p.functionScan(est, r, quals)
	case RelValues:
		node = p.valuesScan(est, r, quals)
	case RelSubquery:
		if node, err = p.subqueryScan(est, r, quals); err != nil {
			return nil, false, err
		}
	}
	p.output(node.Common(), est, q.Rels, out)
	return node, ordered && len(w.order) > 0, nil
}

func (p *planner) viewScan(est *estimator, r *Rel, quals []expr.Expr) Node {
	n := &ViewScan{View: r.Table.View, Alias: r.Alias, Filter: compileList(quals)}
	n.Rows = clampRows(r.Table.Tuples * est.conjunction(quals))
	n.Cost = Cost{0, r.Table.Tuples * (p.costs.CPUTuple + p.costs.qualCost(quals).Total)}
	return n
}

func (p *planner) functionScan(est *estimator, r *Rel, quals []expr.Expr) Node {
	call := p.simplify(r.Call)
	n := &FunctionScan{Alias: r.Alias, Name: r.Name, Call: call, Filter: compileList(quals)}
	if c, ok := call.(*expr.Call); ok && c.Fn.Set != nil {
		n.Args, n.Set = compileAll(c.Args), c.Fn
	} else {
		n.Args = []*Scalar{compile(call)}
	}
	rows := setSize(call)
	qual := p.costs.qualCost(quals)
	n.Rows = clampRows(rows * est.conjunction(quals))
	n.Cost = Cost{qual.Startup, qual.Startup + rows*(p.costs.CPUTuple+qual.Total)}
	return n
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

func (p *planner) valuesScan(est *estimator, r *Rel, quals []expr.Expr) Node {
	n := &ValuesScan{Alias: r.Alias, Name: r.Name, Filter: compileList(quals)}
	for _, row := range r.Values {
		list := make([]*Scalar, len(row))
		for i, e := range row {
			list[i] = compile(p.simplify(e))
		}
		n.Lists = append(n.Lists, list)
	}
	rows := float64(len(r.Values))
	qual := p.costs.qualCost(quals)
	n.Rows = clampRows(rows * est.conjunction(quals))
	// cpu_operator_cost for computing each row, as cost_valuesscan charges.
	n.Cost = Cost{qual.Startup, qual.Startup + rows*(p.costs.CPUTuple+p.costs.CPUOperator+qual.Total)}
	return n
}

func (p *planner) subqueryScan(est *estimator, r *Rel, quals []expr.Expr) (Node, error) {
	child, err := p.query(r.Subquery, -1)
	if err != nil {
		return nil, err
	}
	b := child.Common()
	n := &SubqueryScan{Alias: r.Alias, Child: child, Filter: compileList(quals)}
	qual := p.costs.qualCost(quals)
	n.Rows = clampRows(b.Rows * est.conjunction(quals))
	n.Cost = Cost{b.Cost.Startup + qual.Startup, b.Cost.Total + qual.Startup + b.Rows*(p.costs.CPUTuple+qual.Total)}
	return n, nil
}

// candidate is one way to read a table.
type candidate struct {
	node    Node
	cost    Cost
	ordered bool // in the wished order
}

// tableScan prices every way to read the table and takes the cheapest, a Sort for the wished order included.
func (p *planner) tableScan(q *Query, est *estimator, rel int, quals []expr.Expr, w wish, out []expr.Expr) (Node, bool) {
	r := q.Rels[rel]
	t := r.Table
	sel := est.conjunction(quals)
	e := scanEstimate{pages: t.Pages, tuples: t.Tuples, rows: clampRows(t.Tuples * sel), qual: p.costs.qualCost(quals)}
	need := neededColumns(t, quals, out)
	seq := &SeqScan{Table: t, Alias: r.Alias, Need: need, Filter: compileList(quals)}
	seq.Cost, seq.Rows = p.costs.seqScan(e), e.rows
	list := []candidate{{node: seq, cost: seq.Cost}}
	for _, x := range t.Indexes {
		if !x.Readable() {
			continue
		}
		list = append(list, p.indexPaths(est, r, rel, x, quals, e, need, w)...)
	}
	width := float64(est.widths(out))
	best := slices.MinFunc(list, func(a, b candidate) int {
		x, y := p.finalCost(a, e.rows, width, w), p.finalCost(b, e.rows, width, w)
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return best.node, best.ordered
}

// finalCost is what a candidate costs once its rows are in the wished order and as many as wished are read.
func (p *planner) finalCost(c candidate, rows, width float64, w wish) float64 {
	cost := c.cost
	if len(w.order) > 0 && !c.ordered {
		cost = p.costs.sort(cost, rows, width, w.limit)
	}
	if w.limit > 0 && w.limit < rows {
		return cost.Startup + (cost.Total-cost.Startup)*w.limit/rows
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
