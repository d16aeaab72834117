package expr

import (
	"errors"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/datum/numeric"
	"github.com/quiredb/quire/core/pgerr"
)

// numeric2 adapts a binary operation of package numeric.
func numeric2(f func(z, x, y *numeric.Decimal) error) func(*EvalCtx, Datum, Datum) (Datum, error) {
	return func(_ *EvalCtx, a, b Datum) (Datum, error) {
		var x, y, z numeric.Decimal
		x.Decode(a.S)
		y.Decode(b.S)
		if err := f(&z, &x, &y); err != nil {
			return Datum{}, datum.NumericError(err)
		}
		return datum.NewNumeric(&z), nil
	}
}

// numeric1 adapts a function that changes a number in place.
func numeric1(f func(x *numeric.Decimal)) func(*EvalCtx, Datum) (Datum, error) {
	return func(_ *EvalCtx, a Datum) (Datum, error) {
		var x numeric.Decimal
		x.Decode(a.S)
		f(&x)
		return checkedNumeric(&x)
	}
}

// checkedNumeric is a result that rounding may have made too large.
func checkedNumeric(x *numeric.Decimal) (Datum, error) {
	if err := x.CheckRange(); err != nil {
		return Datum{}, datum.NumericError(err)
	}
	return datum.NewNumeric(x), nil
}

// numericFn adapts a function that may fail; domain words the error for arguments outside its domain.
func numericFn(f func(z, x *numeric.Decimal) error, domain func(x *numeric.Decimal) error) func(*EvalCtx, Datum) (Datum, error) {
	return func(_ *EvalCtx, a Datum) (Datum, error) {
		var x, z numeric.Decimal
		x.Decode(a.S)
		switch err := f(&z, &x); {
		case errors.Is(err, numeric.ErrDomain):
			return Datum{}, domain(&x)
		case err != nil:
			return Datum{}, datum.NumericError(err)
		}
		return datum.NewNumeric(&z), nil
	}
}

func errLogarithm(sign int) error {
	if sign == 0 {
		return pgerr.New(pgerr.InvalidArgumentForLogarithm, "cannot take logarithm of zero")
	}
	return pgerr.New(pgerr.InvalidArgumentForLogarithm, "cannot take logarithm of a negative number")
}

func errSquareRoot() error {
	return pgerr.New(pgerr.InvalidArgumentForPowerFunction, "cannot take square root of a negative number")
}

func errZeroPower() error {
	return pgerr.New(pgerr.InvalidArgumentForPowerFunction, "zero raised to a negative power is undefined")
}

func errComplexPower() error {
	return pgerr.New(pgerr.InvalidArgumentForPowerFunction, "a negative number raised to a non-integer power yields a complex result")
}

func registerNumeric(r *Registry) {
	const n = datum.Numeric
	rem := numeric2((*numeric.Decimal).Rem)
	r.op2("+", n, n, n, Immutable, numeric2((*numeric.Decimal).Add)).Commutator = "+"
	r.op2("-", n, n, n, Immutable, numeric2((*numeric.Decimal).Sub))
	r.op2("*", n, n, n, Immutable, numeric2((*numeric.Decimal).Mul)).Commutator = "*"
	r.op2("/", n, n, n, Immutable, numeric2((*numeric.Decimal).Quo))
	r.op2("%", n, n, n, Immutable, rem)
	r.op2("^", n, n, n, Immutable, numericPower)
	abs := numeric1(func(x *numeric.Decimal) { x.Abs() })
	r.op1("+", n, n, func(_ *EvalCtx, d Datum) (Datum, error) { return d, nil })
	r.op1("-", n, n, numeric1(func(x *numeric.Decimal) { x.Neg() }))
	r.op1("@", n, n, abs)

	ceil := numeric1(func(x *numeric.Decimal) { x.Ceil() })
	logDomain := func(x *numeric.Decimal) error { return errLogarithm(x.Sign()) }
	log10 := numericFn(func(z, x *numeric.Decimal) error {
		return z.Log(new(numeric.Decimal).SetInt64(10), x)
	}, logDomain)
	r.Register(
		fn1("abs", n, n, Immutable, abs),
		fn2("mod", n, n, n, Immutable, rem),
		fn2("div", n, n, n, Immutable, numeric2((*numeric.Decimal).QuoTrunc)),
		fn2("power", n, n, n, Immutable, numericPower),
		fn2("pow", n, n, n, Immutable, numericPower),
		fn1("ceil", n, n, Immutable, ceil),
		fn1("ceiling", n, n, Immutable, ceil),
		fn1("floor", n, n, Immutable, numeric1(func(x *numeric.Decimal) { x.Floor() })),
		fn1("round", n, n, Immutable, numeric1(func(x *numeric.Decimal) { x.Round(0) })),
		fn1("trunc", n, n, Immutable, numeric1(func(x *numeric.Decimal) { x.Truncate(0) })),
		fn2("round", n, datum.Int4, n, Immutable, toScale((*numeric.Decimal).Round)),
		fn2("trunc", n, datum.Int4, n, Immutable, toScale((*numeric.Decimal).Truncate)),
		fn1("sign", n, n, Immutable, numericSign),
		fn1("sqrt", n, n, Immutable, numericFn((*numeric.Decimal).Sqrt, func(*numeric.Decimal) error { return errSquareRoot() })),
		fn1("exp", n, n, Immutable, numericFn((*numeric.Decimal).Exp, nil)),
		fn1("ln", n, n, Immutable, numericFn((*numeric.Decimal).Ln, logDomain)),
		fn1("log", n, n, Immutable, log10),
		fn1("log10", n, n, Immutable, log10),
		fn2("log", n, n, n, Immutable, numericLog),
		fn1("scale", n, datum.Int4, Immutable, func(_ *EvalCtx, a Datum) (Datum, error) {
			x := a.Numeric()
			if x.Form != numeric.Finite {
				return datum.NewNull(), nil
			}
			return datum.NewInt(int64(x.Scale)), nil
		}),
		fn1("min_scale", n, datum.Int4, Immutable, func(_ *EvalCtx, a Datum) (Datum, error) {
			x := a.Numeric()
			if x.Form != numeric.Finite {
				return datum.NewNull(), nil
			}
			return datum.NewInt(int64(x.Reduce().Scale)), nil
		}),
		fn1("trim_scale", n, n, Immutable, numeric1(func(x *numeric.Decimal) { x.Reduce() })),
		fn1("factorial", datum.Int8, n, Immutable, factorial),
	)
}

func numericSign(_ *EvalCtx, a Datum) (Datum, error) {
	x := a.Numeric()
	if x.Form == numeric.NaN {
		return a, nil
	}
	return datum.NewNumericInt(int64(x.Sign())), nil
}

// toScale adapts rounding to a number of digits, which PostgreSQL limits to what a numeric may have on either side of the point.
func toScale(f func(x *numeric.Decimal, scale int) *numeric.Decimal) func(*EvalCtx, Datum, Datum) (Datum, error) {
	return func(_ *EvalCtx, a, b Datum) (Datum, error) {
		var x numeric.Decimal
		x.Decode(a.S)
		return checkedNumeric(f(&x, int(max(min(b.I, numeric.MaxScale), -numeric.MaxIntegerDigits-1))))
	}
}

func numericPower(_ *EvalCtx, a, b Datum) (Datum, error) {
	var x, y, z numeric.Decimal
	x.Decode(a.S)
	y.Decode(b.S)
	switch err := z.Power(&x, &y); {
	case errors.Is(err, numeric.ErrDivisionByZero):
		return Datum{}, errZeroPower()
	case errors.Is(err, numeric.ErrDomain):
		return Datum{}, errComplexPower()
	case err != nil:
		return Datum{}, datum.NumericError(err)
	}
	return datum.NewNumeric(&z), nil
}

func numericLog(_ *EvalCtx, base, a Datum) (Datum, error) {
	var b, x, z numeric.Decimal
	b.Decode(base.S)
	x.Decode(a.S)
	switch err := z.Log(&b, &x); {
	case errors.Is(err, numeric.ErrDomain):
		if b.Sign() <= 0 {
			return Datum{}, errLogarithm(b.Sign())
		}
		return Datum{}, errLogarithm(x.Sign())
	case err != nil:
		return Datum{}, datum.NumericError(err)
	}
	return datum.NewNumeric(&z), nil
}

func factorial(_ *EvalCtx, a Datum) (Datum, error) {
	switch {
	case a.I < 0:
		return Datum{}, pgerr.New(pgerr.NumericValueOutOfRange, "factorial of a negative number is undefined")
	case a.I > 32177:
		return Datum{}, datum.NumericError(numeric.ErrOverflow)
	}
	var z numeric.Decimal
	z.Coeff.MulRange(1, a.I)
	return datum.NewNumeric(&z), nil
}
