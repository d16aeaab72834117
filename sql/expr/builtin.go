package expr

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// fn1 makes a strict function of one argument.
func fn1(name string, a, returns OID, v Volatility, f func(ctx *EvalCtx, a Datum) (Datum, error)) *Function {
	return &Function{Name: name, Args: []OID{a}, Returns: returns, Strict: true, Volatility: v, Eval1: f}
}

// fn2 makes a strict function of two arguments.
func fn2(name string, a, b, returns OID, v Volatility, f func(ctx *EvalCtx, a, b Datum) (Datum, error)) *Function {
	return &Function{Name: name, Args: []OID{a, b}, Returns: returns, Strict: true, Volatility: v, Eval2: f}
}

// fnN makes a strict function of any number of arguments.
func fnN(name string, args []OID, returns OID, v Volatility, f func(ctx *EvalCtx, args []Datum) (Datum, error)) *Function {
	return &Function{Name: name, Args: args, Returns: returns, Strict: true, Volatility: v, Eval: f}
}

// fn0 makes a function without arguments.
func fn0(name string, returns OID, v Volatility, f func(ctx *EvalCtx) (Datum, error)) *Function {
	return &Function{Name: name, Returns: returns, Strict: true, Volatility: v, Eval0: f}
}

// op2 registers an operator of two operands with a strict function of its own.
func (r *Registry) op2(name string, a, b, returns OID, v Volatility, f func(ctx *EvalCtx, a, b Datum) (Datum, error)) *Operator {
	o := &Operator{Name: name, Left: a, Right: b, Fn: fn2(name, a, b, returns, v, f)}
	r.RegisterOperator(o)
	return o
}

// op1 registers a prefix operator.
func (r *Registry) op1(name string, a, returns OID, f func(ctx *EvalCtx, a Datum) (Datum, error)) {
	r.RegisterOperator(&Operator{Name: name, Right: a, Fn: fn1(name, a, returns, Immutable, f)})
}

func isArray(t OID) bool {
	info := datum.Lookup(t)
	return info != nil && info.Elem != 0
}

func invalidParameter(format string, args ...any) *pgerr.Error {
	return pgerr.New(pgerr.InvalidParameterValue, format, args...)
}
