package expr

import (
	"strconv"
	"strings"
	"time"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// dateReader reads a text under a pattern of to_timestamp.
type dateReader struct {
	rest           string
	values         map[string]int64
	pm, twelve, bc bool
	half           bool // AM or PM was given
}

// fieldDigits are the digits a field takes at most when other digits follow.
var fieldDigits = map[string]int{
	"YYYY": 4, "YYY": 3, "YY": 2, "Y": 1, "IYYY": 4, "IYY": 3, "IY": 2, "I": 1, "CC": 2, "MM": 2, "DD": 2, "DDD": 3, "IDDD": 3, "D": 1, "ID": 1,
	"WW": 2, "IW": 2, "W": 1, "Q": 1, "J": 7, "HH": 2, "HH12": 2, "HH24": 2, "MI": 2, "SS": 2, "MS": 3, "US": 6, "SSSS": 5, "SSSSS": 5, "TZH": 2, "TZM": 2,
	"FF1": 1, "FF2": 2, "FF3": 3, "FF4": 4, "FF5": 5, "FF6": 6,
}

func readPattern(s, pattern string) (*dateReader, error) {
	r := &dateReader{rest: s, values: map[string]int64{}}
	tokens := parseDatePattern(pattern)
	for i, t := range tokens {
		if t.word == "" {
			r.separator(t.text)
			continue
		}
		bounded := i+1 < len(tokens) && tokens[i+1].word != "" && fieldDigits[strings.ToUpper(tokens[i+1].word)] > 0
		if err := r.field(t, bounded && !t.fill); err != nil {
			return nil, err
		}
		if t.ordinal != 0 {
			r.rest = r.rest[min(2, len(r.rest)):]
		}
	}
	return r, nil
}

// separator skips what the pattern has between fields: blanks and punctuation for one another, a letter for any character.
func (r *dateReader) separator(text string) {
	for i := range len(text) {
		if isSeparator(text[i]) {
			r.blanks()
			if r.rest != "" && isSeparator(r.rest[0]) && r.rest[0] != '-' && r.rest[0] != '+' || r.rest != "" && r.rest[0] == text[i] {
				r.rest = r.rest[1:]
			}
			continue
		}
		if r.rest != "" {
			r.rest = r.rest[1:]
		}
	}
}

func isSeparator(c byte) bool {
	return c > ' ' && c < 127 && !(c >= '0' && c <= '9') && !(c|0x20 >= 'a' && c|0x20 <= 'z') || c == ' '
}

func (r *dateReader) blanks() { r.rest = strings.TrimLeft(r.rest, " \t\n\r") }

func (r *dateReader) field(t dateToken, bounded bool) error {
	r.blanks()
	word := strings.ToUpper(t.word)
	switch word {
	case "AM", "PM", "A.M.", "P.M.":
		return r.halfDay(t.word)
	case "AD", "BC", "A.D.", "B.C.":
		for _, w := range []string{"AD", "BC", "A.D.", "B.C."} {
			if len(r.rest) >= len(w) && strings.EqualFold(r.rest[:len(w)], w) {
				r.bc, r.rest = w[0] == 'B', r.rest[len(w):]
				return nil
			}
		}
		return r.invalid(t.word)
	case "MONTH", "MON", "DAY", "DY":
		return r.word(t.word, word)
	case "RM":
		best := ""
		for i, m := range romanMonths {
			if len(m) > len(best) && len(r.rest) >= len(m) && strings.EqualFold(r.rest[:len(m)], m) {
				best = m
				r.values["MM"] = int64(i + 1)
			}
		}
		if best == "" {
			return r.invalid(t.word)
		}
		r.rest = r.rest[len(best):]
		return nil
	case "TZ", "OF":
		return pgerr.New(pgerr.FeatureNotSupported, "formatting field \"%s\" is only supported in to_char", t.word)
	case "Y,YYY":
		n := 0
		for n < len(r.rest) && (r.rest[n] >= '0' && r.rest[n] <= '9' || r.rest[n] == ',') {
			n++
		}
		v, err := strconv.ParseInt(strings.ReplaceAll(r.rest[:n], ",", ""), 10, 32)
		if err != nil {
			return pgInvalidDatetime("invalid input string for \"Y,YYY\"")
		}
		r.values["YYYY"], r.rest = v, r.rest[n:]
		return nil
	}
	return r.number(t.word, word, bounded)
}

func (r *dateReader) invalid(word string) error {
	end := strings.IndexByte(r.rest, ' ')
	if end < 0 {
		end = len(r.rest)
	}
	return pgInvalidDatetime("invalid value \"%s\" for \"%s\"", r.rest[:end], word).
		WithDetail("The given value did not match any of the allowed values for this field.")
}

func (r *dateReader) halfDay(word string) error {
	for _, w := range []string{"AM", "PM", "A.M.", "P.M."} {
		if len(r.rest) >= len(w) && strings.EqualFold(r.rest[:len(w)], w) {
			r.pm, r.half, r.rest = w[0] == 'P', true, r.rest[len(w):]
			return nil
		}
	}
	return r.invalid(word)
}

func (r *dateReader) word(given, word string) error {
	count, name := 12, func(i int) string { return time.Month(i + 1).String() }
	if word[0] == 'D' {
		count, name = 7, func(i int) string { return time.Weekday(i).String() }
	}
	for i := range count {
		full := name(i)
		if word == "MON" || word == "DY" {
			full = full[:3]
		}
		if len(r.rest) >= len(full) && strings.EqualFold(r.rest[:len(full)], full) {
			r.rest = r.rest[len(full):]
			if word[0] == 'M' {
				r.values["MM"] = int64(i + 1)
			}
			return nil
		}
	}
	return r.invalid(given)
}

func (r *dateReader) number(given, word string, bounded bool) error {
	n := 0
	if r.rest != "" && (r.rest[0] == '-' || r.rest[0] == '+') {
		n = 1
	}
	limit := len(r.rest)
	if width := fieldDigits[word]; bounded || word == "MS" || word == "US" || strings.HasPrefix(word, "FF") {
		limit = min(limit, n+width)
	}
	for n < limit && r.rest[n] >= '0' && r.rest[n] <= '9' {
		n++
	}
	digits := r.rest[:n]
	v, err := strconv.ParseInt(digits, 10, 32)
	if err != nil {
		if len(strings.TrimLeft(digits, "+-")) > 9 {
			return pgerr.New(pgerr.DatetimeFieldOverflow, "value for \"%s\" in source string is out of range", given).
				WithDetail("Value must be in the range %d to %d.", -1<<31, 1<<31-1)
		}
		if r.rest == "" { // what is missing at the end has its default
			return nil
		}
		width := min(fieldDigits[word], datum.CharOffset(r.rest, fieldDigits[word]))
		return pgInvalidDatetime("invalid value \"%s\" for \"%s\"", r.rest[:min(width, len(r.rest))], given).WithDetail("Value must be an integer.")
	}
	if word == "YYY" || word == "YY" || word == "Y" {
		switch {
		case len(digits) > 3:
		case v < 70:
			v += 2000
		case v < 100:
			v += 1900
		case v < 520:
			v += 2000
		case v < 1000:
			v += 1000
		}
		word = "YYYY"
	}
	switch word {
	case "HH", "HH12":
		if v < 1 || v > 12 {
			return pgInvalidDatetime("hour \"%d\" is invalid for the 12-hour clock", v).
				WithHint("Use the 24-hour clock, or give an hour between 1 and 12.")
		}
		r.twelve, word = true, "HH24"
	case "MS", "US", "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		for range 6 - len(digits) {
			v *= 10
		}
		word = "US"
	case "SSSSS":
		word = "SSSS"
	}
	if old, ok := r.values[word]; ok && old != v {
		return pgInvalidDatetime("conflicting values for \"%s\" field in formatting string", given).
			WithDetail("This value contradicts a previous setting for the same field type.")
	}
	r.values[word], r.rest = v, r.rest[n:]
	return nil
}

func (r *dateReader) value(name string, otherwise int64) int64 {
	if v, ok := r.values[name]; ok {
		return v
	}
	return otherwise
}

// date is the day that the fields give, since 2000.
func (r *dateReader) date(input string) (int64, error) {
	bad := func() (int64, error) {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", input)
	}
	for _, unsupported := range []string{"IYYY", "IYY", "IY", "I", "IDDD", "IW", "WW", "W", "CC"} {
		if _, ok := r.values[unsupported]; ok {
			return 0, pgerr.New(pgerr.FeatureNotSupported, "%s in a pattern to read is not supported", unsupported)
		}
	}
	if j, ok := r.values["J"]; ok {
		return j - 2451545, nil
	}
	year := r.value("YYYY", 0)
	if r.bc {
		year = 1 - year
	}
	if _, ok := r.values["YYYY"]; !ok {
		year = 0
	}
	if n, ok := r.values["DDD"]; ok {
		first := datum.CivilToDays(int(year), 1, 1)
		if n < 1 || n > datum.CivilToDays(int(year)+1, 1, 1)-first {
			return bad()
		}
		return first + n - 1, nil
	}
	month, day := r.value("MM", 1), r.value("DD", 1)
	if month < 1 || month > 12 || day < 1 || day > int64(datum.DaysInMonth(int(year), int(month))) {
		return bad()
	}
	days := datum.CivilToDays(int(year), int(month), int(day))
	if !datum.DateInRange(days) {
		return bad()
	}
	return days, nil
}

func readDate(s, pattern string) (Datum, error) {
	r, err := readPattern(s, pattern)
	if err != nil {
		return Datum{}, err
	}
	days, err := r.date(s)
	return datum.NewInt(days), err
}

func readTimestamp(ctx *EvalCtx, s, pattern string) (Datum, error) {
	r, err := readPattern(s, pattern)
	if err != nil {
		return Datum{}, err
	}
	days, err := r.date(s)
	if err != nil {
		return Datum{}, err
	}
	hour, minute, second := r.value("HH24", 0), r.value("MI", 0), r.value("SS", 0)
	if r.half || r.twelve {
		if r.pm && hour < 12 {
			hour += 12
		} else if !r.pm && hour == 12 {
			hour = 0
		}
	}
	if hour > 23 || hour < 0 || minute > 59 || minute < 0 || second > 59 || second < 0 {
		return Datum{}, pgerr.New(pgerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", s)
	}
	clock := (hour*3600+minute*60+second+r.value("SSSS", 0))*datum.MicrosPerSecond + r.value("US", 0)
	local := days*datum.MicrosPerDay + clock
	if hours, ok := r.values["TZH"]; ok {
		minutes := r.value("TZM", 0)
		if hours < 0 {
			minutes = -minutes
		}
		return inTimestampRange(local - (hours*60+minutes)*datum.MicrosPerMinute)
	}
	if !datum.TimestampInRange(local) {
		return Datum{}, pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range")
	}
	return inTimestampRange(datum.LocalToUTC(ctx.location(), local))
}
