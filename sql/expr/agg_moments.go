package expr

import (
	"math"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/datum/numeric"
)

// moment says which figure a momentState gives.
type moment uint8

const (
	momentAvg moment = iota
	momentVarPop
	momentVarSamp
	momentDevPop
	momentDevSamp
)

// momentState gathers count, sum and sum of squared deviations of floats, as Youngs and Cramer do it.
type momentState struct {
	kind        moment
	n, sum, dev float64
}

func (s *momentState) Add(_ *EvalCtx, args []Datum) error {
	x := args[0].Float()
	n, sum := s.n+1, s.sum+x
	dev := s.dev
	if s.n > 0 {
		d := x*n - sum
		dev += d * d / (n * s.n)
		if math.IsInf(sum, 0) || math.IsInf(dev, 0) {
			if !math.IsInf(s.sum, 0) && !math.IsInf(x, 0) {
				return errFloatOverflow()
			}
			dev = math.NaN()
		}
	} else if math.IsInf(x, 0) || math.IsNaN(x) {
		dev = math.NaN()
	}
	s.n, s.sum, s.dev = n, sum, dev
	return nil
}

func (s *momentState) Result(*EvalCtx) (Datum, error) {
	switch {
	case s.n == 0, s.n == 1 && (s.kind == momentVarSamp || s.kind == momentDevSamp):
		return datum.NewNull(), nil
	}
	v := 0.0
	switch s.kind {
	case momentAvg:
		v = s.sum / s.n
	case momentVarPop:
		v = s.dev / s.n
	case momentVarSamp:
		v = s.dev / (s.n - 1)
	case momentDevPop:
		v = math.Sqrt(s.dev / s.n)
	case momentDevSamp:
		v = math.Sqrt(s.dev / (s.n - 1))
	}
	return datum.NewFloat(v), nil
}

// numericMoments gathers count, sum and sum of squares exactly.
type numericMoments struct {
	kind         moment
	integers     bool // the arguments are integers, not numerics
	n            int64
	sum, squares numeric.Decimal
}

func (s *numericMoments) Add(_ *EvalCtx, args []Datum) error {
	var v, square, t numeric.Decimal
	if s.integers {
		v.SetInt64(args[0].I)
	} else {
		v.Decode(args[0].S)
	}
	if err := square.Mul(&v, &v); err != nil {
		return datum.NumericError(err)
	}
	if err := t.Add(&s.sum, &v); err != nil {
		return datum.NumericError(err)
	}
	s.sum.Set(&t)
	if err := t.Add(&s.squares, &square); err != nil {
		return datum.NumericError(err)
	}
	s.squares.Set(&t)
	s.n++
	return nil
}

func (s *numericMoments) Result(*EvalCtx) (Datum, error) {
	sample := s.kind == momentVarSamp || s.kind == momentDevSamp
	if s.n == 0 || s.n == 1 && sample {
		return datum.NewNull(), nil
	}
	// (n * squares - sum^2) / (n * (n or n-1))
	var a, b, top, n, below, v numeric.Decimal
	n.SetInt64(s.n)
	steps := []func() error{
		func() error { return a.Mul(&n, &s.squares) },
		func() error { return b.Mul(&s.sum, &s.sum) },
		func() error { return top.Sub(&a, &b) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return Datum{}, datum.NumericError(err)
		}
	}
	if top.Form != numeric.Finite {
		return datum.MustLookup(datum.Numeric).ParseText("NaN", -1)
	}
	if top.Sign() <= 0 {
		return datum.NewNumericInt(0), nil
	}
	divisor := s.n
	if sample {
		divisor--
	}
	err := below.Mul(&n, new(numeric.Decimal).SetInt64(divisor))
	if err == nil {
		err = v.Quo(&top, &below)
	}
	if err == nil && (s.kind == momentDevPop || s.kind == momentDevSamp) {
		var root numeric.Decimal
		err = root.Sqrt(&v)
		v.Set(&root)
	}
	if err != nil {
		return Datum{}, datum.NumericError(err)
	}
	return datum.NewNumeric(&v), nil
}

func registerMoments(r *Registry) {
	for name, kind := range map[string]moment{
		"var_pop": momentVarPop, "var_samp": momentVarSamp, "variance": momentVarSamp,
		"stddev_pop": momentDevPop, "stddev_samp": momentDevSamp, "stddev": momentDevSamp,
	} {
		for _, t := range []OID{datum.Float4, datum.Float8} {
			r.RegisterAggregate(&Aggregate{Name: name, Args: []OID{t}, Returns: datum.Float8, Strict: true,
				New: func([]datum.Type) AggState { return &momentState{kind: kind} }})
		}
		for _, t := range []OID{datum.Int2, datum.Int4, datum.Int8, datum.Numeric} {
			r.RegisterAggregate(&Aggregate{Name: name, Args: []OID{t}, Returns: datum.Numeric, Strict: true,
				New: func([]datum.Type) AggState { return &numericMoments{kind: kind, integers: t != datum.Numeric} }})
		}
	}
}
