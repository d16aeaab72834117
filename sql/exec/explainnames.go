package exec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/plan"
)

// below are the expressions that the columns of a relation stand for: one that EXPLAIN does not show.
type below struct {
	show []expr.Expr
	rels []*plan.Rel
}

// see notes the relations below a node that are not shown: scans of subqueries that pass their rows on, and rows with set-returning functions.
func (x *Explained) see(n plan.Node) {
	switch n := n.(type) {
	case *plan.SubqueryScan:
		if b := n.Child.Common(); n.Trivial() {
			x.hidden[n.Rel] = below{b.Show, b.Rels}
		}
	case *plan.Append: // PostgreSQL names the columns of set operations as those of their first arm
		b := n.Arms[0].Common()
		x.hidden[n.Rel] = below{b.Show, b.Rels}
	case *plan.SetOperation:
		b := n.Arms[0].Common()
		x.hidden[n.Rel] = below{b.Show, b.Rels}
	case *plan.ProjectSet:
		b := n.Child.Common()
		x.hidden[n.Rel] = below{slices.Concat(b.Show[:len(b.Types)], n.Calls), b.Rels}
	}
	for _, c := range n.Children() {
		x.see(c)
	}
}

// name prints a column, with its table if qualify is set. What is computed below is in parentheses.
func (x *Explained) name(rels []*plan.Rel, qualify bool) func(*expr.ColumnRef) string {
	return func(c *expr.ColumnRef) string {
		if b, ok := x.hidden[c.Rel]; ok && c.Index < len(b.show) {
			text := expr.Deparse(b.show[c.Index], x.name(b.rels, qualify))
			if _, plain := b.show[c.Index].(*expr.ColumnRef); !plain && !strings.HasPrefix(text, "(") {
				text = "(" + text + ")"
			}
			return text
		}
		if c.Rel >= 0 && c.Rel < len(rels) && rels[c.Rel].Kind == plan.RelValues { // which has names of its own, whatever the query calls it
			column := fmt.Sprintf("column%d", c.Index+1)
			if qualify {
				column = `"*VALUES*".` + column
			}
			return column
		}
		if qualify && c.Rel >= 0 && c.Rel < len(rels) {
			return expr.QuoteIdent(rels[c.Rel].Alias) + "." + expr.QuoteIdent(c.Name)
		}
		return expr.QuoteIdent(c.Name)
	}
}

// deparse prints an expression above the scans, where columns of several tables may meet.
func (d *describer) deparse(e expr.Expr) string {
	return expr.Deparse(e, d.x.name(d.base.Rels, d.x.Plan.Qualify || d.x.Options.Verbose))
}

// outer prints a column of the input: PostgreSQL puts parentheses round what is computed there.
func (x *Explained) outer(b *plan.Base, slot int, qualify bool) string {
	if slot >= len(b.Show) {
		return "?"
	}
	text := expr.Deparse(b.Show[slot], x.name(b.Rels, qualify))
	if _, ok := b.Show[slot].(*expr.ColumnRef); !ok {
		text = "(" + text + ")"
	}
	return text
}
