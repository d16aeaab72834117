// Package expr is SQL's scalar language: typed expression trees, the rules by which names and types select functions,
// operators and casts, and the evaluation of a tree over a row.
//
// The way through the package:
//
//	b := expr.Builder{Registry: expr.NewRegistry(), Env: env, Params: &expr.Params{}}
//	e, err := b.Op("+", &expr.ColumnRef{Index: 0, T: datum.Type{OID: datum.Int4}}, b.Literal("1", pos))
//	e = b.Simplify(e, nil)                     // constants folded, NOT pushed down
//	eval := expr.Compile(e)                   // once per execution plan
//	d, err := eval(ctx, row)                  // once per row
//
// A planner walks its statement bottom up and calls the Builder's methods; each returns a typed node or a *pgerr.Error in
// PostgreSQL's words, to which the planner adds the position. It reads the nodes (all fields are exported), replaces them
// with Rewrite, asks about them with Walk, IsConstant, MaxVolatility, and prints them with Deparse.
//
// Always true:
//
//	X1. Trees are immutable once built. Rewrite copies the path to what it changes; a compiled tree may be shared by goroutines,
//	    because everything that varies is in the EvalCtx, which belongs to one goroutine.
//	X2. After Builder.Resolve no node has type unknown, except literals that are arguments of type "any", and a parameter that
//	    nothing gave a type to, which is an error (42P18) when Params.Check runs.
//	X3. The arguments of a call have exactly the types its function declares: every coercion is a Cast node.
//	X4. A strict function is never called with a null.
//	X5. Evaluating never panics on any data, and does not change its row.
//
// The package imports the types and errors below it only; neither the parser nor the planner. There are no locks: a Registry is
// filled before it is shared and read only afterwards.
package expr
