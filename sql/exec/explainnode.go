package exec

import (
	"fmt"
	"strings"

	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/plan"
)

// describe turns a node and its inputs into steps.
func (x *Explained) describe(n plan.Node, relationship string) *step {
	if scan, ok := n.(*plan.SubqueryScan); ok && scan.Trivial() {
		return x.describe(scan.Child, relationship)
	}
	s := &step{cost: n.Common()}
	if x.Instruments != nil {
		s.stats = x.Instruments.Nodes[n]
		if s.stats == nil {
			s.stats = &Stats{}
		}
	}
	d := describer{x: x, s: s, base: n.Common()}
	d.node(n, relationship)
	if x.Options.Buffers && x.Options.Analyze && s.stats != nil && s.stats.Buffers != (Buffers{}) {
		d.detail("Shared Hit Blocks", s.stats.Buffers.Hit, "Buffers: "+bufferText(s.stats.Buffers))
		d.detail("Shared Read Blocks", s.stats.Buffers.Read, "-")
	}
	subs := x.Plan.Subqueries(n)
	if relationship == "" || relationship == "Subquery" || relationship == "Member" || relationship == "InitPlan" || relationship == "SubPlan" {
		for _, sub := range x.Plan.InitPlans(n) {
			s.children = append(s.children, x.subplan(sub, "InitPlan"))
		}
	}
	for i, c := range n.Children() {
		s.children = append(s.children, x.describe(c, childRelationship(n, i)))
	}
	for _, sub := range subs {
		if !sub.Init {
			s.children = append(s.children, x.subplan(sub, "SubPlan"))
		}
	}
	return s
}

// childRelationship is what EXPLAIN calls input i of a node in JSON. The root of a query in FROM, or of an arm, is Subquery or Member.
func childRelationship(n plan.Node, i int) string {
	switch n.(type) {
	case *plan.SubqueryScan:
		return "Subquery"
	case *plan.Append:
		return "Member"
	}
	if i > 0 {
		return "Inner"
	}
	return "Outer"
}

// subplan describes a subquery of an expression.
func (x *Explained) subplan(sub *plan.Subplan, relationship string) *step {
	s := x.describe(sub.Root, relationship)
	s.heading = sub.Title
	s.props = append(s.props, prop{name: "Subplan Name", value: sub.Title})
	return s
}

type describer struct {
	x    *Explained
	s    *step
	base *plan.Base
}

func (d *describer) prop(name string, value any) {
	d.s.props = append(d.s.props, prop{name: name, value: value})
}

func (d *describer) detail(name string, value any, text string) {
	d.s.details = append(d.s.details, prop{name: name, value: value, text: text})
}

// condition prints a condition of a scan: its columns need no table, but get one in verbose output.
func (d *describer) condition(label string, c *plan.Scalar) {
	if c != nil {
		d.detail(label, expr.Deparse(c.Expr, d.x.name(d.base.Rels, d.x.Options.Verbose)), "")
	}
}

func (d *describer) filter(c *plan.Scalar) {
	d.condition("Filter", c)
	if c != nil && d.s.stats != nil {
		d.removed("Rows Removed by Filter", d.s.stats.Filtered)
	}
}

func (d *describer) filtered() int64 {
	if d.s.stats == nil {
		return 0
	}
	return d.s.stats.Filtered
}

// removed prints a count per loop, in text only when something was removed.
func (d *describer) removed(label string, n int64) {
	if d.s.stats == nil {
		return
	}
	n /= max(d.s.stats.Loops, 1)
	text := ""
	if n == 0 {
		text = "-"
	}
	d.detail(label, n, text)
}

// title sets the first line, and the properties of JSON that say the same.
func (d *describer) title(kind, relationship string, extra ...string) {
	d.prop("Node Type", kind)
	if relationship != "" {
		d.prop("Parent Relationship", relationship)
	}
	d.s.title = strings.Join(append([]string{kind}, extra...), " ")
}

// on is the "on table alias" of a scan.
func (d *describer) on(schema, name, alias string) string {
	d.prop("Relation Name", name)
	d.prop("Alias", alias)
	text := expr.QuoteIdent(name)
	if d.x.Options.Verbose && schema != "" {
		text = expr.QuoteIdent(schema) + "." + text
	}
	if alias != name {
		text += " " + expr.QuoteIdent(alias)
	}
	return "on " + text
}

func (d *describer) output() {
	if !d.x.Options.Verbose || len(d.base.Show) == 0 {
		return
	}
	list := make([]string, len(d.base.Show))
	for i, e := range d.base.Show {
		list[i] = expr.Deparse(e, d.x.name(d.base.Rels, d.x.Plan.Qualify))
	}
	d.detail("Output", list, "")
}

// setOutput is output for a node whose own functions stand for columns of its input row.
func (d *describer) setOutput(n *plan.ProjectSet) {
	if !d.x.Options.Verbose {
		return
	}
	list := make([]string, len(n.Show))
	for i, e := range n.Show {
		row := d.x.hidden[n.Rel]
		if c, ok := e.(*expr.ColumnRef); ok && c.Rel == n.Rel {
			e, d.base = row.show[c.Index], &plan.Base{Rels: row.rels}
		}
		list[i] = expr.Deparse(e, d.x.name(d.base.Rels, d.x.Plan.Qualify))
	}
	d.detail("Output", list, "")
}

// passedOutput is output for a node that hands on what its input has computed.
func (d *describer) passedOutput() {
	if !d.x.Options.Verbose || len(d.base.Show) == 0 {
		return
	}
	list := make([]string, len(d.base.Show))
	for i := range d.base.Show {
		list[i] = d.x.outer(d.base, i, d.x.Plan.Qualify)
	}
	d.detail("Output", list, "")
}

func (d *describer) node(n plan.Node, rel string) {
	switch n := n.(type) {
	case *plan.Result:
		d.title("Result", rel)
		d.output()
		d.condition("One-Time Filter", n.OneTime)
	case *plan.SeqScan:
		d.title("Seq Scan", rel)
		d.s.title += " " + d.on(n.Table.Schema, n.Table.Name, n.Alias)
		d.output()
		d.filter(n.Filter)
	case *plan.IndexScan:
		d.indexScan(n, rel)
	case *plan.BitmapHeapScan:
		d.bitmapHeapScan(n, rel)
	case *plan.BitmapIndexScan:
		d.title("Bitmap Index Scan", rel)
		d.prop("Index Name", n.Index.Name)
		d.s.title += " on " + expr.QuoteIdent(n.Index.Name)
		d.base = &plan.Base{Rels: []*plan.Rel{{Alias: n.Alias}}}
		if n.CondExpr != nil {
			d.detail("Index Cond", expr.Deparse(n.CondExpr.Expr, d.x.name(d.base.Rels, d.x.Options.Verbose)), "")
		}
	case *plan.FunctionScan:
		d.title("Function Scan", rel)
		d.prop("Function Name", n.Name)
		d.prop("Alias", n.Alias)
		d.s.title += " on " + d.functionName(n)
		if n.Alias != n.Name {
			d.s.title += " " + expr.QuoteIdent(n.Alias)
		}
		d.output()
		if d.x.Options.Verbose {
			d.detail("Function Call", d.deparse(n.Call), "")
		}
		d.filter(n.Filter)
	case *plan.ValuesScan:
		d.title("Values Scan", rel)
		d.prop("Alias", "*VALUES*")
		d.s.title += ` on "*VALUES*"`
		d.output()
		d.filter(n.Filter)
	case *plan.ProjectSet:
		d.title("ProjectSet", rel)
		d.setOutput(n)
	case *plan.ViewScan:
		d.title("Function Scan", rel)
		d.s.title += " " + d.on("pg_catalog", n.View.Name, n.Alias)
		d.output()
		d.filter(n.Filter)
	case *plan.SubqueryScan:
		d.title("Subquery Scan", rel)
		d.prop("Alias", n.Alias)
		d.s.title += " on " + expr.QuoteIdent(n.Alias)
		d.output()
		if n.Filter != nil { // always with the subquery's name, as PostgreSQL has it
			d.detail("Filter", expr.Deparse(n.Filter.Expr, d.x.name(d.base.Rels, true)), "")
			d.removed("Rows Removed by Filter", d.filtered())
		}
	case *plan.NestedLoop:
		d.join("Nested Loop", rel, n.Kind)
		d.joinDetails(n.Join, n.Filter)
	case *plan.HashJoin:
		d.join("Hash Join", rel, n.Kind)
		d.detail("Hash Cond", d.deparse(n.Cond.Expr), "")
		d.joinDetails(n.Join, n.Filter)
	case *plan.Hash:
		d.title("Hash", rel)
		d.passedOutput()
		d.hash()
	case *plan.Materialize:
		d.title("Materialize", rel)
		d.passedOutput()
	case *plan.Append:
		d.title("Append", rel)
		d.detail("Subplans Removed", 0, "-")
	case *plan.SetOperation:
		d.title("SetOp", rel)
		command := map[plan.SetOp]string{plan.IntersectOp: "Intersect", plan.ExceptOp: "Except"}[n.Op]
		if n.All {
			command += " All"
		}
		d.prop("Strategy", "Hashed")
		d.prop("Command", command)
		d.s.title = "HashSetOp " + command
		d.passedOutput()
	case *plan.Unique:
		d.title("Unique", rel)
		d.passedOutput()
	case *plan.LockRows:
		d.title("LockRows", rel)
		d.output()
	case *plan.Sort:
		d.sort(n, rel)
	case *plan.Limit:
		d.title("Limit", rel)
		d.passedOutput()
	case *plan.Aggregate:
		d.aggregate(n, rel)
	case *plan.ModifyTable:
		d.modify(n, rel)
	default:
		d.title(fmt.Sprintf("%T", n), rel)
	}
}

func (d *describer) functionName(n *plan.FunctionScan) string {
	if d.x.Options.Verbose {
		return "pg_catalog." + expr.QuoteIdent(n.Name)
	}
	return expr.QuoteIdent(n.Name)
}

// join sets the title of a join: "Hash Left Join".
func (d *describer) join(kind, rel string, k plan.JoinKind) {
	d.title(kind, rel)
	word := map[plan.JoinKind]string{plan.InnerJoin: "Inner", plan.LeftJoin: "Left", plan.RightJoin: "Right", plan.FullJoin: "Full", plan.SemiJoin: "Semi", plan.AntiJoin: "Anti"}[k]
	d.prop("Join Type", word)
	if k != plan.InnerJoin {
		d.s.title = strings.TrimSuffix(kind, " Join") + " " + word + " Join"
	}
}

func (d *describer) joinDetails(join, filter *plan.Scalar) {
	d.output()
	if join != nil {
		d.detail("Join Filter", d.deparse(join.Expr), "")
		if st := d.s.stats; st != nil {
			d.removed("Rows Removed by Join Filter", st.JoinFiltered)
		}
	}
	if filter != nil {
		d.detail("Filter", d.deparse(filter.Expr), "")
		d.removed("Rows Removed by Filter", d.filtered())
	}
}

// hash describes what a hash table took.
func (d *describer) hash() {
	st := d.s.stats
	if st == nil || !d.x.Options.Analyze || st.Loops == 0 {
		return
	}
	kb := (st.HashBytes + 1023) / 1024
	d.detail("Hash Batches", max(st.Batches, 1), fmt.Sprintf("Batches: %d  Memory Usage: %dkB", max(st.Batches, 1), kb))
	d.detail("Peak Memory Usage", kb, "-")
}

func (d *describer) sort(n *plan.Sort, rel string) {
	d.title("Sort", rel)
	d.passedOutput()
	keys := make([]string, len(n.Keys))
	for i, k := range n.Keys {
		keys[i] = d.x.outer(n.Child.Common(), k.Slot, d.x.Plan.Qualify || d.x.Options.Verbose)
		if k.Desc {
			keys[i] += " DESC"
		}
		if k.NullsFirst != k.Desc {
			keys[i] += map[bool]string{true: " NULLS FIRST", false: " NULLS LAST"}[k.NullsFirst]
		}
	}
	d.detail("Sort Key", keys, "")
	if st := d.s.stats; st != nil && st.SortMethod != "" {
		kind, kb := "Memory", (st.SortBytes+1023)/1024
		if strings.HasPrefix(st.SortMethod, "external") {
			kind = "Disk"
		}
		d.detail("Sort Method", st.SortMethod, fmt.Sprintf("Sort Method: %s  %s: %dkB", st.SortMethod, kind, kb))
		d.detail("Sort Space Used", kb, "-")
		d.detail("Sort Space Type", kind, "-")
	}
}

func (d *describer) aggregate(n *plan.Aggregate, rel string) {
	name := map[plan.Strategy]string{plan.Plain: "Aggregate", plan.Sorted: "GroupAggregate", plan.Hashed: "HashAggregate"}[n.Strategy]
	d.title("Aggregate", rel)
	d.prop("Strategy", map[plan.Strategy]string{plan.Plain: "Plain", plan.Sorted: "Sorted", plan.Hashed: "Hashed"}[n.Strategy])
	d.prop("Partial Mode", "Simple")
	d.s.title = name
	d.output()
	if len(n.Keys) > 0 {
		var keys []string
		for _, k := range n.Keys {
			if k.Dependent {
				continue
			}
			key := d.deparse(k.Show)
			if _, ok := k.Show.(*expr.ColumnRef); !ok && n.Strategy == plan.Sorted {
				key = "(" + key + ")"
			}
			keys = append(keys, key)
		}
		d.detail("Group Key", keys, "")
	}
	if n.HavingShow != nil {
		d.detail("Filter", d.deparse(n.HavingShow), "")
	}
	if st := d.s.stats; st != nil && n.Strategy == plan.Hashed && d.x.Options.Analyze {
		kb := (st.HashBytes + 1023) / 1024
		text := fmt.Sprintf("Batches: %d  Memory Usage: %dkB", max(st.Batches, 1), kb)
		if st.SortBytes > 0 {
			text += fmt.Sprintf("  Disk Usage: %dkB", (st.SortBytes+1023)/1024)
		}
		d.detail("HashAgg Batches", max(st.Batches, 1), text)
		d.detail("Peak Memory Usage", kb, "-")
	}
	if n.HavingShow != nil && d.s.stats != nil {
		d.removed("Rows Removed by Filter", d.s.stats.Filtered)
	}
}

func (d *describer) modify(n *plan.ModifyTable, rel string) {
	word := map[plan.Operation]string{plan.OpInsert: "Insert", plan.OpUpdate: "Update", plan.OpDelete: "Delete"}[n.Op]
	d.title("ModifyTable", rel)
	d.prop("Operation", word)
	d.s.title = word + " " + d.on(n.Table.Schema, n.Table.Name, n.Alias)
	d.output()
	if c := n.Conflict; c != nil {
		d.conflict(n, c)
	}
}

// conflict prints an ON CONFLICT.
func (d *describer) conflict(n *plan.ModifyTable, c *plan.OnConflict) {
	resolution := "NOTHING"
	if c.Set != nil {
		resolution = "UPDATE"
	}
	d.detail("Conflict Resolution", resolution, "Conflict Resolution: "+resolution)
	if c.Inferred {
		var names []string
		for _, x := range c.Arbiters {
			names = append(names, expr.QuoteIdent(x.Name))
		}
		d.detail("Conflict Arbiter Indexes", names, "Conflict Arbiter Indexes: "+strings.Join(names, ", "))
	}
	if c.Where != nil {
		text := expr.Deparse(c.Where.Expr, func(r *expr.ColumnRef) string {
			if r.Index >= len(n.Table.Columns) {
				return "excluded." + expr.QuoteIdent(r.Name)
			}
			return expr.QuoteIdent(n.Alias) + "." + expr.QuoteIdent(r.Name)
		})
		d.detail("Conflict Filter", text, "Conflict Filter: "+text)
	}
}
