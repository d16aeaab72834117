package plan

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// Scalar is an expression over a node's input row, compiled once for all executions of the plan.
type Scalar struct {
	Expr expr.Expr
	Eval expr.Eval
	// Test is Eval for a condition: null counts as false.
	Test expr.Filter
	// Slot is the place of the input row that the expression copies, -1 if it computes something.
	Slot int
}

func compile(e expr.Expr) *Scalar {
	if e == nil {
		return nil
	}
	s := &Scalar{Expr: e, Eval: expr.Compile(e), Slot: -1}
	if c, ok := e.(*expr.ColumnRef); ok {
		s.Slot = c.Index
	}
	if e.Type().OID == datum.Bool {
		s.Test = expr.CompileFilter(e)
	}
	return s
}

// compileList compiles a conjunction, nil for an empty one.
func compileList(list []expr.Expr) *Scalar {
	if len(list) == 0 {
		return nil
	}
	return compile(expr.Conjunction(list))
}

func compileAll(list []expr.Expr) []*Scalar {
	if list == nil {
		return nil
	}
	out := make([]*Scalar, len(list))
	for i, e := range list {
		out[i] = compile(e)
	}
	return out
}
