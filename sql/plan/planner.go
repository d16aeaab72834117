package plan

import (
	"cmp"
	"math"
	"slices"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// Plan is a statement ready to be executed any number of times.
type Plan struct {
	Root    Node
	Command Command
	// Columns are the visible output columns; the root's rows may be longer.
	Columns []OutputColumn
	Params  []datum.OID
	// Tables are all tables that the plan reads or writes; Writes is the one it changes, or nil.
	Tables []*Table
	Writes *Table
	// Qualify says that EXPLAIN prefixes columns with their table.
	Qualify bool
}

// OutputColumn describes one column of the answer.
type OutputColumn struct {
	Name  string
	Type  datum.Type
	Table uint32 // the table the column comes from, 0 if it is computed
	Attr  int16  // counted from 1
}

// planner makes a Plan from a Query.
type planner struct {
	env   *Env
	costs *Costs
	b     *expr.Builder
	plan  *Plan
	rels  int // relations in the whole statement
}

// Make plans an analysed query. It changes nothing in q that another planning would see.
func Make(env *Env, costs *Costs, q *Query) (*Plan, error) {
	p := &planner{
		env: env, costs: costs, b: &expr.Builder{Registry: env.Registry, Env: env.Datum},
		plan: &Plan{Command: q.Command, Params: q.Params},
	}
	var err error
	if q.Command == Select {
		p.plan.Root, err = p.query(q, -1)
		p.plan.Columns = outputColumns(q.Rels, q.Targets[:q.Visible()])
	} else {
		p.rels++
		p.plan.Writes = q.Table
		p.plan.Root, err = p.modify(q)
		if len(q.Returning) > 0 {
			p.plan.Columns = outputColumns([]*Rel{{Kind: RelTable, Table: q.Table}}, q.Returning)
		}
	}
	p.plan.Qualify = p.rels > 1
	return p.plan, err
}

func outputColumns(rels []*Rel, targets []Target) []OutputColumn {
	out := make([]OutputColumn, len(targets))
	for i, t := range targets {
		out[i] = OutputColumn{Name: t.Name, Type: t.Expr.Type()}
		if c, ok := t.Expr.(*expr.ColumnRef); ok && c.Rel < len(rels) && rels[c.Rel].Kind == RelTable {
			out[i].Table, out[i].Attr = rels[c.Rel].Table.OID, int16(c.Attr+1)
		}
	}
	return out
}

func (p *planner) simplify(e expr.Expr) expr.Expr {
	if e == nil {
		return nil
	}
	return p.b.Simplify(e, p.env.Eval)
}

func (p *planner) simplifyAll(targets []Target) []expr.Expr {
	out := make([]expr.Expr, len(targets))
	for i := range targets {
		out[i] = p.simplify(targets[i].Expr)
	}
	return out
}

// wish is what the rest of the query hopes for from the scan: rows in some order, and only some of them.
type wish struct {
	order   []OrderItem // over targets
	targets []expr.Expr
	limit   float64 // rows that will be asked for, 0 for all
}

// query plans a SELECT: scan, aggregate, distinct, sort, limit. The root's output row has all targets, junk ones last.
// limit is the number of rows an outer step will ask for, -1 for all.
func (p *planner) query(q *Query, limit float64) (Node, error) {
	p.rels += len(q.Rels)
	targets := p.simplifyAll(q.Targets)
	est := &estimator{rels: q.Rels}
	count, offset := p.limits(q)
	aggregated := q.HasAggs || len(q.GroupBy) > 0 || q.Having != nil
	var w wish
	if !aggregated && !q.Distinct {
		w.order, w.targets = q.OrderBy, targets
		if count >= 0 {
			limit = count + math.Max(offset, 0)
		}
		if limit >= 0 {
			w.limit = math.Max(limit, 1)
		}
	}
	var node Node
	var ordered bool
	var err error
	if aggregated {
		node, ordered, err = p.grouped(q, est, targets)
	} else {
		node, ordered, err = p.source(q, est, w, targets)
	}
	if err != nil {
		return nil, err
	}
	if q.Distinct {
		node = p.distinct(node, est, q, targets)
		ordered = false
	}
	if len(q.OrderBy) > 0 && !ordered {
		node = p.sorted(node, q, est, targets, count, offset)
	}
	if q.Limit != nil || q.Offset != nil {
		node = p.limited(node, q, count, offset)
	}
	return node, nil
}

// limits reads LIMIT and OFFSET if they are constants; -1 is no limit, and an unknown one counts as a tenth of the rows later.
func (p *planner) limits(q *Query) (count, offset float64) {
	read := func(e expr.Expr, missing float64) float64 {
		if e == nil {
			return missing
		}
		if c, ok := p.simplify(e).(*expr.Const); ok {
			if c.D.Null {
				return missing
			}
			return math.Max(float64(c.D.I), 0)
		}
		return -2
	}
	return read(q.Limit, -1), read(q.Offset, 0)
}

// source plans FROM and WHERE and computes output over the relation's row.
func (p *planner) source(q *Query, est *estimator, w wish, out []expr.Expr) (Node, bool, error) {
	quals, gate, never := p.quals(q.Where)
	if len(q.From) == 0 {
		n := &Result{OneTime: compileList(gate)}
		n.Rows, n.Cost = 1, Cost{0, p.costs.CPUTuple}
		if never {
			n.OneTime, n.Rows = compile(falseConst), 0
		}
		p.output(&n.Base, est, q.Rels, out)
		return n, true, nil
	}
	if never {
		n := &Result{OneTime: compile(falseConst)}
		p.output(&n.Base, est, q.Rels, out)
		n.Cost, n.Rows, n.Width = Cost{}, 0, 0
		p.note(q.Rels)
		return n, true, nil
	}
	if len(q.From) > 1 {
		return nil, false, pgerr.New(pgerr.FeatureNotSupported, "a join of several relations is not supported")
	}
	node, ordered, err := p.scan(q, est, q.From[0].(RelItem).Rel, quals, w, out)
	if err != nil {
		return nil, false, err
	}
	if len(gate) > 0 {
		b := node.Common()
		n := &Result{Child: node, OneTime: compileList(gate)}
		n.Rows, n.Width, n.Types, n.Show, n.Rels = b.Rows, b.Width, b.Types, b.Show, b.Rels
		start := p.costs.qualCost(gate).Startup
		n.Cost = Cost{b.Cost.Startup + start, b.Cost.Total + start}
		node = n
	}
	return node, ordered, nil
}

var falseConst = expr.NewConst(datum.NewBool(false), datum.Bool)

// note remembers the tables a plan depends on.
func (p *planner) note(rels []*Rel) {
	for _, r := range rels {
		if r.Kind == RelTable && !slices.Contains(p.plan.Tables, r.Table) {
			p.plan.Tables = append(p.plan.Tables, r.Table)
		}
	}
}

// quals splits a condition into parts that depend on the row and parts that do not. never says that no row can pass.
func (p *planner) quals(where expr.Expr) (quals, gate []expr.Expr, never bool) {
	if where == nil {
		return nil, nil, false
	}
	for _, e := range expr.Conjuncts(p.simplify(where)) {
		if c, ok := e.(*expr.Const); ok {
			if c.D.Null || !c.D.Bool() {
				return nil, nil, true
			}
			continue
		}
		if !expr.HasColumns(e) && expr.MaxVolatility(e) != expr.Volatile {
			gate = append(gate, e)
		} else {
			quals = append(quals, e)
		}
	}
	// Cheap ones first, as PostgreSQL's order_qual_clauses has it.
	slices.SortStableFunc(quals, func(a, b expr.Expr) int { return cmp.Compare(p.costs.operatorCost(a), p.costs.operatorCost(b)) })
	return quals, gate, false
}

// output makes a node compute list, whose columns are places of the node's input row.
func (p *planner) output(b *Base, est *estimator, rels []*Rel, list []expr.Expr) {
	b.Output = compileAll(list)
	b.Show, b.Rels = list, rels
	b.Types = typesOf(list)
	b.Width = est.widths(list)
	cost := 0.0
	for _, e := range list {
		cost += p.costs.operatorCost(e)
	}
	b.Cost.Total += cost * b.Rows
}

func typesOf(list []expr.Expr) []datum.OID {
	out := make([]datum.OID, len(list))
	for i, e := range list {
		out[i] = e.Type().OID
	}
	return out
}

// sorted adds a Sort for the query's ORDER BY.
func (p *planner) sorted(child Node, q *Query, est *estimator, targets []expr.Expr, count, offset float64) Node {
	b := child.Common()
	n := &Sort{Child: child}
	for _, o := range q.OrderBy {
		n.Keys = append(n.Keys, SortKey{Slot: o.Target, Type: targets[o.Target].Type().OID, Desc: o.Desc, NullsFirst: o.NullsFirst})
	}
	bound := 0.0
	if q.Limit != nil {
		n.Bound, n.Skip = compile(p.simplify(q.Limit)), compile(p.simplify(q.Offset))
		if count >= 0 && offset >= 0 {
			bound = count + offset
		}
	}
	n.Rows, n.Width, n.Types, n.Show, n.Rels = b.Rows, b.Width, b.Types, b.Show, b.Rels
	n.Cost = p.costs.sort(b.Cost, b.Rows, float64(b.Width), bound)
	return n
}

func (p *planner) limited(child Node, q *Query, count, offset float64) Node {
	b := child.Common()
	n := &Limit{Child: child, Count: compile(p.simplify(q.Limit)), Offset: compile(p.simplify(q.Offset))}
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

// distinct removes duplicates by hashing all targets.
func (p *planner) distinct(child Node, est *estimator, q *Query, targets []expr.Expr) Node {
	b := child.Common()
	n := &Aggregate{Child: child, Strategy: Hashed}
	for i, t := range targets {
		slot := &expr.ColumnRef{Index: i, T: t.Type(), Rel: -1}
		n.Keys = append(n.Keys, GroupKey{Scalar: compile(slot), Type: t.Type().OID, Show: t})
	}
	n.Rows = est.groups(targets, b.Rows)
	n.Width, n.Types, n.Show, n.Rels = b.Width, b.Types, b.Show, b.Rels
	n.Cost = p.costs.aggregate(true, b.Cost, b.Rows, n.Rows, len(targets), 0, 0)
	return n
}
