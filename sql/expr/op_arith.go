package expr

import (
	"math"
	"math/bits"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

func errDivisionByZero() error { return pgerr.New(pgerr.DivisionByZero, "division by zero") }

func registerArithmetic(r *Registry) {
	integers := []OID{datum.Int2, datum.Int4, datum.Int8}
	for i, a := range integers {
		for j, b := range integers {
			integerOperators(r, a, b, integers[max(i, j)])
		}
		integerBits(r, a)
	}
	for _, a := range []OID{datum.Float4, datum.Float8} {
		for _, b := range []OID{datum.Float4, datum.Float8} {
			returns := datum.Float8
			if a == datum.Float4 && b == datum.Float4 {
				returns = datum.Float4
			}
			floatOperators(r, a, b, returns)
		}
		identity := func(_ *EvalCtx, d Datum) (Datum, error) { return d, nil }
		r.op1("+", a, a, identity)
		r.op1("-", a, a, func(_ *EvalCtx, d Datum) (Datum, error) { return datum.NewFloat(-d.Float()), nil })
		r.op1("@", a, a, func(_ *EvalCtx, d Datum) (Datum, error) { return datum.NewFloat(math.Abs(d.Float())), nil })
	}
	lsnOperators(r)
}

func integerOperators(r *Registry, a, b, returns OID) {
	lo, hi := intRange(returns)
	wide := returns == datum.Int8
	// checked wraps an operation on 64-bit integers; beyond them, the operation itself must notice.
	checked := func(name string, f func(x, y int64) (int64, bool)) {
		r.op2(name, a, b, returns, Immutable, func(_ *EvalCtx, x, y Datum) (Datum, error) {
			v, ok := f(x.I, y.I)
			if !ok || v < lo || v > hi {
				return Datum{}, outOfRange(returns)
			}
			return Datum{I: v}, nil
		}).Commutator = commutatorOf(name)
	}
	if wide {
		checked("+", func(x, y int64) (int64, bool) { v := x + y; return v, (v > x) == (y > 0) })
		checked("-", func(x, y int64) (int64, bool) { v := x - y; return v, (v < x) == (y > 0) })
		checked("*", mulInt64)
	} else {
		checked("+", func(x, y int64) (int64, bool) { return x + y, true })
		checked("-", func(x, y int64) (int64, bool) { return x - y, true })
		checked("*", func(x, y int64) (int64, bool) { return x * y, true })
	}
	r.op2("/", a, b, returns, Immutable, func(_ *EvalCtx, x, y Datum) (Datum, error) {
		if y.I == 0 {
			return Datum{}, errDivisionByZero()
		}
		if y.I == -1 && x.I == math.MinInt64 {
			return Datum{}, outOfRange(returns)
		}
		v := x.I / y.I
		if v > hi {
			return Datum{}, outOfRange(returns)
		}
		return Datum{I: v}, nil
	})
	if a == b {
		mod := func(_ *EvalCtx, x, y Datum) (Datum, error) {
			switch y.I {
			case 0:
				return Datum{}, errDivisionByZero()
			case -1:
				return Datum{}, nil
			}
			return Datum{I: x.I % y.I}, nil
		}
		r.op2("%", a, b, returns, Immutable, mod)
		r.Register(fn2("mod", a, b, returns, Immutable, mod))
	}
}

func commutatorOf(name string) string {
	if name == "+" || name == "*" {
		return name
	}
	return ""
}

func mulInt64(x, y int64) (int64, bool) {
	hi, lo := bits.Mul64(uint64(x), uint64(y))
	if x < 0 {
		hi -= uint64(y)
	}
	if y < 0 {
		hi -= uint64(x)
	}
	v := int64(lo)
	return v, hi == uint64(v>>63)
}

// integerBits adds the operators that work on one width.
func integerBits(r *Registry, t OID) {
	lo, _ := intRange(t)
	width := uint(datum.MustLookup(t).Len) * 8
	wrap := func(v int64) Datum { return Datum{I: v << (64 - width) >> (64 - width)} }
	bit := func(name string, f func(x, y int64) int64) {
		r.op2(name, t, t, t, Immutable, func(_ *EvalCtx, x, y Datum) (Datum, error) { return Datum{I: f(x.I, y.I)}, nil }).Commutator = name
	}
	bit("&", func(x, y int64) int64 { return x & y })
	bit("|", func(x, y int64) int64 { return x | y })
	bit("#", func(x, y int64) int64 { return x ^ y })
	mask := max(width, 32) - 1 // shorter integers shift as 32-bit ones
	r.op2("<<", t, datum.Int4, t, Immutable, func(_ *EvalCtx, x, y Datum) (Datum, error) {
		return wrap(x.I << (uint(y.I) & mask)), nil
	})
	r.op2(">>", t, datum.Int4, t, Immutable, func(_ *EvalCtx, x, y Datum) (Datum, error) {
		return wrap(x.I >> (uint(y.I) & mask)), nil
	})
	r.op1("~", t, t, func(_ *EvalCtx, x Datum) (Datum, error) { return Datum{I: ^x.I}, nil })
	r.op1("+", t, t, func(_ *EvalCtx, x Datum) (Datum, error) { return x, nil })
	r.op1("-", t, t, func(_ *EvalCtx, x Datum) (Datum, error) {
		if x.I == lo {
			return Datum{}, outOfRange(t)
		}
		return Datum{I: -x.I}, nil
	})
	abs := func(_ *EvalCtx, x Datum) (Datum, error) {
		switch {
		case x.I == lo:
			return Datum{}, outOfRange(t)
		case x.I < 0:
			return Datum{I: -x.I}, nil
		}
		return x, nil
	}
	r.op1("@", t, t, abs)
	r.Register(fn1("abs", t, t, Immutable, abs))
}

// checkFloat rounds a result to its type and refuses what left its range, as PostgreSQL's check_float does.
func checkFloat(v float64, t OID, infinite, zero bool) (Datum, error) {
	if t == datum.Float4 {
		v = float64(float32(v))
	}
	switch {
	case math.IsInf(v, 0) && !infinite:
		return Datum{}, errFloatOverflow()
	case v == 0 && !zero:
		return Datum{}, errFloatUnderflow()
	}
	return datum.NewFloat(v), nil
}

func floatOperators(r *Registry, a, b, returns OID) {
	add := func(name string, f func(x, y float64) (v float64, zero bool)) *Operator {
		return r.op2(name, a, b, returns, Immutable, func(_ *EvalCtx, p, q Datum) (Datum, error) {
			x, y := p.Float(), q.Float()
			v, zero := f(x, y)
			return checkFloat(v, returns, math.IsInf(x, 0) || math.IsInf(y, 0), zero)
		})
	}
	add("+", func(x, y float64) (float64, bool) { return x + y, true }).Commutator = "+"
	add("-", func(x, y float64) (float64, bool) { return x - y, true })
	add("*", func(x, y float64) (float64, bool) { return x * y, x == 0 || y == 0 }).Commutator = "*"
	r.op2("/", a, b, returns, Immutable, func(_ *EvalCtx, p, q Datum) (Datum, error) {
		x, y := p.Float(), q.Float()
		if y == 0 && !math.IsNaN(x) {
			return Datum{}, errDivisionByZero()
		}
		return checkFloat(x/y, returns, math.IsInf(x, 0), x == 0 || math.IsInf(y, 0))
	})
}
