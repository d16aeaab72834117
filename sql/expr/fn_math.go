package expr

import (
	"math"
	"math/rand/v2"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// float1 adapts a float function whose result must stay in range.
func float1(f func(x float64) float64) func(*EvalCtx, Datum) (Datum, error) {
	return func(_ *EvalCtx, a Datum) (Datum, error) {
		x := a.Float()
		return checkFloat(f(x), datum.Float8, math.IsInf(x, 0), true)
	}
}

func registerMath(r *Registry) {
	const f = datum.Float8
	for name, fn := range map[string]func(float64) float64{
		"ceil": math.Ceil, "ceiling": math.Ceil, "floor": math.Floor, "round": math.RoundToEven, "trunc": math.Trunc, "cbrt": math.Cbrt,
		"degrees": func(x float64) float64 { return x / (math.Pi / 180) }, "radians": func(x float64) float64 { return x * (math.Pi / 180) },
		"sinh": math.Sinh, "cosh": math.Cosh, "tanh": math.Tanh, "asinh": math.Asinh, "atan": math.Atan,
	} {
		r.Register(fn1(name, f, f, Immutable, float1(fn)))
	}
	for name, fn := range map[string]func(float64) float64{"sin": math.Sin, "cos": math.Cos, "tan": math.Tan,
		"cot": func(x float64) float64 { return 1 / math.Tan(x) }} {
		r.Register(fn1(name, f, f, Immutable, within(fn, func(x float64) bool { return !math.IsInf(x, 0) })))
	}
	unit := func(x float64) bool { return math.Abs(x) <= 1 || math.IsNaN(x) }
	r.Register(
		fn1("asin", f, f, Immutable, within(math.Asin, unit)),
		fn1("acos", f, f, Immutable, within(math.Acos, unit)),
		fn1("acosh", f, f, Immutable, within(math.Acosh, func(x float64) bool { return x >= 1 || math.IsNaN(x) })),
		fn1("atanh", f, f, Immutable, within(math.Atanh, unit)),
		fn2("atan2", f, f, f, Immutable, func(_ *EvalCtx, a, b Datum) (Datum, error) {
			return datum.NewFloat(math.Atan2(a.Float(), b.Float())), nil
		}),
		fn1("abs", f, f, Immutable, float1(math.Abs)),
		fn1("abs", datum.Float4, datum.Float4, Immutable, float1(math.Abs)),
		fn1("sign", f, f, Immutable, float1(signOf)),
		fn1("sqrt", f, f, Immutable, floatSqrt),
		fn1("exp", f, f, Immutable, floatExp),
		fn1("ln", f, f, Immutable, floatLog(math.Log)),
		fn1("log", f, f, Immutable, floatLog(math.Log10)),
		fn1("log10", f, f, Immutable, floatLog(math.Log10)),
		fn2("power", f, f, f, Immutable, floatPower),
		fn2("pow", f, f, f, Immutable, floatPower),
		fn0("pi", f, Immutable, func(*EvalCtx) (Datum, error) { return datum.NewFloat(math.Pi), nil }),
		fn0("random", f, Volatile, func(ctx *EvalCtx) (Datum, error) { return datum.NewFloat(ctx.random().Float64()), nil }),
		fn1("setseed", f, datum.Void, Volatile, setSeed),
	)
	r.op2("^", f, f, f, Immutable, floatPower)
	r.op1("|/", f, f, floatSqrt)
	r.op1("||/", f, f, float1(math.Cbrt))
	for _, t := range []OID{datum.Int4, datum.Int8} {
		r.Register(fn2("gcd", t, t, t, Immutable, greatestDivisor(t)), fn2("lcm", t, t, t, Immutable, leastMultiple(t)))
	}
	registerBuckets(r)
}

func signOf(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0 // of NaN too, as in PostgreSQL
}

func within(fn func(float64) float64, ok func(float64) bool) func(*EvalCtx, Datum) (Datum, error) {
	return func(_ *EvalCtx, a Datum) (Datum, error) {
		if x := a.Float(); ok(x) {
			return datum.NewFloat(fn(x)), nil
		}
		return Datum{}, pgerr.New(pgerr.NumericValueOutOfRange, "input is out of range")
	}
}

func floatSqrt(_ *EvalCtx, a Datum) (Datum, error) {
	if a.Float() < 0 {
		return Datum{}, errSquareRoot()
	}
	return datum.NewFloat(math.Sqrt(a.Float())), nil
}

func floatExp(_ *EvalCtx, a Datum) (Datum, error) {
	x := a.Float()
	return checkFloat(math.Exp(x), datum.Float8, math.IsInf(x, 0), math.IsInf(x, 0))
}

func floatLog(log func(float64) float64) func(*EvalCtx, Datum) (Datum, error) {
	return func(_ *EvalCtx, a Datum) (Datum, error) {
		x := a.Float()
		if x <= 0 {
			return Datum{}, errLogarithm(int(signOf(x)))
		}
		return checkFloat(log(x), datum.Float8, math.IsInf(x, 0), x == 1)
	}
}

func floatPower(_ *EvalCtx, a, b Datum) (Datum, error) {
	x, y := a.Float(), b.Float()
	switch {
	case x == 0 && y < 0:
		return Datum{}, errZeroPower()
	case x < 0 && !math.IsInf(x, 0) && !math.IsInf(y, 0) && !math.IsNaN(y) && y != math.Floor(y):
		return Datum{}, errComplexPower()
	}
	inf := math.IsInf(x, 0) || math.IsInf(y, 0)
	return checkFloat(math.Pow(x, y), datum.Float8, inf, inf || x == 0)
}

// setSeed restarts random() from a number between -1 and 1. The sequence is this program's own.
func setSeed(ctx *EvalCtx, a Datum) (Datum, error) {
	x := a.Float()
	if !(x >= -1 && x <= 1) {
		return Datum{}, invalidParameter("setseed parameter %g is out of allowed range [-1,1]", x)
	}
	ctx.Random = rand.New(rand.NewPCG(math.Float64bits(x), 0x9e3779b97f4a7c15))
	return Datum{}, nil
}

func gcd(a, b int64) uint64 {
	x, y := uint64(a), uint64(b)
	if a < 0 {
		x = -x
	}
	if b < 0 {
		y = -y
	}
	for y != 0 {
		x, y = y, x%y
	}
	return x
}

func greatestDivisor(t OID) func(*EvalCtx, Datum, Datum) (Datum, error) {
	_, hi := intRange(t)
	return func(_ *EvalCtx, a, b Datum) (Datum, error) {
		v := gcd(a.I, b.I)
		if v > uint64(hi) {
			return Datum{}, outOfRange(t)
		}
		return Datum{I: int64(v)}, nil
	}
}

func leastMultiple(t OID) func(*EvalCtx, Datum, Datum) (Datum, error) {
	lo, hi := intRange(t)
	return func(_ *EvalCtx, a, b Datum) (Datum, error) {
		if a.I == 0 || b.I == 0 {
			return Datum{}, nil
		}
		v, ok := mulInt64(int64(uint64(a.I)/gcd(a.I, b.I)), b.I)
		if a.I < 0 {
			v, ok = mulInt64(a.I/int64(gcd(a.I, b.I)), b.I)
		}
		if !ok || v == math.MinInt64 || v < lo || max(v, -v) > hi {
			return Datum{}, outOfRange(t)
		}
		return Datum{I: max(v, -v)}, nil
	}
}

func registerBuckets(r *Registry) {
	r.Register(fnN("width_bucket", []OID{datum.Float8, datum.Float8, datum.Float8, datum.Int4}, datum.Int4, Immutable,
		func(_ *EvalCtx, args []Datum) (Datum, error) {
			x, lo, hi, n := args[0].Float(), args[1].Float(), args[2].Float(), args[3].I
			bad := func(message string) (Datum, error) {
				return Datum{}, pgerr.New(pgerr.InvalidArgumentForWidthBucketFunction, "%s", message)
			}
			switch {
			case n <= 0:
				return bad("count must be greater than zero")
			case math.IsNaN(x) || math.IsNaN(lo) || math.IsNaN(hi):
				return bad("operand, lower bound, and upper bound cannot be NaN")
			case math.IsInf(lo, 0) || math.IsInf(hi, 0):
				return bad("lower and upper bounds must be finite")
			case lo == hi:
				return bad("lower bound cannot equal upper bound")
			}
			sign := 1.0
			if lo > hi {
				sign = -1
			}
			switch {
			case x*sign < lo*sign:
				return datum.NewInt(0), nil
			case x*sign >= hi*sign:
				if n == math.MaxInt32 {
					return Datum{}, outOfRange(datum.Int4)
				}
				return datum.NewInt(n + 1), nil
			}
			return datum.NewInt(min(int64((x-lo)/(hi-lo)*float64(n)), n-1) + 1), nil
		}))
}
