package expr

import "github.com/quiredb/quire/core/datum"

// SubKind is what an expression makes of a subquery's rows.
type SubKind uint8

// The kinds.
const (
	SubExists SubKind = iota // is there a row
	SubScalar                // the only column of the only row, null without one
	SubArray                 // the only column of all rows
	SubAny                   // does Test hold for some row
	SubAll                   // does Test hold for all rows
)

// SubLink is a subquery in an expression as it was analysed. The planner replaces it by a join or by a SubPlan.
type SubLink struct {
	Kind SubKind
	// Test compares with a row of the subquery, whose columns are SubColumns; nil unless the kind is SubAny or SubAll.
	Test Expr
	// Outer are the columns that the subquery takes from the queries round it. They are children of the node, so that whatever is done
	// to the columns of an expression is done to them; how the subquery names them stands in Query.
	Outer []Expr
	// Query is the planner's.
	Query any
	// Volatile says that the subquery calls a volatile function.
	Volatile bool
	T        datum.Type
}

// SubColumn is a column of the subquery's row in the Test of a SubLink or SubPlan.
type SubColumn struct {
	Index int
	T     datum.Type
	Name  string
}

// SubPlan is a subquery in an expression that has been planned. Evaluating it stores the values of Args in the execution parameters
// Slots and asks the executor.
type SubPlan struct {
	Kind  SubKind
	Test  Expr
	Args  []Expr
	Slots []int
	// ID is the place of the plan among the subplans of the statement.
	ID int
	// Init subqueries depend on nothing and are run once.
	Init bool
	// Keys and Columns are set for a SubAny that looks its row up in a hash table: Test says that each of Keys equals the one of
	// Columns, which are expressions over SubColumns.
	Keys, Columns []Expr
	Volatile      bool
	// Label is how EXPLAIN names it.
	Label string
	// Startup and PerCall are the planner's costs.
	Startup, PerCall float64
	T                datum.Type
}

// ExecParam is a value that one part of a plan hands to another: a column of the outer row of a nested loop or of the query round a
// subquery.
type ExecParam struct {
	Slot int
	T    datum.Type
	// Label is how EXPLAIN names it.
	Label string
}

// SubCall is what the executor gets to evaluate a SubPlan.
type SubCall struct {
	*SubPlan
	Compare   Eval   // Test, nil without one
	KeyEvals  []Eval // over the row at hand
	ColEvals  []Eval // over a row of the subquery
	HashTypes []datum.OID
}

// SubRunner evaluates subqueries; the executor is one.
type SubRunner interface {
	Subquery(call *SubCall, row []Datum) (Datum, error)
}

func (e *SubLink) Type() datum.Type   { return e.T }
func (e *SubColumn) Type() datum.Type { return e.T }
func (e *SubPlan) Type() datum.Type   { return e.T }
func (e *ExecParam) Type() datum.Type { return e.T }

func (e *SubLink) children() []Expr {
	if e.Test == nil {
		return e.Outer
	}
	return append([]Expr{e.Test}, e.Outer...)
}

func (e *SubLink) with(c []Expr) Expr {
	n := *e
	if e.Test != nil {
		n.Test, c = c[0], c[1:]
	}
	n.Outer = c
	return &n
}

func (e *SubPlan) children() []Expr {
	var out []Expr
	if e.Test != nil {
		out = append(out, e.Test)
	}
	out = append(out, e.Args...)
	return append(out, e.Keys...)
}

func (e *SubPlan) with(c []Expr) Expr {
	n := *e
	if e.Test != nil {
		n.Test, c = c[0], c[1:]
	}
	n.Args, n.Keys = c[:len(e.Args):len(e.Args)], c[len(e.Args):]
	return &n
}

func (*SubColumn) children() []Expr   { return nil }
func (*ExecParam) children() []Expr   { return nil }
func (e *SubColumn) with([]Expr) Expr { return e }
func (e *ExecParam) with([]Expr) Expr { return e }

// HasSubLinks reports whether the tree holds a subquery.
func HasSubLinks(e Expr) bool {
	return Contains(e, func(n Expr) bool {
		switch n.(type) {
		case *SubLink, *SubPlan:
			return true
		}
		return false
	})
}

func compileSubPlan(e *SubPlan) Eval {
	call := &SubCall{SubPlan: e, KeyEvals: CompileAll(e.Keys), ColEvals: CompileAll(e.Columns)}
	if e.Test != nil {
		call.Compare = Compile(e.Test)
	}
	for _, c := range e.Columns {
		call.HashTypes = append(call.HashTypes, c.Type().OID)
	}
	args, slots := CompileAll(e.Args), e.Slots
	return func(ctx *EvalCtx, row []Datum) (Datum, error) {
		for i, arg := range args {
			d, err := arg(ctx, row)
			if err != nil {
				return d, err
			}
			ctx.Exec[slots[i]] = d
		}
		return ctx.Sub.Subquery(call, row)
	}
}

// WithSubRow evaluates a Test with row as the subquery's row.
func (c *EvalCtx) WithSubRow(test Eval, row, sub []Datum) (Datum, error) {
	saved := c.subRow
	c.subRow = sub
	d, err := test(c, row)
	c.subRow = saved
	return d, err
}
