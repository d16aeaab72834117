package expr

import (
	"strings"
	"time"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

func registerDateTrunc(r *Registry) {
	r.Register(
		fn2("date_trunc", text, ts, ts, Immutable, func(_ *EvalCtx, unit, d Datum) (Datum, error) {
			return truncateTimestamp(unit.S, ts, time.UTC, d)
		}),
		fn2("date_trunc", text, tstz, tstz, Stable, func(ctx *EvalCtx, unit, d Datum) (Datum, error) {
			return truncateTimestamp(unit.S, tstz, ctx.location(), d)
		}),
		fnN("date_trunc", []OID{text, tstz, text}, tstz, Stable, func(_ *EvalCtx, a []Datum) (Datum, error) {
			loc, ok := datum.LoadZone(a[2].S)
			if !ok {
				return Datum{}, invalidParameter("time zone \"%s\" not recognized", a[2].S)
			}
			return truncateTimestamp(a[0].S, tstz, loc, a[1])
		}),
		fn2("date_trunc", text, interval, interval, Immutable, truncateInterval),
		fn2("age", ts, ts, interval, Immutable, func(_ *EvalCtx, a, b Datum) (Datum, error) { return age(a, b) }),
		fn2("age", tstz, tstz, interval, Immutable, func(ctx *EvalCtx, a, b Datum) (Datum, error) {
			return age(instantToLocal(ctx, a), instantToLocal(ctx, b))
		}),
		fn1("age", ts, interval, Stable, func(ctx *EvalCtx, a Datum) (Datum, error) { return age(today(ctx), a) }),
		fn1("age", tstz, interval, Stable, func(ctx *EvalCtx, a Datum) (Datum, error) {
			return age(today(ctx), instantToLocal(ctx, a))
		}),
	)
	for _, t := range []OID{ts, tstz} {
		r.Register(fnN("date_bin", []OID{interval, t, t}, t, Immutable, dateBin))
	}
}

// today is midnight of the current day on the session's clocks.
func today(ctx *EvalCtx) Datum {
	local := instantToLocal(ctx, datum.NewInt(ctx.TxnTime))
	days, _ := datum.SplitTimestamp(local.I)
	return datum.NewInt(days * datum.MicrosPerDay)
}

// errTruncUnit differs from errUnit in what it knows: only the units that an interval can have, and the zone.
func errTruncUnit(unit string, t OID) error {
	switch name := strings.ToLower(unit); unitNames[name] {
	case "dow", "isodow", "doy", "isoyear", "epoch", "julian":
		return invalidParameter("unit \"%s\" not recognized for type %s", name, TypeName(t))
	}
	return errUnit(unit, t)
}

var clockUnits = map[string]int64{
	"microseconds": 1, "milliseconds": 1000, "second": datum.MicrosPerSecond, "minute": datum.MicrosPerMinute, "hour": datum.MicrosPerHour,
}

func truncateTimestamp(unit string, t OID, loc *time.Location, d Datum) (Datum, error) {
	name := unitNames[strings.ToLower(unit)]
	if infinite(d) {
		return d, nil
	}
	local := datum.UTCToLocal(loc, d.I)
	days, timeOfDay := datum.SplitTimestamp(local)
	if size, ok := clockUnits[name]; ok {
		return datum.NewInt(d.I - timeOfDay%size), nil
	}
	year, month, _ := datum.DaysToCivil(days)
	switch name {
	case "day":
	case "week":
		days -= (weekday(days) + 6) % 7
	case "month":
		days = datum.CivilToDays(year, month, 1)
	case "quarter":
		days = datum.CivilToDays(year, (month-1)/3*3+1, 1)
	case "year":
		days = datum.CivilToDays(year, 1, 1)
	case "decade":
		days = datum.CivilToDays(int(floorDiv(int64(year), 10))*10, 1, 1)
	case "century":
		days = datum.CivilToDays(int(floorDiv(int64(year)-1, 100))*100+1, 1, 1)
	case "millennium":
		days = datum.CivilToDays(int(floorDiv(int64(year)-1, 1000))*1000+1, 1, 1)
	default:
		return Datum{}, errTruncUnit(unit, t)
	}
	return inTimestampRange(datum.LocalToUTC(loc, days*datum.MicrosPerDay))
}

func truncateInterval(_ *EvalCtx, unit, d Datum) (Datum, error) {
	name, v := unitNames[strings.ToLower(unit.S)], d.Interval()
	if size, ok := clockUnits[name]; ok {
		v.Micros -= v.Micros % size
		return datum.NewInterval(v), nil
	}
	v.Micros = 0
	months := map[string]int32{"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200, "millennium": 12000}
	switch size, ok := months[name]; {
	case name == "day":
	case ok:
		v.Days = 0
		v.Months -= v.Months % size
	default:
		return Datum{}, errTruncUnit(unit.S, interval)
	}
	return datum.NewInterval(v), nil
}

// age is the difference in years, months, days and time, field by field from the later date.
func age(a, b Datum) (Datum, error) {
	if infinite(a) || infinite(b) {
		return Datum{}, errTimestampRange()
	}
	negative := a.I < b.I
	if negative {
		a, b = b, a
	}
	ad, at := datum.SplitTimestamp(a.I)
	bd, bt := datum.SplitTimestamp(b.I)
	ay, am, aDay := datum.DaysToCivil(ad)
	by, bm, bDay := datum.DaysToCivil(bd)
	months, days, micros := int32((ay-by)*12+am-bm), int32(aDay-bDay), at-bt
	if micros < 0 {
		micros += datum.MicrosPerDay
		days--
	}
	if days < 0 { // borrow the month of the earlier date
		months--
		days += int32(datum.DaysInMonth(by, bm))
	}
	v := datum.IntervalValue{Months: months, Days: days, Micros: micros}
	if negative {
		v = negateInterval(v)
	}
	return datum.NewInterval(v), nil
}

// dateBin moves a timestamp down to the start of its stride, counted from an origin.
func dateBin(_ *EvalCtx, a []Datum) (Datum, error) {
	v := a[0].Interval()
	switch {
	case infinite(a[1]):
		return a[1], nil
	case infinite(a[2]):
		return Datum{}, invalidParameter("origin out of range")
	case v.Months != 0:
		return Datum{}, errBinMonths()
	}
	stride := int64(v.Days)*datum.MicrosPerDay + v.Micros
	if stride <= 0 {
		return Datum{}, pgerr.New(pgerr.DatetimeFieldOverflow, "stride must be greater than zero")
	}
	diff := a[1].I - a[2].I
	return inTimestampRange(a[2].I + floorDiv(diff, stride)*stride)
}
