package expr

import (
	"math"
	"strings"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/datum/numeric"
)

func registerAggregates(r *Registry) {
	add := func(name string, args []OID, returns OID, strict bool, state func(types []datum.Type) AggState) {
		r.RegisterAggregate(&Aggregate{Name: name, Args: args, Returns: returns, Strict: strict, New: state})
	}
	plain := func(name string, t, returns OID, state func() AggState) {
		add(name, []OID{t}, returns, true, func([]datum.Type) AggState { return state() })
	}
	count := func([]datum.Type) AggState { return &countState{} }
	add("count", nil, datum.Int8, false, count)
	add("count", []OID{Any}, datum.Int8, true, count)

	plain("sum", datum.Int2, datum.Int8, func() AggState { return &intSum{} })
	plain("sum", datum.Int4, datum.Int8, func() AggState { return &intSum{} })
	plain("sum", datum.Int8, datum.Numeric, func() AggState { return &bigSum{} })
	plain("sum", datum.Numeric, datum.Numeric, func() AggState { return &numericSum{} })
	plain("sum", datum.Float4, datum.Float4, func() AggState { return &floatSum{t: datum.Float4} })
	plain("sum", datum.Float8, datum.Float8, func() AggState { return &floatSum{t: datum.Float8} })
	plain("sum", interval, interval, func() AggState { return &intervalSum{} })

	for _, t := range []OID{datum.Int2, datum.Int4, datum.Int8} {
		plain("avg", t, datum.Numeric, func() AggState { return &bigSum{average: true} })
	}
	plain("avg", datum.Numeric, datum.Numeric, func() AggState { return &numericSum{average: true} })
	for _, t := range []OID{datum.Float4, datum.Float8} {
		plain("avg", t, datum.Float8, func() AggState { return &momentState{kind: momentAvg} })
	}
	plain("avg", interval, interval, func() AggState { return &intervalSum{average: true} })

	ordered := []OID{datum.Int2, datum.Int4, datum.Int8, datum.Numeric, datum.Float4, datum.Float8, text, datum.BPChar, datum.Date, ts, tstz, interval,
		datum.PgLSN, datum.OIDType}
	for _, t := range ordered {
		info := datum.MustLookup(t)
		plain("min", t, t, func() AggState { return &extremeState{info: info, sign: -1} })
		plain("max", t, t, func() AggState { return &extremeState{info: info, sign: 1} })
	}
	for _, name := range []string{"bool_and", "every"} {
		plain(name, datum.Bool, datum.Bool, func() AggState { return &boolState{stop: 0} })
	}
	plain("bool_or", datum.Bool, datum.Bool, func() AggState { return &boolState{stop: 1} })
	for _, t := range []OID{datum.Int2, datum.Int4, datum.Int8} {
		plain("bit_and", t, t, func() AggState { return &bitState{f: func(a, b int64) int64 { return a & b }} })
		plain("bit_or", t, t, func() AggState { return &bitState{f: func(a, b int64) int64 { return a | b }} })
		plain("bit_xor", t, t, func() AggState { return &bitState{f: func(a, b int64) int64 { return a ^ b }} })
	}
	for _, t := range []OID{text, datum.Bytea} {
		add("string_agg", []OID{t, t}, t, false, func([]datum.Type) AggState { return &joinState{} })
	}
	registerMoments(r)
	for _, t := range datum.Types() {
		if t.Array != 0 {
			add("array_agg", []OID{t.OID}, t.Array, false, func([]datum.Type) AggState { return &arrayState{element: t.OID} })
		}
	}
}

type countState struct{ n int64 }

func (s *countState) Add(*EvalCtx, []Datum) error        { s.n++; return nil }
func (s *countState) Result(*EvalCtx) (Datum, error)     { return Datum{I: s.n}, nil }
func (s *countState) Merge(_ *EvalCtx, o AggState) error { s.n += o.(*countState).n; return nil }

// intSum adds int2 and int4 into an int8, which 2^31 rows cannot overflow; beyond that it notices.
type intSum struct {
	sum  int64
	some bool
}

func (s *intSum) Add(_ *EvalCtx, args []Datum) error {
	v := s.sum + args[0].I
	if (v > s.sum) != (args[0].I > 0) && args[0].I != 0 {
		return outOfRange(datum.Int8)
	}
	s.sum, s.some = v, true
	return nil
}

func (s *intSum) Result(*EvalCtx) (Datum, error) {
	if !s.some {
		return datum.NewNull(), nil
	}
	return Datum{I: s.sum}, nil
}

// bigSum adds int8 in 128 bits and gives a numeric sum or average.
type bigSum struct {
	hi      int64
	lo      uint64
	n       int64
	average bool
}

func (s *bigSum) Add(_ *EvalCtx, args []Datum) error {
	v := args[0].I
	lo := s.lo + uint64(v)
	s.hi += v >> 63
	if lo < s.lo {
		s.hi++
	}
	s.lo = lo
	s.n++
	return nil
}

func (s *bigSum) Result(*EvalCtx) (Datum, error) {
	if s.n == 0 {
		return datum.NewNull(), nil
	}
	var sum, lo numeric.Decimal
	sum.SetInt64(s.hi)
	sum.Coeff.Lsh(&sum.Coeff, 64)
	lo.Coeff.SetUint64(s.lo)
	return finishSum(&sum, &lo, s.n, s.average)
}

func finishSum(sum, rest *numeric.Decimal, n int64, average bool) (Datum, error) {
	var total numeric.Decimal
	if err := total.Add(sum, rest); err != nil {
		return Datum{}, datum.NumericError(err)
	}
	if !average {
		return datum.NewNumeric(&total), nil
	}
	var mean numeric.Decimal
	if err := mean.Quo(&total, new(numeric.Decimal).SetInt64(n)); err != nil {
		return Datum{}, datum.NumericError(err)
	}
	return datum.NewNumeric(&mean), nil
}

// numericSum adds numerics and gives their sum or average.
type numericSum struct {
	sum     numeric.Decimal
	n       int64
	average bool
}

func (s *numericSum) Add(_ *EvalCtx, args []Datum) error {
	var v, sum numeric.Decimal
	v.Decode(args[0].S)
	if err := sum.Add(&s.sum, &v); err != nil {
		return datum.NumericError(err)
	}
	s.sum.Set(&sum)
	s.n++
	return nil
}

func (s *numericSum) Result(*EvalCtx) (Datum, error) {
	if s.n == 0 {
		return datum.NewNull(), nil
	}
	return finishSum(&s.sum, new(numeric.Decimal), s.n, s.average)
}

type floatSum struct {
	sum  float64
	some bool
	t    OID
}

func (s *floatSum) Add(_ *EvalCtx, args []Datum) error {
	v := args[0].Float()
	if !s.some {
		s.sum, s.some = v, true
		return nil
	}
	d, err := checkFloat(s.sum+v, s.t, math.IsInf(s.sum, 0) || math.IsInf(v, 0), true)
	s.sum = d.Float()
	return err
}

func (s *floatSum) Result(*EvalCtx) (Datum, error) {
	if !s.some {
		return datum.NewNull(), nil
	}
	return datum.NewFloat(s.sum), nil
}

type intervalSum struct {
	sum     Datum
	n       int64
	average bool
}

func (s *intervalSum) Add(_ *EvalCtx, args []Datum) error {
	if s.n++; s.n == 1 {
		s.sum = args[0].Clone()
		return nil
	}
	x, y := s.sum.Interval(), args[0].Interval()
	var err error
	s.sum, err = makeInterval(float64(x.Months)+float64(y.Months), float64(x.Days)+float64(y.Days), x.Micros, y.Micros)
	return err
}

func (s *intervalSum) Result(*EvalCtx) (Datum, error) {
	switch {
	case s.n == 0:
		return datum.NewNull(), nil
	case s.average:
		return divideInterval(s.sum.Interval(), float64(s.n))
	}
	return s.sum, nil
}

// extremeState keeps the least or the greatest value.
type extremeState struct {
	info *datum.TypeInfo
	best Datum
	some bool
	sign int
}

func (s *extremeState) Add(_ *EvalCtx, args []Datum) error {
	if s.some {
		// Of equal values the later one stays, as 1.5 after 1.50.
		if c := s.info.Compare(args[0], s.best) * s.sign; c < 0 || args[0] == s.best {
			return nil
		}
	}
	s.best, s.some = args[0].Clone(), true
	return nil
}

func (s *extremeState) Result(*EvalCtx) (Datum, error) {
	if !s.some {
		return datum.NewNull(), nil
	}
	return s.best, nil
}

// boolState is decided by the first value equal to stop.
type boolState struct {
	stop    int64
	decided bool
	some    bool
}

func (s *boolState) Add(_ *EvalCtx, args []Datum) error {
	s.some = true
	s.decided = s.decided || args[0].I == s.stop
	return nil
}

func (s *boolState) Result(*EvalCtx) (Datum, error) {
	if !s.some {
		return datum.NewNull(), nil
	}
	return datum.NewBool((s.stop == 1) == s.decided), nil
}

type bitState struct {
	f    func(a, b int64) int64
	v    int64
	some bool
}

func (s *bitState) Add(_ *EvalCtx, args []Datum) error {
	if !s.some {
		s.v, s.some = args[0].I, true
		return nil
	}
	s.v = s.f(s.v, args[0].I)
	return nil
}

func (s *bitState) Result(*EvalCtx) (Datum, error) {
	if !s.some {
		return datum.NewNull(), nil
	}
	return Datum{I: s.v}, nil
}

// joinState is string_agg: null values are passed over, a null delimiter is empty.
type joinState struct {
	b    strings.Builder
	some bool
}

func (s *joinState) Add(_ *EvalCtx, args []Datum) error {
	if args[0].Null {
		return nil
	}
	if s.some {
		s.b.WriteString(args[1].S)
	}
	s.some = true
	s.b.WriteString(args[0].S)
	if s.b.Len() > maxText {
		return errTooLong()
	}
	return nil
}

func (s *joinState) Result(*EvalCtx) (Datum, error) {
	if !s.some {
		return datum.NewNull(), nil
	}
	return datum.NewText(s.b.String()), nil
}

type arrayState struct {
	element OID
	list    []Datum
}

func (s *arrayState) Add(_ *EvalCtx, args []Datum) error {
	s.list = append(s.list, args[0].Clone())
	return nil
}

func (s *arrayState) Result(*EvalCtx) (Datum, error) {
	if s.list == nil {
		return datum.NewNull(), nil
	}
	return datum.NewArray(s.element, s.list), nil
}
