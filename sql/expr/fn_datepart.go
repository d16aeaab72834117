package expr

import (
	"math"
	"strings"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/datum/numeric"
	"github.com/quiredb/quire/core/pgerr"
)

// unitNames maps the spellings of a field to one.
var unitNames = map[string]string{
	"microseconds": "microseconds", "microsecond": "microseconds", "us": "microseconds", "usec": "microseconds", "usecs": "microseconds",
	"milliseconds": "milliseconds", "millisecond": "milliseconds", "ms": "milliseconds", "msec": "milliseconds", "msecs": "milliseconds",
	"second": "second", "seconds": "second", "sec": "second", "secs": "second", "s": "second",
	"minute": "minute", "minutes": "minute", "min": "minute", "mins": "minute", "m": "minute",
	"hour": "hour", "hours": "hour", "hr": "hour", "hrs": "hour", "h": "hour",
	"day": "day", "days": "day", "d": "day", "week": "week", "weeks": "week", "w": "week",
	"month": "month", "months": "month", "mon": "month", "mons": "month", "quarter": "quarter", "qtr": "quarter",
	"year": "year", "years": "year", "y": "year", "yr": "year", "yrs": "year",
	"decade": "decade", "decades": "decade", "dec": "decade", "decs": "decade",
	"century": "century", "centuries": "century", "cent": "century", "c": "century",
	"millennium": "millennium", "millennia": "millennium", "mil": "millennium", "mils": "millennium",
	"dow": "dow", "isodow": "isodow", "doy": "doy", "isoyear": "isoyear", "epoch": "epoch", "julian": "julian",
	"timezone": "timezone", "timezone_hour": "timezone_hour", "timezone_minute": "timezone_minute",
}

func errUnit(unit string, t OID) error {
	if _, known := unitNames[strings.ToLower(unit)]; known {
		return pgerr.New(pgerr.FeatureNotSupported, "unit \"%s\" not supported for type %s", strings.ToLower(unit), TypeName(t))
	}
	return pgerr.New(pgerr.InvalidParameterValue, "unit \"%s\" not recognized for type %s", strings.ToLower(unit), TypeName(t))
}

// part is the value of a field: an integer over 10^scale.
type part struct {
	v     int64
	scale int
}

func registerDateParts(r *Registry) {
	for _, t := range []OID{datum.Date, ts, tstz, interval} {
		v := Immutable
		if t == tstz {
			v = Stable
		}
		get := func(ctx *EvalCtx, unit string, d Datum) (part, Datum, error) {
			name := unitNames[strings.ToLower(unit)]
			if t == interval {
				p, ok := intervalPart(name, d.Interval())
				if !ok {
					return p, Datum{}, errUnit(unit, t)
				}
				return p, Datum{}, nil
			}
			return timestampPart(ctx, name, unit, t, d)
		}
		r.Register(
			fn2("extract", text, t, datum.Numeric, v, func(ctx *EvalCtx, unit, d Datum) (Datum, error) {
				p, special, err := get(ctx, unit.S, d)
				if err != nil || special.Null {
					return special, err
				}
				if special.I != 0 {
					return datum.MustLookup(datum.Numeric).ParseText(infinityText(special.I), -1)
				}
				var n numeric.Decimal
				n.Coeff.SetInt64(p.v)
				n.Scale = p.scale
				return datum.NewNumeric(&n), nil
			}),
		)
		if t == datum.Date {
			continue // date_part of a date goes through timestamp
		}
		r.Register(fn2("date_part", text, t, datum.Float8, v, func(ctx *EvalCtx, unit, d Datum) (Datum, error) {
			p, special, err := get(ctx, unit.S, d)
			if err != nil || special.Null {
				return special, err
			}
			if special.I != 0 {
				return datum.NewFloat(math.Inf(int(special.I))), nil
			}
			return datum.NewFloat(float64(p.v) / math.Pow10(p.scale)), nil
		}))
	}
	r.Register(fn2("date_part", text, datum.Date, datum.Float8, Immutable, func(ctx *EvalCtx, unit, d Datum) (Datum, error) {
		f, _, err := r.FindFunction("date_part", []OID{text, ts})
		if err != nil {
			return d, err
		}
		if d, err = dateToTimestamp(d); err != nil {
			return d, err
		}
		return f.Eval2(ctx, unit, d)
	}))
}

func infinityText(sign int64) string {
	if sign < 0 {
		return "-Infinity"
	}
	return "Infinity"
}

// timestampPart reads a field of a point in time. An infinite one gives special: null, or 1 or -1 for infinity, by whether the field
// only grows.
func timestampPart(ctx *EvalCtx, name, unit string, t OID, d Datum) (p part, special Datum, err error) {
	if name == "" {
		return p, special, errUnit(unit, t)
	}
	if t == datum.Date {
		switch name {
		case "microseconds", "milliseconds", "second", "minute", "hour", "timezone", "timezone_hour", "timezone_minute":
			return p, special, errUnit(unit, t)
		}
		if d.I == datum.DateInfinity {
			d.I = datum.TimestampInfinity
		} else if d.I == datum.DateNegInfinity {
			d.I = datum.TimestampNegInfinity
		}
	}
	if infinite(d) {
		switch name {
		case "year", "decade", "century", "millennium", "isoyear", "epoch", "julian":
			if d.I > 0 {
				return p, datum.NewInt(1), nil
			}
			return p, datum.NewInt(-1), nil
		}
		return p, datum.NewNull(), nil
	}
	days, timeOfDay, instant, offset := d.I, int64(0), int64(0), int64(0)
	switch t {
	case datum.Date:
		if name == "epoch" {
			return part{v: (d.I + 10957) * 86400}, special, nil
		}
	case tstz:
		instant = d.I
		local := datum.UTCToLocal(ctx.location(), d.I)
		offset = (local - d.I) / datum.MicrosPerSecond
		days, timeOfDay = datum.SplitTimestamp(local)
	default:
		instant = d.I
		days, timeOfDay = datum.SplitTimestamp(d.I)
	}
	switch name {
	case "epoch":
		const epoch = 946_684_800 * datum.MicrosPerSecond
		return part{v: instant + epoch, scale: 6}, special, nil
	case "timezone", "timezone_hour", "timezone_minute":
		if t != tstz {
			return p, special, errUnit(unit, t)
		}
		return part{v: map[string]int64{"timezone": offset, "timezone_hour": offset / 3600, "timezone_minute": offset / 60 % 60}[name]}, special, nil
	case "julian":
		if t == datum.Date {
			return part{v: days + 2451545}, special, nil
		}
		return julianPart(days, timeOfDay)
	}
	p, ok := calendarPart(name, days, timeOfDay)
	if !ok {
		return p, special, errUnit(unit, t)
	}
	return p, special, nil
}

// julianPart is the Julian day with the time as its fraction, to PostgreSQL's number of digits.
func julianPart(days, timeOfDay int64) (part, Datum, error) {
	day := float64(timeOfDay) / datum.MicrosPerDay
	const scale = 12
	return part{v: (days+2451545)*1_000_000_000_000 + int64(math.Round(day*1e12)), scale: scale}, Datum{}, nil
}

func calendarPart(name string, days, timeOfDay int64) (part, bool) {
	year, month, day := datum.DaysToCivil(days)
	y := int64(year)
	if y <= 0 {
		y-- // there is no year 0
	}
	switch name {
	case "microseconds":
		return part{v: timeOfDay % datum.MicrosPerMinute}, true
	case "milliseconds":
		return part{v: timeOfDay % datum.MicrosPerMinute, scale: 3}, true
	case "second":
		return part{v: timeOfDay % datum.MicrosPerMinute, scale: 6}, true
	case "minute":
		return part{v: timeOfDay / datum.MicrosPerMinute % 60}, true
	case "hour":
		return part{v: timeOfDay / datum.MicrosPerHour}, true
	case "day":
		return part{v: int64(day)}, true
	case "month":
		return part{v: int64(month)}, true
	case "quarter":
		return part{v: int64(month-1)/3 + 1}, true
	case "year":
		return part{v: y}, true
	case "decade":
		return part{v: floorDiv(int64(year), 10)}, true
	case "century":
		return part{v: period(int64(year), 100)}, true
	case "millennium":
		return part{v: period(int64(year), 1000)}, true
	case "dow":
		return part{v: weekday(days)}, true
	case "isodow":
		return part{v: (weekday(days)+6)%7 + 1}, true
	case "doy":
		return part{v: days - datum.CivilToDays(year, 1, 1) + 1}, true
	case "week":
		_, week := isoWeek(days)
		return part{v: week}, true
	case "isoyear":
		isoYear, _ := isoWeek(days)
		if isoYear <= 0 {
			isoYear--
		}
		return part{v: isoYear}, true
	}
	return part{}, false
}

// period numbers centuries and millennia, of which there is no zeroth either.
func period(year, length int64) int64 {
	if year > 0 {
		return (year + length - 1) / length
	}
	return -((length - 1 - (year - 1)) / length)
}

// weekday is 0 for Sunday. 2000-01-01 was a Saturday.
func weekday(days int64) int64 { return ((days+6)%7 + 7) % 7 }

// isoWeek returns the ISO 8601 year and week: the week belongs to the year that has its Thursday.
func isoWeek(days int64) (year, week int64) {
	thursday := days - (weekday(days)+6)%7 + 3
	y, _, _ := datum.DaysToCivil(thursday)
	return int64(y), (thursday-datum.CivilToDays(y, 1, 1))/7 + 1
}

func intervalPart(name string, v datum.IntervalValue) (part, bool) {
	years := int64(v.Months / 12)
	switch name {
	case "microseconds":
		return part{v: v.Micros % datum.MicrosPerMinute}, true
	case "milliseconds":
		return part{v: v.Micros % datum.MicrosPerMinute, scale: 3}, true
	case "second":
		return part{v: v.Micros % datum.MicrosPerMinute, scale: 6}, true
	case "minute":
		return part{v: v.Micros / datum.MicrosPerMinute % 60}, true
	case "hour":
		return part{v: v.Micros / datum.MicrosPerHour}, true
	case "day":
		return part{v: int64(v.Days)}, true
	case "month":
		return part{v: int64(v.Months % 12)}, true
	case "quarter":
		return part{v: int64(v.Months%12)/3 + 1}, true
	case "year":
		return part{v: years}, true
	case "decade":
		return part{v: years / 10}, true
	case "century":
		return part{v: years / 100}, true
	case "millennium":
		return part{v: years / 1000}, true
	case "epoch":
		// A year counts 365.25 days and a month beyond it 30.
		seconds := years*31_557_600 + int64(v.Months%12)*2_592_000 + int64(v.Days)*86_400
		return part{v: seconds*datum.MicrosPerSecond + v.Micros, scale: 6}, true
	}
	return part{}, false
}
