package datum

import (
	"math"
	"strconv"
	"strings"
)

// iso adds up an ISO 8601 duration: with designators (P1Y2M3DT4H5M6S), or in the alternative format, basic (P00010203T040506) or
// extended (P1-2-3T4:5:6).
func (s *intervalSum) iso(text string) intervalProblem {
	if len(text) < 2 || text[0] != 'P' {
		return intervalSyntax
	}
	t, date, some := text[1:], true, false // some: this part has a field already
	for t != "" {
		if t[0] == 'T' {
			t, date, some = t[1:], false, false
			continue
		}
		digits := span(strings.TrimPrefix(t, "-"), isDigit)
		v, fraction, rest, problem := isoNumber(t)
		if problem != intervalSound {
			return problem
		}
		unit, known := isoUnit(date, rest)
		if known {
			if !s.add(v, fraction, unit) {
				return intervalTooBig
			}
			t, some = rest[1:], true
			continue
		}
		mark := byte(0)
		if rest != "" {
			mark = rest[0]
		}
		switch {
		case date && (mark == 0 || mark == 'T') && digits == 8 && !some:
			if !s.add(v/10000, 0, unitYear) || !s.add(v/100%100, 0, unitMonth) || !s.add(v%100, fraction, unitDay) {
				return intervalTooBig
			}
			t = rest
		case !date && mark == 0 && digits == 6 && !some:
			if !s.add(v/10000, 0, unitHour) || !s.add(v/100%100, 0, unitMinute) || !s.add(v%100, 0, unitSecond) || !s.addMicros(0, fraction, 1) {
				return intervalTooBig // the fraction counts as one of a microsecond, as PostgreSQL has it
			}
			t = rest
		case some:
			return intervalSyntax
		case date && (mark == 0 || mark == 'T' || mark == '-'):
			if t, problem = s.isoParts(t, '-', unitYear, unitMonth, unitDay); problem != intervalSound {
				return problem
			}
			if t != "" && t[0] != 'T' {
				return intervalSyntax
			}
		case !date && (mark == 0 || mark == ':'):
			if t, problem = s.isoParts(t, ':', unitHour, unitMinute, unitSecond); problem != intervalSound {
				return problem
			}
			if t != "" {
				return intervalSyntax
			}
		default:
			return intervalSyntax
		}
	}
	return intervalSound
}

// isoParts adds numbers with a delimiter between them, as many as there are.
func (s *intervalSum) isoParts(t string, delimiter byte, units ...intervalUnit) (rest string, problem intervalProblem) {
	for i, unit := range units {
		v, fraction, after, problem := isoNumber(t)
		if problem != intervalSound {
			return "", problem
		}
		if !s.add(v, fraction, unit) {
			return "", intervalTooBig
		}
		if after == "" || after[0] != delimiter || i == len(units)-1 {
			return after, intervalSound
		}
		t = after[1:]
	}
	return t, intervalSound
}

// isoUnit is the unit of the designator that rest begins with.
func isoUnit(date bool, rest string) (intervalUnit, bool) {
	if rest == "" {
		return 0, false
	}
	units := map[byte]intervalUnit{'H': unitHour, 'M': unitMinute, 'S': unitSecond}
	if date {
		units = map[byte]intervalUnit{'Y': unitYear, 'M': unitMonth, 'W': unitWeek, 'D': unitDay}
	}
	unit, known := units[rest[0]]
	return unit, known
}

// isoNumber reads the number that t begins with, which may have a sign, a fraction and an exponent.
func isoNumber(t string) (v int64, fraction float64, rest string, problem intervalProblem) {
	n := 0
	if strings.HasPrefix(t, "-") {
		n++
	}
	digits := span(t[n:], isDigit)
	n += digits
	if strings.HasPrefix(t[n:], ".") {
		more := span(t[n+1:], isDigit)
		if digits += more; digits > 0 {
			n += 1 + more
		}
	}
	if digits == 0 {
		return 0, 0, "", intervalSyntax
	}
	if n < len(t) && (t[n] == 'e' || t[n] == 'E') {
		m := n + 1
		if m < len(t) && (t[m] == '+' || t[m] == '-') {
			m++
		}
		if d := span(t[m:], isDigit); d > 0 {
			n = m + d
		}
	}
	f, err := strconv.ParseFloat(t[:n], 64)
	switch {
	case err != nil:
		return 0, 0, "", intervalSyntax
	case math.Abs(f) > 1e15:
		return 0, 0, "", intervalTooBig
	}
	whole := math.Trunc(f)
	return int64(whole), f - whole, t[n:], intervalSound
}
