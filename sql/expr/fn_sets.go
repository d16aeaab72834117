package expr

import (
	"slices"
	"strings"
	"time"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/datum/numeric"
)

// setFn declares a strict set-returning function. For a null argument the set is empty.
func setFn(name string, args []OID, returns OID, f func(ctx *EvalCtx, args []Datum) (SetIterator, error)) *Function {
	return &Function{Name: name, Args: args, Returns: returns, Strict: true, Set: f}
}

func registerSets(r *Registry) {
	const name = "generate_series"
	for _, t := range []OID{datum.Int4, datum.Int8} {
		r.Register(setFn(name, []OID{t, t}, t, intSeries(t)), setFn(name, []OID{t, t, t}, t, intSeries(t)))
	}
	n := datum.Numeric
	r.Register(setFn(name, []OID{n, n}, n, numericSeries), setFn(name, []OID{n, n, n}, n, numericSeries),
		setFn(name, []OID{ts, ts, interval}, ts, timeSeries(false)))
	zoned := setFn(name, []OID{tstz, tstz, interval}, tstz, timeSeries(true))
	zoned.Volatility = Stable
	r.Register(zoned)
	for _, t := range datum.Types() {
		if t.Elem == 0 {
			continue
		}
		r.Register(setFn("unnest", []OID{t.OID}, t.Elem, func(_ *EvalCtx, a []Datum) (SetIterator, error) {
			list, err := a[0].Array(t.Elem)
			return listIterator(list), err
		}))
		subscripts := func(_ *EvalCtx, a []Datum) (SetIterator, error) {
			list, err := a[0].Array(t.Elem)
			if err != nil || a[1].I != 1 {
				return listIterator(nil), err
			}
			for i := range list {
				list[i] = datum.NewInt(a[0].ArrayLower() + int64(i))
			}
			if len(a) == 3 && a[2].Bool() {
				slices.Reverse(list)
			}
			return listIterator(list), nil
		}
		r.Register(setFn("generate_subscripts", []OID{t.OID, datum.Int4}, datum.Int4, subscripts),
			setFn("generate_subscripts", []OID{t.OID, datum.Int4, datum.Bool}, datum.Int4, subscripts))
	}
	split := func(ctx *EvalCtx, a []Datum) (SetIterator, error) {
		flags := ""
		if len(a) == 3 {
			flags = a[2].S
		}
		re, err := ctx.regex(a[1].S, flags)
		if err != nil {
			return nil, err
		}
		return stringIterator(splitRegex(re, a[0].S)), nil
	}
	matches := func(ctx *EvalCtx, a []Datum) (SetIterator, error) {
		flags, limit := "", 1
		if len(a) == 3 {
			flags = a[2].S
		}
		if strings.Contains(flags, "g") {
			limit = -1
		}
		re, err := ctx.regex(a[1].S, flags)
		if err != nil {
			return nil, err
		}
		var list []Datum
		for _, m := range re.FindAllStringSubmatchIndex(a[0].S, limit) {
			list = append(list, matchGroups(a[0].S, m))
		}
		return listIterator(list), nil
	}
	r.Register(
		setFn("regexp_split_to_table", []OID{text, text}, text, split), setFn("regexp_split_to_table", []OID{text, text, text}, text, split),
		setFn("regexp_matches", []OID{text, text}, textArray, matches), setFn("regexp_matches", []OID{text, text, text}, textArray, matches),
		&Function{Name: "string_to_table", Args: []OID{text, text}, Returns: text, Set: func(ctx *EvalCtx, a []Datum) (SetIterator, error) {
			d, err := stringToArray(ctx, a[0], a[1])
			if err != nil || d.Null {
				return listIterator(nil), err
			}
			list, err := d.Array(text)
			return listIterator(list), err
		}},
	)
}

func listIterator(list []Datum) SetIterator {
	return func() (Datum, bool, error) {
		if len(list) == 0 {
			return Datum{}, false, nil
		}
		d := list[0]
		list = list[1:]
		return d, true, nil
	}
}

func stringIterator(list []string) SetIterator {
	values := make([]Datum, len(list))
	for i, s := range list {
		values[i] = datum.NewText(s)
	}
	return listIterator(values)
}

// Rows evaluates the arguments of a set-returning call and starts it. By X4 a null argument of a strict function gives no rows.
func Rows(ctx *EvalCtx, fn *Function, args []Datum) (SetIterator, error) {
	if fn.Strict {
		for _, a := range args {
			if a.Null {
				return func() (Datum, bool, error) { return Datum{}, false, nil }, nil
			}
		}
	}
	return fn.Set(ctx, args)
}

func errZeroStep() error { return invalidParameter("step size cannot equal zero") }

func intSeries(t OID) func(*EvalCtx, []Datum) (SetIterator, error) {
	lo, hi := intRange(t)
	return func(_ *EvalCtx, a []Datum) (SetIterator, error) {
		at, end, step, more := a[0].I, a[1].I, int64(1), true
		if len(a) == 3 {
			step = a[2].I
		}
		if step == 0 {
			return nil, errZeroStep()
		}
		return func() (Datum, bool, error) {
			if !more || step > 0 && at > end || step < 0 && at < end {
				return Datum{}, false, nil
			}
			d := Datum{I: at}
			if step > 0 && at > hi-step || step < 0 && at < lo-step { // the next one would overflow
				more = false
			} else {
				at += step
			}
			return d, true, nil
		}, nil
	}
}

func numericSeries(_ *EvalCtx, a []Datum) (SetIterator, error) {
	at, end, step := a[0].Numeric(), a[1].Numeric(), new(numeric.Decimal).SetInt64(1)
	if len(a) == 3 {
		step = a[2].Numeric()
	}
	names := []string{"start", "stop", "step size"}
	for i, x := range []*numeric.Decimal{at, end, step} {
		switch x.Form {
		case numeric.NaN:
			return nil, invalidParameter("%s value cannot be NaN", names[i])
		case numeric.Infinity, numeric.NegInfinity:
			return nil, invalidParameter("%s value cannot be infinity", names[i])
		}
	}
	sign := step.Sign()
	if sign == 0 {
		return nil, errZeroStep()
	}
	return func() (Datum, bool, error) {
		if at.Cmp(end)*sign > 0 {
			return Datum{}, false, nil
		}
		d := datum.NewNumeric(at)
		var next numeric.Decimal
		if err := next.Add(at, step); err != nil {
			return Datum{}, false, datum.NumericError(err)
		}
		at.Set(&next)
		return d, true, nil
	}, nil
}

func timeSeries(zoned bool) func(*EvalCtx, []Datum) (SetIterator, error) {
	return func(ctx *EvalCtx, a []Datum) (SetIterator, error) {
		at, end, step := a[0], a[1], a[2].Interval()
		loc := time.UTC
		if zoned {
			loc = ctx.location()
		}
		sign := datum.MustLookup(interval).Compare(a[2], datum.NewInterval(datum.IntervalValue{}))
		if sign == 0 {
			return nil, errZeroStep()
		}
		done := false
		return func() (Datum, bool, error) {
			if done || sign > 0 && at.I > end.I || sign < 0 && at.I < end.I {
				return Datum{}, false, nil
			}
			d := at
			if infinite(at) {
				done = true
				return d, true, nil
			}
			var err error
			at, err = addInterval(loc, at, step)
			return d, true, err
		}, nil
	}
}
