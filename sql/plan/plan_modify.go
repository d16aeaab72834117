package plan

import (
	"slices"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// modify plans INSERT, UPDATE and DELETE.
func (p *planner) modify(q *Query) (Node, error) {
	n := &ModifyTable{Table: q.Table, Alias: q.Alias}
	var joined []expr.Expr // RETURNING over more than the table's row
	var err error
	if q.Command != Delete {
		if n.Checks, err = p.env.Source.Checks(q.Table); err != nil {
			return nil, err
		}
	}
	switch q.Command {
	case Insert:
		n.Op = OpInsert
		if q.Conflict != nil {
			n.Conflict = p.conflict(q.Conflict)
		}
		n.Child, err = p.insertRows(q)
	case Update:
		n.Op = OpUpdate
		joined, err = p.changedRows(q, n)
	default:
		n.Op = OpDelete
		joined, err = p.changedRows(q, n)
	}
	if err != nil {
		return nil, err
	}
	b := n.Child.Common()
	n.Cost, n.Rows = b.Cost, 0
	n.Rels = []*Rel{{Kind: RelTable, Alias: q.Alias, Table: q.Table}}
	if len(q.From) > 1 && q.Command != Insert {
		n.Rels = q.Rels
	}
	if len(q.Returning) > 0 {
		out := joined
		if out == nil {
			out = p.simplifyAll(q.Returning)
		}
		n.Returning, n.Types, n.Show = compileAll(out), typesOf(out), out
		est := &estimator{rels: n.Rels}
		n.Rows, n.Width = b.Rows, est.widths(out)
	}
	return n, nil
}

// insertRows plans the source of an INSERT so that its rows are those of the table.
func (p *planner) insertRows(q *Query) (Node, error) {
	set := make([]expr.Expr, len(q.Set))
	for i, e := range q.Set {
		set[i] = p.simplify(e)
	}
	if len(q.Rels) == 1 && q.Rels[0].Kind == RelSubquery && !q.Rels[0].Subquery.Distinct {
		return p.insertSelect(q.Rels[0].Subquery, set)
	}
	node, _, err := p.source(q, &estimator{rels: q.Rels}, wish{}, set)
	return node, err
}

// insertSelect lets the query itself compute the table's columns: the casts and defaults go into its target list.
func (p *planner) insertSelect(sub *Query, set []expr.Expr) (Node, error) {
	merged := *sub
	merged.Targets = nil
	for _, e := range set {
		over, err := expr.RewriteTop(e, func(n expr.Expr) (expr.Expr, error) {
			if c, ok := n.(*expr.ColumnRef); ok {
				return sub.Targets[c.Index].Expr, nil
			}
			return nil, nil
		})
		if err != nil {
			return nil, err
		}
		merged.Targets = append(merged.Targets, Target{Expr: over})
	}
	// ORDER BY refers to the query's own targets, which go behind as junk.
	if len(sub.OrderBy) > 0 {
		base := len(merged.Targets)
		for _, t := range sub.Targets {
			merged.Targets = append(merged.Targets, Target{Expr: t.Expr, Junk: true})
		}
		merged.OrderBy = nil
		for _, o := range sub.OrderBy {
			o.Target += base
			merged.OrderBy = append(merged.OrderBy, o)
		}
	}
	return p.query(&merged, -1)
}

// changedRows plans the scan of an UPDATE or DELETE. Its rows are those of the table, whole, with the TID behind, and behind that the columns
// of relations that it is joined with, as far as the new row, RETURNING and the condition read them.
func (p *planner) changedRows(q *Query, n *ModifyTable) (returning []expr.Expr, err error) {
	t := q.Table
	var set []expr.Expr
	for _, e := range q.Set {
		set = append(set, p.simplify(e))
	}
	where := p.simplify(q.Where)
	if len(q.From) > 1 {
		returning = p.simplifyAll(q.Returning)
	}
	// A delete reads no more of the table's row than RETURNING shows.
	read := make([]bool, len(t.Columns))
	if q.Command == Delete {
		for i := range q.Returning {
			expr.Columns(q.Returning[i].Expr, func(c *expr.ColumnRef) {
				if c.Rel == 0 && c.Index < len(read) {
					read[c.Index] = true
				}
			})
		}
	}
	var out []expr.Expr
	for i := range t.Columns {
		if q.Command == Update || read[i] {
			out = append(out, &expr.ColumnRef{Index: i, Attr: i, T: t.Columns[i].Type, Name: t.Columns[i].Name})
		} else {
			out = append(out, &expr.Const{D: datum.NewNull(), T: t.Columns[i].Type})
		}
	}
	out = append(out, tidColumn(0, t))
	j := joinedColumns{own: q.own(), slots: map[[2]int]int{}}
	for _, list := range [][]expr.Expr{set, {where}, returning} {
		for _, e := range list {
			out = j.collect(e, out)
		}
	}
	node, _, err := p.source(q, &estimator{rels: q.Rels}, wish{}, out)
	if err != nil {
		return nil, err
	}
	for _, e := range set {
		n.Set = append(n.Set, compile(j.over(e)))
	}
	if where != nil {
		n.Quals = compile(j.over(where))
	}
	for i, e := range returning {
		returning[i] = j.over(e)
	}
	n.Child = node
	scan := node
	if r, ok := node.(*Result); ok && r.Child != nil {
		scan = r.Child
	}
	switch scan.(type) {
	case *SeqScan, *IndexScan, *BitmapHeapScan:
		scan.Common().Output = nil // the scan's own row is just that
	}
	return returning, j.err
}

// joinedColumns gives the columns of the relations that a changed table is joined with their places behind the table's row.
type joinedColumns struct {
	own   []int
	slots map[[2]int]int
	err   error
}

// collect appends the columns that e reads and out has not.
func (j *joinedColumns) collect(e expr.Expr, out []expr.Expr) []expr.Expr {
	expr.Columns(e, func(c *expr.ColumnRef) {
		key := [2]int{c.Rel, c.Index}
		if _, seen := j.slots[key]; !seen && c.Rel != 0 && slices.Contains(j.own, c.Rel) {
			j.slots[key] = len(out)
			out = append(out, c)
		}
	})
	return out
}

// over expresses e over the row that has those columns.
func (j *joinedColumns) over(e expr.Expr) expr.Expr {
	if len(j.slots) == 0 {
		return e
	}
	moved, err := expr.RewriteTop(e, func(n expr.Expr) (expr.Expr, error) {
		c, ok := n.(*expr.ColumnRef)
		if !ok {
			return nil, nil
		}
		m := *c
		if slot, there := j.slots[[2]int{c.Rel, c.Index}]; there {
			m.Index = slot
		}
		return &m, nil
	})
	if err != nil {
		j.err = err
	}
	return moved
}
