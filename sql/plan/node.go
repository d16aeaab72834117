package plan

import (
	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/ordkey"
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
	Type     datum.OID // of the column
	// List are the values of am.AnyEqual, unless Arg is an array of Element.
	List    []*Scalar
	Element datum.OID
	// Narrow says that the values are integers that may not fit the column.
	Narrow bool
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
	// Limit is how many rows will probably be wanted, 0 for all.
	Limit int64
	// Returns, if not nil, are the places in the index of the columns that are read: then the index is enough, and the heap is asked only
	// about rows on pages that are not all visible.
	Returns []int
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
	// Ordinality adds a column that counts the rows.
	Ordinality bool
	// Sets make the columns in step; one that has come to its end goes on with nulls.
	Sets   []SetCall
	Filter *Scalar
}

// SetCall makes values from Args. If Fn is nil there is one: the value of Args[0].
type SetCall struct {
	Fn   *expr.Function
	Args []*Scalar
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

// ProjectSet runs set-returning calls over each row of its child, in step. Its input row is the child's row, then a column for each call.
type ProjectSet struct {
	Base
	Rel   int // in the range table: the input row
	Child Node
	Sets  []SetCall
	Calls []expr.Expr // for EXPLAIN
}

// SubqueryScan filters and renames the rows of a plan.
type SubqueryScan struct {
	Base
	Rel    int // in the range table
	Alias  string
	Child  Node
	Filter *Scalar
}

// Trivial reports whether the scan passes on the rows of its child as they are.
func (n *SubqueryScan) Trivial() bool {
	if n.Filter != nil || len(n.Types) != len(n.Child.Common().Types) {
		return false
	}
	for i, s := range n.Output {
		if s.Slot != i {
			return false
		}
	}
	return true
}

// Append returns the rows of its arms one after the other.
type Append struct {
	Base
	Rel  int // in the range table
	Arms []Node
}

// SetOperation is INTERSECT or EXCEPT over two arms, by hashing. With All duplicates count.
type SetOperation struct {
	Base
	Rel  int // in the range table
	Op   SetOp
	All  bool
	Arms []Node
}

// Unique keeps the first row of each run of rows with equal keys.
type Unique struct {
	Base
	Child Node
	Keys  []SortKey
}

// Materialize keeps its child's rows for the next time they are asked for. They are read anew when one of the execution parameters Reads
// has changed.
type Materialize struct {
	Base
	Child Node
	Reads []int
}

// NestParam hands a slot of the outer row to the inner side.
type NestParam struct{ Slot, From int }

// NestedLoop runs its inner side once for each outer row. Its input row is the outer row followed by the inner one.
type NestedLoop struct {
	Base
	Kind         JoinKind
	Outer, Inner Node
	Params       []NestParam
	// Join decides whether two rows are partners, Filter whether a joined row passes.
	Join, Filter *Scalar
}

// HashJoin looks the partners of each outer row up in a hash table of the inner rows. Its input row is as NestedLoop's.
type HashJoin struct {
	Base
	Kind         JoinKind
	Outer        Node
	Inner        *Hash
	Keys         []HashKey
	Join, Filter *Scalar
	// Cond is the conjunction of the equalities, for EXPLAIN.
	Cond *Scalar
}

// HashKey is one equality: Outer over the outer row, Inner over the inner one.
type HashKey struct {
	Outer, Inner         *Scalar
	OuterType, InnerType datum.OID
	Compare              func(a, b datum.Datum) int
}

// Hash is the inner side of a HashJoin. Its table serves again until one of the execution parameters Reads changes.
type Hash struct {
	Base
	Child Node
	Reads []int
}

// LockRows locks the rows that its child's rows come from. Its input row is the child's: first the output columns, then what they are
// computed from.
type LockRows struct {
	Base
	Child Node
	Locks []LockedRel
	// Quals is the whole condition over the input row, for rows that changed meanwhile; Targets computes the output columns again.
	Quals   *Scalar
	Targets []*Scalar
}

// LockedRel is one relation whose rows are locked.
type LockedRel struct {
	Table *Table
	Mode  LockMode
	Wait  LockWait
	// TID is the slot of the row's place, Columns those of the table's columns, -1 for one that is not there.
	TID     int
	Columns []int
}

// SortKey is one column to sort by: a slot of the input row.
type SortKey struct {
	Slot int
	Type datum.OID
	ordkey.Order
}

// Sort orders its input. Bound, when not nil, says that only so many first rows are wanted.
type Sort struct {
	Base
	Child Node
	Keys  []SortKey
	Bound *Scalar
	Skip  *Scalar // OFFSET that goes with Bound
}

// Limit passes on Count rows after Offset ones; nil means all and none. With Ties rows that are equal to the last of them by these keys follow.
type Limit struct {
	Base
	Child         Node
	Count, Offset *Scalar
	Ties          []SortKey
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
	// Dependent says that the other keys decide the value.
	Dependent bool
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
// gives it, and behind that come columns of the relations that it is joined with; Set computes the new row from it, and Quals is the whole
// condition, for rows that changed meanwhile.
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
	// Returning computes the output row from the new row, or the old one for a delete, with the rest of the input row behind. Nil means
	// no output.
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
func (n *ProjectSet) Children() []Node      { return one(n.Child) }
func (n *SubqueryScan) Children() []Node    { return one(n.Child) }
func (n *Sort) Children() []Node            { return one(n.Child) }
func (n *Limit) Children() []Node           { return one(n.Child) }
func (n *Aggregate) Children() []Node       { return one(n.Child) }
func (n *ModifyTable) Children() []Node     { return one(n.Child) }
func (n *Append) Children() []Node          { return n.Arms }
func (n *SetOperation) Children() []Node    { return n.Arms }
func (n *Unique) Children() []Node          { return one(n.Child) }
func (n *Materialize) Children() []Node     { return one(n.Child) }
func (n *NestedLoop) Children() []Node      { return []Node{n.Outer, n.Inner} }
func (n *HashJoin) Children() []Node        { return []Node{n.Outer, n.Inner} }
func (n *Hash) Children() []Node            { return one(n.Child) }
func (n *LockRows) Children() []Node        { return one(n.Child) }

func one(n Node) []Node {
	if n == nil {
		return nil
	}
	return []Node{n}
}
