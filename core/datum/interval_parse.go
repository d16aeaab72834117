package datum

import (
	"math"
	"strconv"
	"strings"

	"github.com/quiredb/quire/core/pgerr"
)

// An intervalProblem is what is wrong with the text of an interval.
type intervalProblem uint8

const (
	intervalSound intervalProblem = iota
	intervalSyntax
	intervalTooBig // a field beyond its range
)

// parseInterval reads PostgreSQL's verbose format ("1 day 2:03 ago"), and where that is none, ISO 8601's durations.
func parseInterval(_ *Env, s string, mod int32) (Datum, error) {
	var sum intervalSum
	fields, problem := splitInterval(s)
	if problem == intervalSound {
		problem = sum.verbose(fields)
	}
	if problem == intervalSyntax {
		sum = intervalSum{}
		problem = sum.iso(s)
	}
	switch problem {
	case intervalSyntax:
		return Datum{}, pgerr.New(pgerr.InvalidDatetimeFormat, "invalid input syntax for type interval: \"%s\"", s)
	case intervalTooBig:
		return Datum{}, pgerr.New(pgerr.IntervalFieldOverflow, "interval field value out of range: \"%s\"", s)
	}
	months := sum.years*12 + sum.months
	if !fitsInt32(months) {
		return Datum{}, pgerr.New(pgerr.DatetimeFieldOverflow, "interval out of range")
	}
	return NewInterval(IntervalValue{Months: int32(months), Days: int32(sum.days), Micros: roundTimestamp(sum.micros, mod)}), nil
}

func fitsInt32(v int64) bool { return v >= math.MinInt32 && v <= math.MaxInt32 }

// An intervalSum adds up the parts of an interval. Years, months and days stay within 32 bits each.
type intervalSum struct{ micros, days, months, years int64 }

// add32 adds v times scale to a field, unless the result or v is beyond 32 bits.
func add32(field *int64, v, scale int64) bool {
	if !fitsInt32(v) || !fitsInt32(v*scale) || !fitsInt32(*field+v*scale) {
		return false
	}
	*field += v * scale
	return true
}

// addMicros adds v + fraction units of scale microseconds; the fraction is rounded to a microsecond, halves towards zero.
func (s *intervalSum) addMicros(v int64, fraction float64, scale int64) bool {
	product := v * scale
	if v != 0 && product/v != scale {
		return false
	}
	total := s.micros + product
	if (total > s.micros) != (product > 0) {
		return false
	}
	s.micros = total
	if fraction == 0 {
		return true
	}
	fraction *= float64(scale)
	extra := int64(fraction)
	switch rest := fraction - float64(extra); {
	case rest > 0.5:
		extra++
	case rest < -0.5:
		extra--
	}
	total = s.micros + extra
	if (total > s.micros) != (extra > 0) && extra != 0 {
		return false
	}
	s.micros = total
	return true
}

// addDays adds a fraction of scale days; what is less than a day becomes microseconds.
func (s *intervalSum) addDays(fraction float64, scale int64) bool {
	fraction *= float64(scale)
	whole := int64(fraction)
	return add32(&s.days, whole, 1) && s.addMicros(0, fraction-float64(whole), MicrosPerDay)
}

// add adds v + fraction of a unit. Fractions flow down into smaller units: half a month is 15 days, half a year six months.
func (s *intervalSum) add(v int64, fraction float64, unit intervalUnit) bool {
	switch unit {
	case unitDay:
		return add32(&s.days, v, 1) && s.addMicros(0, fraction, MicrosPerDay)
	case unitWeek:
		return add32(&s.days, v, 7) && s.addDays(fraction, 7)
	case unitMonth:
		return add32(&s.months, v, 1) && s.addDays(fraction, 30)
	case unitYear, unitDecade, unitCentury, unitMillennium:
		scale := map[intervalUnit]int64{unitYear: 1, unitDecade: 10, unitCentury: 100, unitMillennium: 1000}[unit]
		return add32(&s.years, v, scale) && add32(&s.months, int64(math.RoundToEven(fraction*float64(scale)*12)), 1)
	}
	return s.addMicros(v, fraction, map[intervalUnit]int64{
		unitMicrosecond: 1, unitMillisecond: 1000, unitSecond: MicrosPerSecond, unitMinute: MicrosPerMinute, unitHour: MicrosPerHour,
	}[unit])
}

func (s *intervalSum) negate() bool {
	for _, v := range []*int64{&s.days, &s.months, &s.years} {
		if *v = -*v; !fitsInt32(*v) {
			return false
		}
	}
	s.micros = -s.micros
	return s.micros != math.MinInt64
}

// verbose adds fields up from the last to the first, so that a unit is known before its number. No unit may come twice, and a time of
// day has hours, minutes and seconds.
func (s *intervalSum) verbose(fields []intervalField) intervalProblem {
	seen, ago, unit := unitSet(0), false, unitNone
	for i := len(fields) - 1; i >= 0; i-- {
		f := fields[i]
		var units unitSet
		switch {
		case f.word:
			word := f.text[:min(len(f.text), unitWordLength)]
			if word == "ago" {
				ago, unit = true, unitOther // a number before it has no unit
				continue
			}
			known := false
			if unit, known = intervalUnits[word]; !known {
				return intervalSyntax
			}
			continue
		case f.time || f.signed && strings.Contains(f.text, ":"):
			micros, problem := clockMicros(strings.TrimLeft(f.text[:1], "+-") + f.text[1:])
			if f.signed && problem != intervalSound {
				return intervalSyntax // its number ends at the colon
			}
			if problem != intervalSound {
				return problem
			}
			if f.text[0] == '-' {
				micros = -micros
			}
			s.micros, units, unit = micros, unitsOfTime, unitDay
		default:
			v, fraction, yearMonth, problem := intervalNumber(f.text)
			if problem != intervalSound {
				return problem
			}
			switch {
			case yearMonth:
				unit = unitMonth
			case unit == unitNone:
				unit = unitSecond
			}
			if unit == unitOther {
				return intervalSyntax
			}
			if !s.add(v, fraction, unit) {
				return intervalTooBig
			}
			units = 1 << unit
			switch {
			case unit == unitSecond && fraction != 0:
				units = unitsOfSeconds
			case unit == unitHour:
				unit = unitDay // for a number before it
			}
		}
		if units&seen != 0 {
			return intervalSyntax
		}
		seen |= units
	}
	switch {
	case seen == 0:
		return intervalSyntax
	case ago && !s.negate():
		return intervalTooBig
	}
	return intervalSound
}

// intervalNumber reads an integer, a number with a fraction, or SQL's "years-months", which is a number of months.
func intervalNumber(text string) (v int64, fraction float64, yearMonth bool, problem intervalProblem) {
	n := 0
	for n < len(text) && (isDigit(text[n]) || n == 0 && (text[0] == '-' || text[0] == '+')) {
		n++
	}
	whole, rest := text[:n], text[n:]
	if strings.Trim(whole, "+-") != "" {
		var err error
		if v, err = strconv.ParseInt(whole, 10, 64); err != nil {
			return 0, 0, false, intervalTooBig
		}
	} else if whole != "" && rest != "" && rest[0] != '.' {
		return 0, 0, false, intervalSyntax
	}
	negative := text[0] == '-'
	switch {
	case rest == "":
		return v, 0, false, intervalSound
	case rest[0] == '-':
		digits := 1 + span(rest[1:], isDigit)
		months, err := strconv.ParseInt("0"+rest[1:digits], 10, 32)
		if err != nil || months > 11 || v > math.MaxInt64/12-1 || v < math.MinInt64/12+1 {
			return 0, 0, false, intervalTooBig
		}
		if digits < len(rest) {
			return 0, 0, false, intervalSyntax
		}
		if negative {
			months = -months
		}
		return v*12 + months, 0, true, intervalSound
	case rest[0] == '.':
		if rest != "." {
			var err error
			if fraction, err = strconv.ParseFloat(rest, 64); err != nil {
				return 0, 0, false, intervalSyntax
			}
		}
		if negative {
			fraction = -fraction
		}
		return v, fraction, false, intervalSound
	}
	return 0, 0, false, intervalSyntax
}

// clockMicros reads hours:minutes, hours:minutes:seconds or minutes:seconds.fraction.
func clockMicros(text string) (int64, intervalProblem) {
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, intervalSyntax
	}
	last := &parts[len(parts)-1]
	var fraction float64
	point := strings.IndexByte(*last, '.')
	if point >= 0 {
		if rest := (*last)[point:]; rest != "." {
			var err error
			if fraction, err = strconv.ParseFloat(rest, 64); err != nil {
				return 0, intervalSyntax
			}
		}
		*last = (*last)[:point]
	}
	var v [3]int64
	for i, p := range parts {
		if strings.Trim(p, "0123456789") != "" {
			return 0, intervalSyntax
		}
		bits := 32
		if i == 0 {
			bits = 64
		}
		var err error
		if v[i], err = strconv.ParseInt("0"+p, 10, bits); err != nil {
			return 0, intervalTooBig
		}
	}
	if point >= 0 && len(parts) == 2 {
		if v[0] > math.MaxInt32 {
			return 0, intervalTooBig
		}
		v = [3]int64{0, v[0], v[1]}
	}
	micros := int64(math.RoundToEven(fraction * MicrosPerSecond))
	if v[1] > 59 || v[2] > 60 || v[0] > math.MaxInt64/MicrosPerHour {
		return 0, intervalTooBig
	}
	sum := v[0] * MicrosPerHour
	rest := v[1]*MicrosPerMinute + v[2]*MicrosPerSecond + micros
	if sum > math.MaxInt64-rest {
		return 0, intervalTooBig
	}
	return sum + rest, intervalSound
}
