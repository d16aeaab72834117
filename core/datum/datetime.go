package datum

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/quiredb/quire/core/pgerr"
)

// dateTimeFields is what a date or timestamp literal says.
type dateTimeFields struct {
	special   int64 // TimestampInfinity, TimestampNegInfinity or 0
	days      int64
	timeOfDay int64

	offsetKnown bool
	offset      int // seconds east
	location    *time.Location
}

// dateTimeParser reads a literal field by field. It accepts the forms of PostgreSQL's manual: ISO 8601 with and without
// separators, three numbers in the order of DateStyle, month names, times with fraction and AM or PM, zones by number, name or
// abbreviation, BC, Julian days, and the words now, today, tomorrow, yesterday, epoch, infinity and allballs.
type dateTimeParser struct {
	env  *Env
	typ  string
	text string
	rest string
	out  dateTimeFields

	year, month, day int
	hasYear, hasMon  bool
	hasDay, hasTime  bool
	twoDigits, bc    bool
	meridiem         byte // 'a', 'p' or 0
	daysFixed        bool // days were given directly
}

func parseDateTime(env *Env, s, typ string) (dateTimeFields, error) {
	var fast dateTimeFields
	if parseISO(s, &fast) {
		return fast, nil
	}
	p := dateTimeParser{env: env, typ: typ, text: s, rest: s}
	for {
		p.rest = strings.TrimLeft(p.rest, " \t\n\r\v\f,")
		if p.rest == "" {
			break
		}
		if p.out.special != 0 {
			return dateTimeFields{}, p.bad()
		}
		if err := p.field(); err != nil {
			return dateTimeFields{}, err
		}
	}
	if err := p.finish(); err != nil {
		return dateTimeFields{}, err
	}
	return p.out, nil
}

func (p *dateTimeParser) bad() error {
	return pgerr.New(pgerr.InvalidDatetimeFormat, "invalid input syntax for type %s: \"%s\"", p.typ, p.text)
}

func (p *dateTimeParser) overflow() *pgerr.Error {
	return pgerr.New(pgerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", p.text)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func (p *dateTimeParser) peek(i int) byte {
	if i < len(p.rest) {
		return p.rest[i]
	}
	return 0
}

// span cuts the longest prefix whose bytes satisfy ok.
func (p *dateTimeParser) span(ok func(byte) bool) string {
	n := 0
	for n < len(p.rest) && ok(p.rest[n]) {
		n++
	}
	s := p.rest[:n]
	p.rest = p.rest[n:]
	return s
}

func (p *dateTimeParser) field() error {
	c := p.rest[0]
	switch {
	case isDigit(c):
		return p.number()
	case isAlpha(c):
		return p.word()
	case c == '+' || c == '-':
		if isAlpha(p.peek(1)) {
			p.rest = p.rest[1:]
			w := strings.ToLower(p.span(isAlpha))
			if w == "infinity" || w == "inf" {
				p.out.special = TimestampInfinity
				if c == '-' {
					p.out.special = TimestampNegInfinity
				}
				return nil
			}
			return p.bad()
		}
		return p.zoneNumber()
	}
	return p.bad()
}

func (p *dateTimeParser) number() error {
	digits := p.span(isDigit)
	next := p.peek(0)
	switch {
	case next == ':':
		return p.clock(digits)
	case (next == '-' || next == '/' || next == '.') && !p.daysFixed && !(p.hasYear && p.hasMon && p.hasDay) && (isDigit(p.peek(1)) || isAlpha(p.peek(1))):
		return p.date(digits, next)
	}
	dateKnown := p.daysFixed || p.hasYear && p.hasMon && p.hasDay
	switch {
	case dateKnown && !p.hasTime && (len(digits) == 6 || len(digits) == 4):
		return p.packedClock(digits)
	case dateKnown && !p.hasTime && (p.peek(0)|0x20 == 'a' || p.peek(0)|0x20 == 'p') && len(digits) <= 2:
		return p.setClock(digits, "", "", "")
	case dateKnown:
		return p.bad()
	case !p.hasMon && !p.hasDay && !p.hasYear && (len(digits) == 8 || len(digits) == 6):
		n := len(digits)
		return p.civil(digits[:n-4], digits[n-4:n-2], digits[n-2:])
	}
	return p.looseNumber(digits)
}

// looseNumber places a number that stands beside the name of a month.
func (p *dateTimeParser) looseNumber(digits string) error {
	v, err := strconv.Atoi(digits)
	if err != nil {
		return p.overflow()
	}
	switch {
	case !p.hasYear && (len(digits) > 2 || p.hasDay):
		p.year, p.hasYear, p.twoDigits = v, true, len(digits) <= 2
	case !p.hasDay:
		p.day, p.hasDay = v, true
	default:
		return p.bad()
	}
	return nil
}

// date reads three groups with one kind of separator between them.
func (p *dateTimeParser) date(first string, sep byte) error {
	groups := []string{first}
	for len(groups) < 3 && p.peek(0) == sep {
		p.rest = p.rest[1:]
		if isAlpha(p.peek(0)) {
			groups = append(groups, p.span(isAlpha))
		} else {
			groups = append(groups, p.span(isDigit))
		}
		if groups[len(groups)-1] == "" {
			return p.bad()
		}
	}
	if len(groups) != 3 {
		return p.bad()
	}
	a, b, c := groups[0], groups[1], groups[2]
	switch {
	case isAlpha(a[0]):
		return p.civil(c, a, b)
	case isAlpha(b[0]):
		if len(a) > 2 {
			return p.civil(a, b, c)
		}
		return p.civil(c, b, a)
	case len(a) > 2 || p.env.DateOrder == YMD:
		return p.civil(a, b, c)
	case p.env.DateOrder == DMY:
		return p.civil(c, b, a)
	}
	return p.civil(c, a, b)
}

func (p *dateTimeParser) civil(year, month, day string) error {
	if p.hasYear || p.hasMon || p.hasDay {
		return p.bad()
	}
	var err1, err2, err3 error
	p.year, err1 = strconv.Atoi(year)
	p.day, err2 = strconv.Atoi(day)
	if m, ok := monthName(month); ok {
		p.month = m
	} else {
		p.month, err3 = strconv.Atoi(month)
	}
	switch {
	case isAlpha(month[0]) && err3 != nil, isAlpha(year[0]), isAlpha(day[0]):
		return p.bad()
	case err1 != nil || err2 != nil || err3 != nil:
		return p.overflow()
	}
	p.hasYear, p.hasMon, p.hasDay = true, true, true
	p.twoDigits = len(year) <= 2
	return nil
}

func (p *dateTimeParser) clock(hours string) error {
	p.rest = p.rest[1:]
	minutes := p.span(isDigit)
	var seconds, fraction string
	if p.peek(0) == ':' {
		p.rest = p.rest[1:]
		seconds = p.span(isDigit)
		if seconds == "" {
			return p.bad()
		}
	}
	if p.peek(0) == '.' && seconds != "" {
		p.rest = p.rest[1:]
		fraction = p.span(isDigit)
	}
	if minutes == "" {
		return p.bad()
	}
	return p.setClock(hours, minutes, seconds, fraction)
}

// packedClock reads HHMM or HHMMSS with an optional fraction.
func (p *dateTimeParser) packedClock(digits string) error {
	var seconds, fraction string
	if len(digits) == 6 {
		seconds = digits[4:]
		if p.peek(0) == '.' {
			p.rest = p.rest[1:]
			fraction = p.span(isDigit)
		}
	}
	return p.setClock(digits[:2], digits[2:4], seconds, fraction)
}

func (p *dateTimeParser) setClock(hours, minutes, seconds, fraction string) error {
	if p.hasTime {
		return p.bad()
	}
	p.hasTime = true
	var v [3]int64
	for i, s := range []string{hours, minutes, seconds} {
		if s == "" {
			continue
		}
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil {
			return p.overflow()
		}
		v[i] = n
	}
	micros := fractionMicros(fraction)
	if v[0] > 24 || v[1] > 59 || v[2] > 60 || v[0] == 24 && (v[1] > 0 || v[2] > 0 || micros > 0) {
		return p.overflow()
	}
	p.out.timeOfDay = v[0]*MicrosPerHour + v[1]*MicrosPerMinute + v[2]*MicrosPerSecond + micros
	return nil
}

// fractionMicros rounds the digits after a decimal point to microseconds.
func fractionMicros(digits string) int64 {
	if digits == "" {
		return 0
	}
	f, _ := strconv.ParseFloat("0."+digits, 64)
	return int64(math.RoundToEven(f * MicrosPerSecond))
}

func (p *dateTimeParser) zoneNumber() error {
	if p.out.offsetKnown || p.out.location != nil || !p.hasTime && !p.daysFixed && !(p.hasDay && p.hasMon && p.hasYear) {
		return p.bad()
	}
	sign := 1
	if p.rest[0] == '-' {
		sign = -1
	}
	p.rest = p.rest[1:]
	digits := p.span(isDigit)
	var parts [3]string
	switch {
	case p.peek(0) == ':':
		parts[0] = digits
		for i := 1; i < 3 && p.peek(0) == ':'; i++ {
			p.rest = p.rest[1:]
			parts[i] = p.span(isDigit)
		}
	case len(digits) > 4:
		parts = [3]string{digits[:len(digits)-4], digits[len(digits)-4 : len(digits)-2], digits[len(digits)-2:]}
	case len(digits) > 2:
		parts = [3]string{digits[:len(digits)-2], digits[len(digits)-2:]}
	default:
		parts[0] = digits
	}
	if parts[0] == "" {
		return p.bad()
	}
	var v [3]int
	for i, s := range parts {
		if s == "" {
			continue
		}
		n, err := strconv.Atoi(s)
		if err != nil || n > 59 || i == 0 && n > 15 {
			return pgerr.New(pgerr.InvalidTimeZoneDisplacementValue, "time zone displacement out of range: \"%s\"", p.text)
		}
		v[i] = n
	}
	p.out.offsetKnown, p.out.offset = true, sign*(v[0]*3600+v[1]*60+v[2])
	return nil
}

func (p *dateTimeParser) finish() error {
	if p.out.special != 0 {
		if p.hasDay || p.hasTime || p.daysFixed || p.hasMon || p.hasYear {
			return p.bad()
		}
		return nil
	}
	if !p.daysFixed {
		if !p.hasYear || !p.hasMon || !p.hasDay {
			return p.bad()
		}
		if err := p.checkCivil(); err != nil {
			return err
		}
		p.out.days = CivilToDays(p.year, p.month, p.day)
	}
	if p.meridiem != 0 {
		hour := p.out.timeOfDay / MicrosPerHour
		switch {
		case !p.hasTime || hour > 12:
			return p.overflow()
		case p.meridiem == 'p' && hour != 12:
			p.out.timeOfDay += 12 * MicrosPerHour
		case p.meridiem == 'a' && hour == 12:
			p.out.timeOfDay -= 12 * MicrosPerHour
		}
	}
	return nil
}

func (p *dateTimeParser) checkCivil() error {
	const hint = "Perhaps you need a different \"datestyle\" setting."
	switch {
	case p.year > 10_000_000:
		return p.overflow()
	case p.bc && p.year == 0, !p.twoDigits && p.year == 0:
		return p.overflow()
	case p.bc:
		p.year = 1 - p.year
	case p.twoDigits && p.year < 70:
		p.year += 2000
	case p.twoDigits && p.year < 100:
		p.year += 1900
	}
	switch {
	case p.month < 1 || p.month > 12 || p.day < 1 || p.day > 31:
		return p.overflow().WithHint(hint)
	case p.day > DaysInMonth(p.year, p.month):
		return p.overflow()
	}
	return nil
}
