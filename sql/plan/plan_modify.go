package plan

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// modify plans INSERT, UPDATE and DELETE.
func (p *planner) modify(q *Query) (Node, error) {
	n := &ModifyTable{Table: q.Table, Alias: q.Alias}
	var err error
	if q.Table.Checks != nil && q.Command != Delete {
		if n.Checks, err = q.Table.Checks(); err != nil {
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
		n.Child, err = p.changedRows(q, n)
	default:
		n.Op = OpDelete
		n.Child, err = p.changedRows(q, n)
	}
	if err != nil {
		return nil, err
	}
	b := n.Child.Common()
	n.Cost, n.Rows = b.Cost, 0
	n.Rels = []*Rel{{Kind: RelTable, Alias: q.Alias, Table: q.Table}}
	if len(q.Returning) > 0 {
		out := p.simplifyAll(q.Returning)
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

// changedRows plans the scan of an UPDATE or DELETE. Its rows are those of the table, whole, with the TID behind.
func (p *planner) changedRows(q *Query, n *ModifyTable) (Node, error) {
	t := q.Table
	if q.Command == Update {
		n.Set = make([]*Scalar, len(q.Set))
		for i, e := range q.Set {
			n.Set[i] = compile(p.simplify(e))
		}
	}
	if q.Where != nil {
		n.Quals = compile(p.simplify(q.Where))
	}
	// The row that comes up is the whole table row with the TID behind it; a delete reads no more of it than RETURNING shows.
	read := make([]bool, len(t.Columns))
	if q.Command == Delete {
		for i := range q.Returning {
			expr.Columns(q.Returning[i].Expr, func(c *expr.ColumnRef) { read[c.Index] = true })
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
	node, _, err := p.source(q, &estimator{rels: q.Rels}, wish{}, out)
	if err != nil {
		return nil, err
	}
	scan := node
	if r, ok := node.(*Result); ok && r.Child != nil {
		scan = r.Child
	}
	switch scan.(type) {
	case *SeqScan, *IndexScan, *BitmapHeapScan:
		scan.Common().Output = nil // the scan's own row is just that
	}
	return node, nil
}
