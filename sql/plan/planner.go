package plan

import (
	"math"
	"slices"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// Plan is a statement ready to be executed any number of times.
type Plan struct {
	Root    Node
	Command Command
	// Columns are the visible output columns; the root's rows may be longer.
	Columns []OutputColumn
	Params  []datum.OID
	// Tables are all tables that the plan reads or writes; Writes is the one it changes, or nil. Locks says that it locks rows.
	Tables []*Table
	Writes *Table
	Locks  bool
	// Subplans are the subqueries in expressions, by their expr.SubPlan's ID, and Slots the number of execution parameters.
	Subplans []*Subplan
	Slots    int
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
	known int // relations in the range table so far
	subs  map[*Query]*plannedSub
	err   error // the first one of planning a subquery, which happens where no error can be returned
}

// Make plans an analysed query. It changes nothing in q that another planning would see.
func Make(env *Env, costs *Costs, q *Query) (*Plan, error) {
	p := &planner{
		env: env, costs: costs, b: &expr.Builder{Registry: env.Registry, Env: env.Datum},
		plan: &Plan{Command: q.Command, Params: q.Params}, known: max(q.Known, len(q.Rels)),
	}
	uniqueAliases(q.Rels)
	var err error
	if q.Command == Select {
		p.plan.Columns = outputColumns(q.Rels, q.Targets[:q.Visible()])
		p.plan.Root, err = p.query(q, -1)
	} else {
		if q.Command == Insert {
			p.rels++
		}
		p.plan.Writes = q.Table
		p.plan.Root, err = p.modify(q)
		if len(q.Returning) > 0 {
			p.plan.Columns = outputColumns([]*Rel{{Kind: RelTable, Table: q.Table}}, q.Returning)
		}
	}
	if err == nil {
		err = p.err
	}
	p.plan.Qualify = p.rels > 1
	return p.plan, err
}

// uniqueAliases renames relations that have the name of an earlier one, so that EXPLAIN can tell them apart.
func uniqueAliases(rels []*Rel) {
	if len(rels) < 2 {
		return
	}
	seen := make(map[string]int, len(rels))
	for _, r := range rels {
		n := seen[r.Alias]
		seen[r.Alias]++
		if n > 0 && r.Alias != "" && r.Kind != RelValues && r.Kind != RelSetOp {
			r.Alias = unusedAlias(seen, r.Alias, n)
		}
	}
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

// newRel numbers a relation that planning itself makes.
func (p *planner) newRel() int {
	p.known++
	return p.known - 1
}

// newSlot is a fresh execution parameter.
func (p *planner) newSlot() int {
	p.plan.Slots++
	return p.plan.Slots - 1
}

// simplify folds constants and plans the subqueries of an expression.
func (p *planner) simplify(e expr.Expr) expr.Expr {
	if e == nil {
		return nil
	}
	return p.planSubLinks(p.b.Simplify(e, p.env.Eval))
}

// simplifyCondition is simplify for a condition of which only the rows that make it true matter.
func (p *planner) simplifyCondition(e expr.Expr) expr.Expr {
	return p.planSubLinks(p.b.SimplifyCondition(e, p.env.Eval))
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
	q, err := p.pullUpSubqueries(q)
	if err != nil {
		return nil, err
	}
	targets := p.simplifyAll(q.Targets)
	est := &estimator{rels: q.Rels}
	count, offset := p.limits(q)
	var w wish
	if !q.grouped() && !q.Distinct {
		w.order, w.targets = q.OrderBy, targets
		if count >= 0 {
			limit = count + math.Max(offset, 0)
		}
		if limit >= 0 && q.DistinctOn == 0 {
			w.limit = math.Max(limit, 1)
		}
	}
	var node Node
	var ordered bool
	switch {
	case q.grouped():
		node, ordered, err = p.grouped(q, est, targets)
	case len(q.Locks) > 0:
		node, ordered, err = p.locked(q, est, w, targets, count, offset)
	default:
		node, ordered, err = p.source(q, est, w, targets)
	}
	if err != nil {
		return nil, err
	}
	if q.Distinct {
		node, ordered = p.distinct(node, est, q, targets)
	}
	if len(q.OrderBy) > 0 && !ordered {
		sortCount := count
		if q.DistinctOn > 0 {
			sortCount = -1
		}
		node = p.sorted(node, q, est, targets, sortCount, offset)
	}
	if q.DistinctOn > 0 {
		node = p.unique(node, est, q, targets)
	}
	if q.Limit != nil && count != -1 || !p.noOffset(q.Offset) {
		node = p.limited(node, q, targets, count, offset)
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

// noOffset reports whether an OFFSET passes over nothing for certain.
func (p *planner) noOffset(e expr.Expr) bool {
	if e == nil {
		return true
	}
	c, ok := p.simplify(e).(*expr.Const)
	return ok && (c.D.Null || c.D.I == 0)
}

// source plans FROM and WHERE and computes out over the rows.
func (p *planner) source(q *Query, est *estimator, w wish, out []expr.Expr) (Node, bool, error) {
	q, err := p.pullUpSubLinks(q)
	if err != nil {
		return nil, false, err
	}
	if len(q.Rels) != len(est.rels) {
		est = &estimator{rels: q.Rels}
	}
	for _, rel := range q.own() {
		if q.Rels[rel].Kind != RelProjectSet { // PostgreSQL's range table has no such thing
			p.rels++
		}
	}
	quals, gate, never := p.quals(q.Where)
	if len(q.From) == 0 {
		p.rels++ // PostgreSQL's range table has an entry for it
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
		p.note(q)
		return n, true, nil
	}
	p.note(q)
	node, ordered, err := p.joinTree(q, est, w, quals, out)
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
func (p *planner) note(q *Query) {
	for _, rel := range q.own() {
		if r := q.Rels[rel]; r.Kind == RelTable && !slices.Contains(p.plan.Tables, r.Table) {
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
	return quals, gate, false
}

// output makes a node compute list, whose columns are places of the node's input row.
func (p *planner) output(b *Base, est *estimator, rels []*Rel, list []expr.Expr) {
	p.outputAs(b, est, rels, list, list)
}

// outputAs is output for a node whose input row is not that of one relation: over is list in terms of that row.
func (p *planner) outputAs(b *Base, est *estimator, rels []*Rel, list, over []expr.Expr) {
	b.Output = compileAll(over)
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
