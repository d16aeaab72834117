package expr

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// Eval computes a value from a row.
type Eval func(ctx *EvalCtx, row []Datum) (Datum, error)

// Compile turns a tree into a chain of closures. It panics on nodes that a planner must have replaced: aggregates and
// set-returning calls.
func Compile(e Expr) Eval {
	switch e := e.(type) {
	case *Const:
		d := e.D
		return func(*EvalCtx, []Datum) (Datum, error) { return d, nil }
	case *Param:
		return compileParam(e)
	case *ColumnRef:
		i := e.Index
		return func(_ *EvalCtx, row []Datum) (Datum, error) { return row[i], nil }
	case *Call:
		return compileCall(e.Fn, e.Args)
	case *OpExpr:
		return compileOperator(e)
	case *And:
		return compileAnd(e.Args)
	case *Or:
		return compileOr(e.Args)
	case *Not:
		arg := Compile(e.Arg)
		return func(ctx *EvalCtx, row []Datum) (Datum, error) {
			d, err := arg(ctx, row)
			if err != nil || d.Null {
				return d, err
			}
			return datum.NewBool(d.I == 0), nil
		}
	case *IsNull:
		arg, negated := Compile(e.Arg), e.Negated
		return func(ctx *EvalCtx, row []Datum) (Datum, error) {
			d, err := arg(ctx, row)
			return datum.NewBool(d.Null != negated), err
		}
	case *BooleanTest:
		return compileTest(e)
	case *Case:
		return compileCase(e)
	case *CaseTest:
		return func(ctx *EvalCtx, _ []Datum) (Datum, error) { return ctx.caseVals[len(ctx.caseVals)-1], nil }
	case *ScalarArray:
		return compileScalarArray(e)
	case *Coalesce:
		return compileCoalesce(e)
	case *NullIf:
		return compileNullIf(e)
	case *MinMax:
		return compileMinMax(e)
	case *Distinct:
		return compileDistinct(e)
	case *Cast:
		return compileCast(e)
	case *ExecParam:
		slot := e.Slot
		return func(ctx *EvalCtx, _ []Datum) (Datum, error) { return ctx.Exec[slot], nil }
	case *SubPlan:
		return compileSubPlan(e)
	case *SubColumn:
		i := e.Index
		return func(ctx *EvalCtx, _ []Datum) (Datum, error) { return ctx.subRow[i], nil }
	}
	panic("expr: this node has no value of its own: " + Deparse(e, nil))
}

// CompileAll compiles a list.
func CompileAll(list []Expr) []Eval {
	out := make([]Eval, len(list))
	for i, e := range list {
		out[i] = Compile(e)
	}
	return out
}

func compileParam(e *Param) Eval {
	i := e.Index
	return func(ctx *EvalCtx, _ []Datum) (Datum, error) {
		if i >= len(ctx.Params) {
			return Datum{}, pgerr.New(pgerr.UndefinedParameter, "no value found for parameter %d", i+1)
		}
		return ctx.Params[i], nil
	}
}

func compileCall(fn *Function, args []Expr) Eval {
	if fn.Set != nil {
		panic("expr: set-returning function " + fn.Name + " has no single value")
	}
	evals := CompileAll(args)
	switch {
	case fn.Eval0 != nil:
		f := fn.Eval0
		return func(ctx *EvalCtx, _ []Datum) (Datum, error) { return f(ctx) }
	case fn.Eval1 != nil:
		return compileCall1(fn, evals[0])
	case fn.Eval2 != nil:
		return compileCall2(fn, evals[0], evals[1])
	}
	f := fn.Eval
	if fn.Bind != nil {
		types := make([]datum.Type, len(args))
		for i, a := range args {
			types[i] = a.Type()
		}
		f = fn.Bind(types)
	}
	strict := fn.Strict
	return func(ctx *EvalCtx, row []Datum) (Datum, error) {
		base := len(ctx.stack)
		for _, arg := range evals {
			d, err := arg(ctx, row)
			if err != nil || d.Null && strict {
				ctx.stack = ctx.stack[:base]
				return Datum{Null: true}, err // by X4
			}
			ctx.stack = append(ctx.stack, d)
		}
		d, err := f(ctx, ctx.stack[base:])
		clear(ctx.stack[base:])
		ctx.stack = ctx.stack[:base]
		return d, err
	}
}

func compileCall1(fn *Function, arg Eval) Eval {
	f, strict := fn.Eval1, fn.Strict
	return func(ctx *EvalCtx, row []Datum) (Datum, error) {
		d, err := arg(ctx, row)
		if err != nil || d.Null && strict {
			return d, err
		}
		return f(ctx, d)
	}
}

func compileCall2(fn *Function, left, right Eval) Eval {
	f, strict := fn.Eval2, fn.Strict
	return func(ctx *EvalCtx, row []Datum) (Datum, error) {
		a, err := left(ctx, row)
		if err != nil || a.Null && strict {
			return a, err
		}
		b, err := right(ctx, row)
		if err != nil || b.Null && strict {
			return b, err
		}
		return f(ctx, a, b)
	}
}

func compileCast(e *Cast) Eval {
	arg := Compile(e.Arg)
	switch e.Method {
	case CastRelabel:
		return arg
	case CastFunc:
		return compileCall1(e.Fn, arg)
	case CastModifier:
		info, mod, explicit := datum.MustLookup(e.T.OID), e.T.Mod, e.Explicit
		return func(ctx *EvalCtx, row []Datum) (Datum, error) {
			d, err := arg(ctx, row)
			if err != nil || d.Null {
				return d, err
			}
			return info.FitModifier(d, mod, explicit)
		}
	}
	from, to := datum.MustLookup(e.Arg.Type().OID), datum.MustLookup(e.T.OID)
	return func(ctx *EvalCtx, row []Datum) (Datum, error) {
		d, err := arg(ctx, row)
		if err != nil || d.Null {
			return d, err
		}
		return throughText(ctx, from, to, d)
	}
}

// throughText converts by printing and reading.
func throughText(ctx *EvalCtx, from, to *datum.TypeInfo, d Datum) (Datum, error) {
	text := d.S
	if !from.IsString() {
		text = string(from.AppendTextIn(ctx.Env, nil, d))
	}
	return to.ParseTextIn(ctx.Env, text, -1)
}
