package plan

import (
	"slices"

	"github.com/quiredb/quire/sql/expr"
)

// determined reports whether a column of a table is the same in all rows of a group: the table's primary key is among the keys
// (check_functional_grouping).
func (q *Query) determined(c *expr.ColumnRef, keys []expr.Expr) bool {
	if c.Rel < 0 || c.Rel >= len(q.Rels) {
		return false
	}
	r := q.Rels[c.Rel]
	if r.Kind != RelTable || c.Index >= len(r.Table.Columns) {
		return false
	}
	return slices.ContainsFunc(r.Table.Indexes, func(x *Index) bool {
		return x.Primary && x.Constraint && !slices.ContainsFunc(x.Attrs, func(attr int) bool { return !grouped(keys, c.Rel, attr) })
	})
}

// grouped reports whether a column is one of the keys.
func grouped(keys []expr.Expr, rel, attr int) bool {
	return slices.ContainsFunc(keys, func(k expr.Expr) bool {
		c, ok := k.(*expr.ColumnRef)
		return ok && c.Rel == rel && c.Index == attr
	})
}

// dependents divides what a group's row holds into the keys that make the groups and the columns that follow from them: keys that a primary
// key among the others makes useless (remove_useless_groupby_columns), and columns in list that are not grouped by.
func (q *Query) dependents(keys, list []expr.Expr) (needed, dependent []expr.Expr) {
	for _, k := range keys {
		if c, ok := k.(*expr.ColumnRef); ok && q.determined(c, keys) && !q.primary(c) {
			dependent = append(dependent, k)
		} else {
			needed = append(needed, k)
		}
	}
	for _, e := range list {
		if e == nil {
			continue
		}
		expr.Walk(e, func(n expr.Expr) bool {
			if _, ok := n.(*expr.AggRef); ok || slices.ContainsFunc(keys, func(k expr.Expr) bool { return expr.Equal(k, n) }) {
				return false
			}
			if c, ok := n.(*expr.ColumnRef); ok && q.determined(c, keys) && !slices.ContainsFunc(dependent, func(d expr.Expr) bool { return expr.Equal(d, c) }) {
				dependent = append(dependent, c)
			}
			return true
		})
	}
	return needed, dependent
}

// primary reports whether a column is part of its table's primary key.
func (q *Query) primary(c *expr.ColumnRef) bool {
	return slices.ContainsFunc(q.Rels[c.Rel].Table.Indexes, func(x *Index) bool { return x.Primary && slices.Contains(x.Attrs, c.Index) })
}
