package plan

import (
	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// Node is one step of a physical plan. By PL1 it is never changed once made; what an execution needs lives in the
// operators that exec builds from it.
//
// A node computes rows in two steps: its own input row (the table row, the groups, the joined pair), then, unless
// Output is nil, one expression for each output column over that row.
type Node interface {
	// Common is what every node has.
	Common() *Base
	// Children are the inputs, outer first.
	Children() []Node
}

// Base is what every node has.
type Base struct {
	Cost  Cost
	Rows  float64 // estimated
	Width int     // estimated bytes of an output row
	// Output computes the output row from the node's input row; nil passes the input row on.
	Output []*Scalar
	// Types are those of the output row.
	Types []datum.OID
	// Show has, for each output column, the expression it stands for in terms of the relations of Rels: what EXPLAIN prints.
	Show []expr.Expr
	Rels []*Rel
}

// Common returns b itself.
func (b *Base) Common() *Base { return b }

// Result computes one row without a table, or passes on the child's rows, if a condition that depends on neither holds.
type Result struct {
	Base
	Child   Node    // may be nil
	OneTime *Scalar // may be nil
}

// SeqScan reads every row of a table. Its input row has one slot for each column of the table, then the row's TID.
type SeqScan struct {
	Base
	Table  *Table
	Alias  string
	Need   []int // columns that are decoded, ascending
	Filter *Scalar
}

// IndexCond is one condition that an index answers: column Operator argument. Arg is free of columns.
type IndexCond struct {
	Column   int    // position in the index
	Strategy string // as am.ScanKey
	Arg      *Scalar
	Type     datum.OID // of Arg
}

// IndexScan reads an ordered index and fetches the rows it finds in the index's order.
type IndexScan struct {
	Base
	Table     *Table
	Alias     string
	Index     *Index
	Conds     []IndexCond
	CondExpr  *Scalar // the same conditions over the table row, for rechecks; nil without conditions
	Direction am.Direction
	Need      []int
	Filter    *Scalar
}

// BitmapHeapScan fetches the rows of a bitmap in block order.
type BitmapHeapScan struct {
	Base
	Table   *Table
	Alias   string
	Child   *BitmapIndexScan
	Need    []int
	Recheck *Scalar
	Filter  *Scalar
}

// BitmapIndexScan collects the places an index finds.
type BitmapIndexScan struct {
	Base
	Table    *Table
	Alias    string
	Index    *Index
	Conds    []IndexCond
	CondExpr *Scalar
}

// FunctionScan reads the rows of a set-returning function.
type FunctionScan struct {
	Base
	Alias string
	Name  string
	Call  expr.Expr // for EXPLAIN
	// Set makes the rows from Args. If it is nil there is one row: the value of Args[0].
	Set    *expr.Function
	Args   []*Scalar
	Filter *Scalar
}

// ValuesScan reads the rows of a VALUES list.
type ValuesScan struct {
	Base
	Alias  string
	Name   string
	Lists  [][]*Scalar
	Filter *Scalar
}

// ViewScan reads the rows of a system view, which the session makes when the scan starts.
type ViewScan struct {
	Base
	View   *View
	Alias  string
	Filter *Scalar
}

// SubqueryScan filters and renames the rows of a plan.
type SubqueryScan struct {
	Base
	Alias  string
	Child  Node
	Filter *Scalar
}

// SortKey is one column to sort by: a slot of the input row.
type SortKey struct {
	Slot       int
	Type       datum.OID
	Desc       bool
	NullsFirst bool
}

// Sort orders its input. Bound, when not nil, says that only so many first rows are wanted.
type Sort struct {
	Base
	Child Node
	Keys  []SortKey
	Bound *Scalar
	Skip  *Scalar // OFFSET that goes with Bound
}

// Limit passes on Count rows after Offset ones; nil means all and none.
type Limit struct {
	Base
	Child         Node
	Count, Offset *Scalar
}

// Strategy is how an Aggregate forms its groups.
type Strategy uint8

// The strategies: one group; groups that arrive sorted; groups kept in a hash table.
const (
	Plain Strategy = iota
	Sorted
	Hashed
)

// Aggregate forms groups over its input. Its own row is the group keys followed by the aggregates' results; Having is over
// that row.
type Aggregate struct {
	Base
	Child    Node
	Strategy Strategy
	Keys     []GroupKey
	Aggs     []*expr.AggCall // over the input row
	Having   *Scalar
	// HavingShow is Having in terms of the relations.
	HavingShow expr.Expr
}

// GroupKey is one expression to group by, over the input row.
type GroupKey struct {
	*Scalar
	Type datum.OID
	Show expr.Expr
}

// Operation is what a ModifyTable does.
type Operation uint8

// The operations.
const (
	OpInsert Operation = iota + 1
	OpUpdate
	OpDelete
)

// ModifyTable changes one table by the rows of its input.
//
// For an insert the input row is the new row. For an update and a delete it is the table row with its TID, as a scan
// gives it; Set computes the new row from it, and Quals is the whole condition, for rows that changed meanwhile.
type ModifyTable struct {
	Base
	Op    Operation
	Table *Table
	Alias string
	Child Node
	Set   []*Scalar // one for each column of the table, in order; nil = column unchanged
	// Conflict says what an insert does about rows whose key is there; nil is an error.
	Conflict *OnConflict
	// Checks must not be false for a new row.
	Checks []Check
	Quals  *Scalar
	// Returning computes the output row from the new row, or the old one for a delete. Nil means no output.
	Returning []*Scalar
}

func (n *Result) Children() []Node          { return one(n.Child) }
func (n *SeqScan) Children() []Node         { return nil }
func (n *IndexScan) Children() []Node       { return nil }
func (n *BitmapHeapScan) Children() []Node  { return one(n.Child) }
func (n *BitmapIndexScan) Children() []Node { return nil }
func (n *FunctionScan) Children() []Node    { return nil }
func (n *ValuesScan) Children() []Node      { return nil }
func (n *ViewScan) Children() []Node        { return nil }
func (n *SubqueryScan) Children() []Node    { return one(n.Child) }
func (n *Sort) Children() []Node            { return one(n.Child) }
func (n *Limit) Children() []Node           { return one(n.Child) }
func (n *Aggregate) Children() []Node       { return one(n.Child) }
func (n *ModifyTable) Children() []Node     { return one(n.Child) }

func one(n Node) []Node {
	if n == nil {
		return nil
	}
	return []Node{n}
}
