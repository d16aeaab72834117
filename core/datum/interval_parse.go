package datum

import (
	"math"
	"strconv"
	"strings"

	"github.com/quiredb/quire/core/pgerr"
)

// intervalParser sums up the parts of an interval literal. Fractions of a unit flow down into the next smaller one, as
// PostgreSQL has it: 1.5 months are a month and 15 days.
type intervalParser struct {
	text         string
	months, days float64 // whole numbers, kept as floats to notice overflow
	micros       float64
	exact        int64 // the part of the microseconds that must not lose digits
}

func parseInterval(_ *Env, s string, mod int32) (Datum, error) {
	p := intervalParser{text: s}
	t := strings.ToLower(trimSpace(s))
	var ok bool
	if strings.HasPrefix(t, "p") {
		ok = p.iso(t[1:])
	} else {
		ok = p.verbose(t)
	}
	if !ok {
		return Datum{}, pgerr.New(pgerr.InvalidDatetimeFormat, "invalid input syntax for type interval: \"%s\"", s)
	}
	const mostYears = 12 * (1 << 31) // in months
	if !fitsInt32(p.months) && math.Abs(p.months) < mostYears {
		return Datum{}, pgerr.New(pgerr.DatetimeFieldOverflow, "interval out of range")
	}
	total := p.micros + float64(p.exact)
	if !fitsInt32(p.months) || !fitsInt32(p.days) || math.Abs(total) > math.MaxInt64/2*1.99 {
		return Datum{}, pgerr.New(pgerr.IntervalFieldOverflow, "interval field value out of range: \"%s\"", s)
	}
	micros := roundTimestamp(p.exact+int64(math.RoundToEven(p.micros)), mod)
	return NewInterval(IntervalValue{Months: int32(p.months), Days: int32(p.days), Micros: micros}), nil
}

func fitsInt32(v float64) bool { return v >= math.MinInt32 && v <= math.MaxInt32 }

func (p *intervalParser) add(v float64, unit string) bool {
	whole := math.Trunc(v)
	fraction := v - whole
	months := func(factor float64) {
		p.months += math.RoundToEven(v * factor)
	}
	days := func(n, f float64) {
		p.days += n
		w := math.Trunc(f)
		p.days += w
		p.micros += (f - w) * MicrosPerDay
	}
	micros := func(scale int64) {
		p.exact += int64(whole) * scale
		p.micros += fraction * float64(scale)
	}
	if math.Abs(v) > math.MaxInt64/4/MicrosPerHour && strings.HasPrefix(unit, "h") {
		p.micros = math.Inf(1)
		return true
	}
	switch unit {
	case "millennium", "millennia", "mil", "mils":
		months(12_000)
	case "century", "centuries", "cent", "c":
		months(1200)
	case "decade", "decades", "dec", "decs":
		months(120)
	case "year", "years", "y", "yr", "yrs":
		months(12)
	case "month", "months", "mon", "mons":
		p.months += whole
		days(0, math.Round(fraction*30*1e9)/1e9)
	case "week", "weeks", "w":
		days(whole*7, fraction*7)
	case "day", "days", "d":
		days(whole, fraction)
	case "hour", "hours", "h", "hr", "hrs":
		micros(MicrosPerHour)
	case "minute", "minutes", "m", "min", "mins":
		micros(MicrosPerMinute)
	case "second", "seconds", "s", "sec", "secs", "":
		micros(MicrosPerSecond)
	case "millisecond", "milliseconds", "ms", "msec", "msecs", "msecond", "mseconds":
		micros(1000)
	case "microsecond", "microseconds", "us", "usec", "usecs", "usecond", "useconds":
		micros(1)
	default:
		return false
	}
	return true
}

func (p *intervalParser) verbose(t string) bool {
	fields := strings.Fields(strings.NewReplacer(",", " ", "@", " ").Replace(t))
	if len(fields) == 0 {
		return false
	}
	ago := fields[len(fields)-1] == "ago"
	if ago {
		fields = fields[:len(fields)-1]
	}
	for len(fields) > 0 {
		f := fields[0]
		fields = fields[1:]
		if strings.Contains(f, ":") {
			if !p.clock(f) {
				return false
			}
			continue
		}
		n := numberPrefix(f)
		if n == 0 {
			return false
		}
		number, unit := f[:n], f[n:]
		if unit != "" && unit[0] == '-' && isDigit(unit[min(1, len(unit)-1)]) {
			if !p.yearMonth(number, unit[1:]) {
				return false
			}
			continue
		}
		v, err := strconv.ParseFloat(number, 64)
		if err != nil && math.IsInf(v, 0) {
			p.micros = v
			return true
		}
		if err != nil {
			return false
		}
		if unit == "" && len(fields) > 0 && isAlpha(fields[0][0]) {
			unit, fields = fields[0], fields[1:]
		} else if unit == "" && len(fields) > 0 && strings.Contains(fields[0], ":") {
			unit = "day"
		}
		if !p.add(v, unit) {
			return false
		}
	}
	if ago {
		p.months, p.days, p.micros, p.exact = -p.months, -p.days, -p.micros, -p.exact
	}
	return true
}

// numberPrefix returns the length of a sign, digits and a fraction at the start of f, zero if there are no digits.
func numberPrefix(f string) int {
	n, digits := 0, 0
	if n < len(f) && (f[n] == '+' || f[n] == '-') {
		n++
	}
	for n < len(f) && (isDigit(f[n]) || f[n] == '.') {
		if f[n] != '.' {
			digits++
		}
		n++
	}
	if digits == 0 {
		return 0
	}
	return n
}

func (p *intervalParser) yearMonth(years, months string) bool {
	y, err1 := strconv.Atoi(years)
	m, err2 := strconv.Atoi(months)
	if err1 != nil || err2 != nil || m > 11 {
		return false
	}
	if strings.HasPrefix(years, "-") {
		m = -m
	}
	p.months += float64(y)*12 + float64(m)
	return true
}

func (p *intervalParser) clock(f string) bool {
	sign := int64(1)
	if f[0] == '-' || f[0] == '+' {
		if f[0] == '-' {
			sign = -1
		}
		f = f[1:]
	}
	parts := strings.Split(f, ":")
	if len(parts) > 3 {
		return false
	}
	whole, fraction, _ := strings.Cut(parts[len(parts)-1], ".")
	parts[len(parts)-1] = whole
	var v [3]int64
	for i, s := range parts {
		n, err := strconv.ParseUint(s, 10, 32)
		if err != nil || i > 0 && n > 59 && !(i == 2 && n == 60) {
			return false
		}
		v[i] = int64(n)
	}
	if strings.Trim(fraction, "0123456789") != "" {
		return false
	}
	if fraction != "" && len(parts) == 2 { // minutes and seconds
		v = [3]int64{0, v[0], v[1]}
	}
	if v[0] >= math.MaxInt64/MicrosPerHour {
		p.micros = math.Inf(1)
		return true
	}
	p.exact += sign * (v[0]*MicrosPerHour + v[1]*MicrosPerMinute + v[2]*MicrosPerSecond + fractionMicros(fraction))
	return true
}

// iso reads what follows the P of an ISO 8601 duration with designators.
func (p *intervalParser) iso(t string) bool {
	timePart, seen := false, false
	for t != "" {
		if t[0] == 't' && !timePart {
			timePart, t = true, t[1:]
			continue
		}
		n := numberPrefix(t)
		if n == 0 || n == len(t) {
			return false
		}
		v, err := strconv.ParseFloat(t[:n], 64)
		if err != nil {
			return false
		}
		unit := t[n : n+1]
		if timePart && !strings.Contains("hms", unit) || !timePart && !strings.Contains("ymwd", unit) {
			return false
		}
		if unit == "m" && !timePart {
			unit = "mon"
		}
		if !p.add(v, unit) {
			return false
		}
		t, seen = t[n+1:], true
	}
	return seen
}
