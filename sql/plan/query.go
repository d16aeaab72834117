package plan

import (
	"slices"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/sql/expr"
)

// Command is the kind of an analysed statement.
type Command uint8

// The commands.
const (
	Select Command = iota + 1
	Insert
	Update
	Delete
)

// Query is an analysed statement: names resolved, types known, nothing decided about how to run it.
//
// Columns are expr.ColumnRefs whose Rel is a position in Rels and whose Index is the column's position in that relation.
// All queries of a statement share one range table, so that a column means the same at every depth; the relations that are the query's
// own are the leaves of From. Aggregates are still in place, and subqueries in expressions are expr.SubLinks.
type Query struct {
	Command Command
	Rels    []*Rel
	// Known is the size of the range table when the whole statement was analysed: planning numbers relations of its own from there.
	Known int
	// From is the join tree; several items are a cross product. Where is over all of them.
	From  []FromItem
	Where expr.Expr
	// Free are the columns that the query takes from outside: those of the queries round it, or of earlier items of a FROM list.
	Free []*expr.ColumnRef

	Targets  []Target
	GroupBy  []expr.Expr
	Having   expr.Expr
	HasAggs  bool
	Distinct bool
	// DistinctOn keeps the first row for each combination of the first DistinctOn items of OrderBy; 0 if that is not wanted.
	DistinctOn int
	OrderBy    []OrderItem
	Limit      expr.Expr
	Offset     expr.Expr
	// Ties says that rows which ORDER BY puts level with the last one of Limit belong to the answer.
	Ties  bool
	Locks []RowLock

	// Table is the target of a modification. For an update or delete it is relation 0 of Rels as well.
	Table *Table
	Alias string // of the target, for EXPLAIN
	// Set has one expression for each column of Table. Of an insert it computes the new row from the query's relations; of an update
	// nil leaves a column alone.
	Set []expr.Expr
	// Conflict is the ON CONFLICT of an insert, or nil.
	Conflict  *ConflictClause
	Returning []Target // over relation 0, which for an insert is the new row
	Params    []datum.OID
}

// Target is one output column.
type Target struct {
	Expr expr.Expr
	Name string
	// Junk columns are sorted by and not shown.
	Junk bool
}

// OrderItem sorts by one of the targets.
type OrderItem struct {
	Target int
	ordkey.Order
}

// RowLock is FOR UPDATE and its kin for one relation.
type RowLock struct {
	Rel  int
	Mode LockMode
	Wait LockWait
}

// LockMode is the strength of a row lock, weakest first.
type LockMode uint8

// The strengths.
const (
	ForKeyShare LockMode = iota + 1
	ForShare
	ForNoKeyUpdate
	ForUpdate
)

// LockWait says what happens when somebody else holds the row.
type LockWait uint8

// The ways to wait.
const (
	LockBlock LockWait = iota
	LockSkip
	LockNoWait
)

// FromItem is a node of the join tree.
type FromItem interface{ fromItem() }

// RelItem is a leaf of the join tree: a position in Query.Rels.
type RelItem struct{ Rel int }

// JoinKind is the kind of a join.
type JoinKind uint8

// The kinds of joins. Semi joins pass the rows of the left side that have a partner, anti joins those that have none.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
	SemiJoin
	AntiJoin
)

// JoinItem joins two items; On is nil for a cross product.
type JoinItem struct {
	Kind        JoinKind
	Left, Right FromItem
	On          expr.Expr
}

func (RelItem) fromItem()   {}
func (*JoinItem) fromItem() {}

// RelKind says where a relation's rows come from.
type RelKind uint8

// The kinds.
const (
	RelTable RelKind = iota + 1
	RelFunction
	RelValues
	RelSubquery
	RelSetOp
	// RelProjectSet is a query, Subquery, to whose rows the set-returning calls of Call add columns. The calls read its columns.
	RelProjectSet
)

// SetOp is a set operation.
type SetOp uint8

// The set operations. All of them keep duplicates as SQL says for ALL; without it the query above removes them.
const (
	UnionOp SetOp = iota + 1
	IntersectOp
	ExceptOp
)

// Rel is one relation of the range table.
type Rel struct {
	Kind    RelKind
	Alias   string // how columns are qualified
	Columns []RelColumn
	// Name is what EXPLAIN calls it when that is not the alias.
	Name     string
	Table    *Table
	Call     expr.Expr
	Values   [][]expr.Expr
	Subquery *Query
	// Arms are the queries of a set operation; All says that it keeps duplicates.
	Op   SetOp
	All  bool
	Arms []*Query
	// Outer are, for a subquery or a set operation, the values of the columns that Free names in it.
	Free  []*expr.ColumnRef
	Outer []expr.Expr
}

// RelColumn is one column of a Rel. Without a name it is one that was dropped: nothing refers to it, and * leaves it out.
type RelColumn struct {
	Name string
	Type datum.Type
}

// Visible is the number of targets that are shown. They come first.
func (q *Query) Visible() int {
	n := 0
	for i := range q.Targets {
		if !q.Targets[i].Junk {
			n++
		}
	}
	return n
}

// leaves calls visit for every relation of a join tree, left to right.
func leaves(item FromItem, visit func(rel int)) {
	switch n := item.(type) {
	case RelItem:
		visit(n.Rel)
	case *JoinItem:
		leaves(n.Left, visit)
		leaves(n.Right, visit)
	case *listItem:
		for _, x := range n.items {
			leaves(x, visit)
		}
	}
}

// own lists the query's own relations.
func (q *Query) own() []int {
	var out []int
	for _, item := range q.From {
		leaves(item, func(rel int) { out = append(out, rel) })
	}
	return out
}

// only is the one relation of a query over one, nil for any other.
func (q *Query) only() *Rel {
	if len(q.From) == 1 {
		if item, ok := q.From[0].(RelItem); ok {
			return q.Rels[item.Rel]
		}
	}
	return nil
}

// each calls visit with every expression of the query, those of its relations included.
func (q *Query) each(visit func(expr.Expr)) {
	var join func(item FromItem)
	join = func(item FromItem) {
		switch n := item.(type) {
		case RelItem:
			r := q.Rels[n.Rel]
			if r.Call != nil {
				visit(r.Call)
			}
			for _, row := range r.Values {
				for _, e := range row {
					visit(e)
				}
			}
			for _, e := range r.Outer {
				visit(e)
			}
		case *JoinItem:
			join(n.Left)
			join(n.Right)
			if n.On != nil {
				visit(n.On)
			}
		case *listItem:
			for _, x := range n.items {
				join(x)
			}
			if n.where != nil {
				visit(n.where)
			}
		}
	}
	for _, item := range q.From {
		join(item)
	}
	for _, t := range q.Targets {
		visit(t.Expr)
	}
	for _, e := range q.GroupBy {
		visit(e)
	}
	for _, e := range []expr.Expr{q.Where, q.Having, q.Limit, q.Offset} {
		if e != nil {
			visit(e)
		}
	}
}

// findFree fills Free: every column that is not of a relation of the query's own.
func (q *Query) findFree() {
	own := q.own()
	q.each(func(e expr.Expr) {
		expr.Columns(e, func(c *expr.ColumnRef) {
			same := func(f *expr.ColumnRef) bool { return f.Rel == c.Rel && f.Index == c.Index }
			if !slices.Contains(own, c.Rel) && !slices.ContainsFunc(q.Free, same) {
				q.Free = append(q.Free, c)
			}
		})
	})
}

// outer returns the free columns as expressions of the query round this one.
func (q *Query) outer() []expr.Expr {
	out := make([]expr.Expr, len(q.Free))
	for i, c := range q.Free {
		out[i] = c
	}
	return out
}

// volatile reports whether the query calls a volatile function.
func (q *Query) volatile() bool {
	found := false
	q.each(func(e expr.Expr) { found = found || expr.MaxVolatility(e) == expr.Volatile })
	for _, rel := range q.own() {
		r := q.Rels[rel]
		found = found || r.Subquery != nil && r.Subquery.volatile() || slices.ContainsFunc(r.Arms, (*Query).volatile)
	}
	return found
}

// mapped returns a copy of the query in which change has replaced every expression.
func (q *Query) mapped(change func(expr.Expr) (expr.Expr, error)) (*Query, error) {
	c := *q
	var err error
	do := func(e expr.Expr) expr.Expr {
		if e == nil || err != nil {
			return e
		}
		var out expr.Expr
		out, err = change(e)
		return out
	}
	list := func(in []expr.Expr) []expr.Expr {
		if in == nil {
			return nil
		}
		out := make([]expr.Expr, len(in))
		for i, e := range in {
			out[i] = do(e)
		}
		return out
	}
	c.Rels = slices.Clone(q.Rels)
	var join func(item FromItem) FromItem
	join = func(item FromItem) FromItem {
		switch n := item.(type) {
		case RelItem:
			r := *q.Rels[n.Rel]
			r.Call, r.Outer = do(r.Call), list(r.Outer)
			if r.Values != nil {
				rows := make([][]expr.Expr, len(r.Values))
				for i, row := range r.Values {
					rows[i] = list(row)
				}
				r.Values = rows
			}
			c.Rels[n.Rel] = &r
		case *JoinItem:
			return &JoinItem{n.Kind, join(n.Left), join(n.Right), do(n.On)}
		case *listItem:
			out := &listItem{where: do(n.where)}
			for _, x := range n.items {
				out.items = append(out.items, join(x))
			}
			return out
		}
		return item
	}
	c.From = make([]FromItem, len(q.From))
	for i, item := range q.From {
		c.From[i] = join(item)
	}
	c.Targets = slices.Clone(q.Targets)
	for i := range c.Targets {
		c.Targets[i].Expr = do(c.Targets[i].Expr)
	}
	c.GroupBy, c.Where, c.Having, c.Limit, c.Offset = list(q.GroupBy), do(q.Where), do(q.Having), do(q.Limit), do(q.Offset)
	c.Set = list(q.Set)
	c.Returning = slices.Clone(q.Returning)
	for i := range c.Returning {
		c.Returning[i].Expr = do(c.Returning[i].Expr)
	}
	return &c, err
}

// bound is the query with the values of its free columns in place.
func (q *Query) bound(free []*expr.ColumnRef, values []expr.Expr) (*Query, error) {
	if len(free) == 0 {
		return q, nil
	}
	return q.mapped(func(e expr.Expr) (expr.Expr, error) {
		return expr.RewriteTop(e, func(n expr.Expr) (expr.Expr, error) {
			if c, ok := n.(*expr.ColumnRef); ok {
				for i, f := range free {
					if f.Rel == c.Rel && f.Index == c.Index {
						return values[i], nil
					}
				}
			}
			return nil, nil
		})
	})
}
