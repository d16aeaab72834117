package datum

import (
	"strconv"
	"strings"

	"github.com/quiredb/quire/core/pgerr"
)

// word reads a field that starts with a letter: the name of a month, a day or a zone, or a reserved word.
func (p *dateTimeParser) word() error {
	start := p.rest
	w := p.span(isAlpha)
	lower := strings.ToLower(w)
	if month, ok := monthName(lower); ok {
		if next := p.peek(0); (next == '-' || next == '/' || next == '.') && isDigit(p.peek(1)) && !p.hasDay {
			return p.date(w, next)
		}
		if p.hasMon {
			return p.bad()
		}
		p.month, p.hasMon = month, true
		if p.peek(0) == '.' {
			p.rest = p.rest[1:]
		}
		return nil
	}
	if dayName(lower) {
		if p.peek(0) == '.' {
			p.rest = p.rest[1:]
		}
		return nil
	}
	if done, err := p.keyword(lower); done || err != nil {
		return err
	}
	return p.zoneName(start)
}

// keyword handles the reserved words. It reports false for a word it does not know.
func (p *dateTimeParser) keyword(w string) (bool, error) {
	switch w {
	case "t":
		if (p.daysFixed || p.hasDay) && !p.hasTime && isDigit(p.peek(0)) {
			return true, nil
		}
		return true, p.bad()
	case "j", "jd":
		if p.daysFixed || p.hasDay || !isDigit(p.peek(0)) {
			return true, p.bad()
		}
		n, err := strconv.ParseInt(p.span(isDigit), 10, 32)
		if err != nil {
			return true, p.overflow()
		}
		p.out.days, p.daysFixed = n-epochJulian, true
		return true, nil
	case "ad", "bc":
		p.bc = w == "bc"
		return true, nil
	case "am", "pm":
		p.meridiem = w[0]
		return true, nil
	case "infinity", "inf":
		p.out.special = TimestampInfinity
		return true, nil
	case "epoch":
		p.out.days, p.daysFixed, p.out.offsetKnown = -unixEpochDays, true, true
		return true, nil
	case "allballs":
		p.hasTime, p.out.timeOfDay, p.out.offsetKnown, p.out.offset = true, 0, true, 0
		return true, nil
	case "now", "today", "tomorrow", "yesterday":
		return true, p.relative(w)
	case "at", "on":
		return true, nil
	}
	return false, nil
}

func (p *dateTimeParser) relative(w string) error {
	if p.daysFixed || p.hasDay {
		return p.bad()
	}
	instant := TimestampFromTime(p.env.now())
	days, timeOfDay := SplitTimestamp(UTCToLocal(p.env.location(), instant))
	p.daysFixed = true
	switch w {
	case "now":
		p.hasTime, p.out.timeOfDay = true, timeOfDay
		p.out.offsetKnown, p.out.offset = true, zoneOffset(p.env.location(), instant)
	case "tomorrow":
		days++
	case "yesterday":
		days--
	}
	p.out.days = days
	return nil
}

func (p *dateTimeParser) zoneName(start string) error {
	p.rest = start
	name := p.span(func(c byte) bool { return isAlpha(c) || isDigit(c) || c == '/' || c == '_' || c == '-' || c == '+' })
	if p.out.offsetKnown || p.out.location != nil {
		return p.bad()
	}
	if off, ok := zoneAbbreviations[strings.ToLower(name)]; ok {
		p.out.offsetKnown, p.out.offset = true, off
		return nil
	}
	if strings.Contains(name, "/") || p.hasDay || p.daysFixed {
		if loc, ok := LoadZone(name); ok {
			p.out.location = loc
			return nil
		}
		if strings.Contains(name, "/") {
			return pgerr.New(pgerr.InvalidParameterValue, "time zone \"%s\" not recognized", strings.ToLower(name))
		}
	}
	return p.bad()
}

func monthName(w string) (int, bool) {
	names := [...]string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
		"november", "december"}
	w = strings.ToLower(w)
	for i, name := range names {
		if w == name || w == name[:3] || w == "sept" && i == 8 {
			return i + 1, true
		}
	}
	return 0, false
}

func dayName(w string) bool {
	switch w {
	case "sunday", "sun", "monday", "mon", "tuesday", "tue", "tues", "wednesday", "wed", "weds", "thursday", "thu", "thur", "thurs",
		"friday", "fri", "saturday", "sat":
		return true
	}
	return false
}
