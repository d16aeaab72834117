package plan

import (
	"github.com/quiredb/quire/core/datum"
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
// Aggregates are still in place. That form is what the planner (and later subqueries and joins) work on.
type Query struct {
	Command Command
	Rels    []*Rel
	// From is the join tree; several items are a cross product. Where is over all of them.
	From  []FromItem
	Where expr.Expr

	Targets  []Target
	GroupBy  []expr.Expr
	Having   expr.Expr
	HasAggs  bool
	Distinct bool
	OrderBy  []OrderItem
	Limit    expr.Expr
	Offset   expr.Expr

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
	Target     int
	Desc       bool
	NullsFirst bool
}

// FromItem is a node of the join tree.
type FromItem interface{ fromItem() }

// RelItem is a leaf of the join tree: a position in Query.Rels.
type RelItem struct{ Rel int }

func (RelItem) fromItem() {}

// RelKind says where a relation's rows come from.
type RelKind uint8

// The kinds.
const (
	RelTable RelKind = iota + 1
	RelFunction
	RelValues
	RelSubquery
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
