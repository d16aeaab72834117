package expr

import (
	"math"
	"time"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

func errIntervalRange() error {
	return pgerr.New(pgerr.DatetimeFieldOverflow, "interval out of range")
}

func errDateRange() error { return pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range") }

func registerDateArithmetic(r *Registry) {
	date := datum.Date
	plusDays := func(sign int64) func(_ *EvalCtx, a, b Datum) (Datum, error) {
		return func(_ *EvalCtx, a, b Datum) (Datum, error) { return addDays(a, sign*b.I) }
	}
	r.op2("+", date, datum.Int4, date, Immutable, plusDays(1)).Commutator = "+"
	r.op2("+", datum.Int4, date, date, Immutable, func(_ *EvalCtx, a, b Datum) (Datum, error) { return addDays(b, a.I) }).Commutator = "+"
	r.op2("-", date, datum.Int4, date, Immutable, plusDays(-1))
	r.op2("-", date, date, datum.Int4, Immutable, func(_ *EvalCtx, a, b Datum) (Datum, error) {
		if a.I == datum.DateInfinity || b.I == datum.DateInfinity || a.I == datum.DateNegInfinity || b.I == datum.DateNegInfinity {
			return Datum{}, pgerr.New(pgerr.DatetimeFieldOverflow, "cannot subtract infinite dates")
		}
		return datum.NewInt(a.I - b.I), nil
	})
	shift := func(t OID, sign int) func(ctx *EvalCtx, d, span Datum) (Datum, error) {
		return func(ctx *EvalCtx, d, span Datum) (Datum, error) {
			v := span.Interval()
			if sign < 0 {
				v = negateInterval(v)
			}
			switch t {
			case date:
				d, err := dateToTimestamp(d)
				if err != nil {
					return d, err
				}
				return addInterval(time.UTC, d, v)
			case ts:
				return addInterval(time.UTC, d, v)
			}
			return addInterval(ctx.location(), d, v)
		}
	}
	for _, t := range []OID{date, ts, tstz} {
		returns, v := t, Immutable
		if t == date {
			returns = ts
		} else if t == tstz {
			v = Stable
		}
		plus := shift(t, 1)
		r.op2("+", t, interval, returns, v, plus).Commutator = "+"
		r.op2("+", interval, t, returns, v, func(ctx *EvalCtx, a, b Datum) (Datum, error) { return plus(ctx, b, a) }).Commutator = "+"
		r.op2("-", t, interval, returns, v, shift(t, -1))
	}
	for _, t := range []OID{ts, tstz} {
		r.op2("-", t, t, interval, Immutable, subtractTimestamps)
	}
	registerIntervalArithmetic(r)
}

func addDays(d Datum, n int64) (Datum, error) {
	if d.I == datum.DateInfinity || d.I == datum.DateNegInfinity {
		return d, nil
	}
	if !datum.DateInRange(d.I + n) {
		return Datum{}, errDateRange()
	}
	return datum.NewInt(d.I + n), nil
}

// subtractTimestamps gives days and time, never months.
func subtractTimestamps(_ *EvalCtx, a, b Datum) (Datum, error) {
	if infinite(a) || infinite(b) {
		return Datum{}, pgerr.New(pgerr.DatetimeFieldOverflow, "cannot subtract infinite timestamps")
	}
	diff := a.I - b.I
	return datum.NewInterval(datum.IntervalValue{Days: int32(diff / datum.MicrosPerDay), Micros: diff % datum.MicrosPerDay}), nil
}

func negateInterval(v datum.IntervalValue) datum.IntervalValue {
	return datum.IntervalValue{Months: -v.Months, Days: -v.Days, Micros: -v.Micros}
}

// addInterval adds months, then days, both on the local calendar, then time as it passes.
func addInterval(loc *time.Location, d Datum, v datum.IntervalValue) (Datum, error) {
	if infinite(d) {
		return d, nil
	}
	micros := d.I
	if v.Months != 0 || v.Days != 0 {
		days, timeOfDay := datum.SplitTimestamp(datum.UTCToLocal(loc, micros))
		if v.Months != 0 {
			year, month, day := datum.DaysToCivil(days)
			total := int64(year)*12 + int64(month-1) + int64(v.Months)
			y := floorDiv(total, 12)
			if y > 300_000 || y < -5_000 {
				return Datum{}, errTimestampRange()
			}
			m := int(total-y*12) + 1
			days = datum.CivilToDays(int(y), m, min(day, datum.DaysInMonth(int(y), m)))
		}
		days += int64(v.Days)
		if days > 1<<27 || days < -1<<27 {
			return Datum{}, errTimestampRange()
		}
		micros = datum.LocalToUTC(loc, days*datum.MicrosPerDay+timeOfDay)
	}
	sum := micros + v.Micros
	if (sum > micros) != (v.Micros > 0) && v.Micros != 0 {
		return Datum{}, errTimestampRange()
	}
	return inTimestampRange(sum)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func registerIntervalArithmetic(r *Registry) {
	combine := func(sign int64) func(_ *EvalCtx, a, b Datum) (Datum, error) {
		return func(_ *EvalCtx, a, b Datum) (Datum, error) {
			x, y := a.Interval(), b.Interval()
			return makeInterval(float64(x.Months)+float64(sign)*float64(y.Months), float64(x.Days)+float64(sign)*float64(y.Days), x.Micros, sign*y.Micros)
		}
	}
	r.op2("+", interval, interval, interval, Immutable, combine(1)).Commutator = "+"
	r.op2("-", interval, interval, interval, Immutable, combine(-1))
	r.op1("-", interval, interval, func(_ *EvalCtx, a Datum) (Datum, error) {
		v := a.Interval()
		if v.Months == math.MinInt32 || v.Days == math.MinInt32 || v.Micros == math.MinInt64 {
			return Datum{}, errIntervalRange()
		}
		return datum.NewInterval(negateInterval(v)), nil
	})
	times := func(_ *EvalCtx, a, b Datum) (Datum, error) { return scaleInterval(a.Interval(), b.Float()) }
	r.op2("*", interval, datum.Float8, interval, Immutable, times).Commutator = "*"
	r.op2("*", datum.Float8, interval, interval, Immutable, func(ctx *EvalCtx, a, b Datum) (Datum, error) {
		return times(ctx, b, a)
	}).Commutator = "*"
	r.op2("/", interval, datum.Float8, interval, Immutable, func(_ *EvalCtx, a, b Datum) (Datum, error) {
		if b.Float() == 0 {
			return Datum{}, errDivisionByZero()
		}
		return divideInterval(a.Interval(), b.Float())
	})
	r.Register(
		fn1("justify_days", interval, interval, Immutable, func(_ *EvalCtx, a Datum) (Datum, error) {
			v, err := justifyDays(a.Interval())
			return datum.NewInterval(balance(v)), err
		}),
		fn1("justify_hours", interval, interval, Immutable, func(_ *EvalCtx, a Datum) (Datum, error) {
			v, err := justifyHours(a.Interval())
			return datum.NewInterval(balanceDays(v)), err
		}),
		fn1("justify_interval", interval, interval, Immutable, func(_ *EvalCtx, a Datum) (Datum, error) {
			v, err := justifyHours(a.Interval())
			if err != nil {
				return Datum{}, err
			}
			v, err = justifyDays(v)
			return datum.NewInterval(balanceDays(balance(v))), err
		}),
	)
}

// justifyHours makes days of hours.
func justifyHours(v datum.IntervalValue) (datum.IntervalValue, error) {
	days := int64(v.Days) + v.Micros/datum.MicrosPerDay
	if days != int64(int32(days)) {
		return v, errIntervalRange()
	}
	v.Days, v.Micros = int32(days), v.Micros%datum.MicrosPerDay
	return v, nil
}

// justifyDays makes months of days, 30 to a month.
func justifyDays(v datum.IntervalValue) (datum.IntervalValue, error) {
	months := int64(v.Months) + int64(v.Days/30)
	if months != int64(int32(months)) {
		return v, errIntervalRange()
	}
	v.Months, v.Days = int32(months), v.Days%30
	return v, nil
}

// balance gives months and days one sign.
func balance(v datum.IntervalValue) datum.IntervalValue {
	switch {
	case v.Months > 0 && (v.Days < 0 || v.Days == 0 && v.Micros < 0):
		v.Months--
		v.Days += 30
	case v.Months < 0 && (v.Days > 0 || v.Days == 0 && v.Micros > 0):
		v.Months++
		v.Days -= 30
	}
	return v
}

// balanceDays gives days and time one sign.
func balanceDays(v datum.IntervalValue) datum.IntervalValue {
	switch {
	case v.Days > 0 && v.Micros < 0:
		v.Days--
		v.Micros += datum.MicrosPerDay
	case v.Days < 0 && v.Micros > 0:
		v.Days++
		v.Micros -= datum.MicrosPerDay
	}
	return v
}

func makeInterval(months, days float64, micros, more int64) (Datum, error) {
	sum := micros + more
	if math.Abs(months) > math.MaxInt32 || math.Abs(days) > math.MaxInt32 || (sum > micros) != (more > 0) && more != 0 {
		return Datum{}, errIntervalRange()
	}
	return datum.NewInterval(datum.IntervalValue{Months: int32(months), Days: int32(days), Micros: sum}), nil
}

// scaleInterval multiplies; fractions of a month become days of 30 to the month, those of a day become time.
func scaleInterval(v datum.IntervalValue, f float64) (Datum, error) {
	return spread(float64(v.Months)*f, float64(v.Days)*f, float64(v.Micros)*f)
}

func divideInterval(v datum.IntervalValue, f float64) (Datum, error) {
	return spread(float64(v.Months)/f, float64(v.Days)/f, float64(v.Micros)/f)
}

func roundMicro(x float64) float64 { return math.RoundToEven(x*1e6) / 1e6 }

func spread(months, days, micros float64) (Datum, error) {
	if math.IsNaN(months+days+micros) || math.Abs(months) > math.MaxInt32 || math.Abs(days) > math.MaxInt32 {
		return Datum{}, errIntervalRange()
	}
	wholeMonths, wholeDays := math.Trunc(months), math.Trunc(days)
	monthDays := roundMicro((months - wholeMonths) * 30)
	seconds := roundMicro((days - wholeDays + monthDays - math.Trunc(monthDays)) * 86400)
	if math.Abs(seconds) >= 86400 {
		wholeDays += math.Trunc(seconds / 86400)
		seconds -= math.Trunc(seconds/86400) * 86400
	}
	wholeDays += math.Trunc(monthDays)
	total := math.RoundToEven(micros + seconds*datum.MicrosPerSecond)
	if math.Abs(total) >= math.MaxInt64 {
		return Datum{}, errIntervalRange()
	}
	return makeInterval(wholeMonths, wholeDays, int64(total), 0)
}
