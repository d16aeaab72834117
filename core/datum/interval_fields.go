package datum

import "strings"

// An intervalUnit is what a number of an interval counts.
type intervalUnit uint8

const (
	unitNone intervalUnit = iota
	unitMicrosecond
	unitMillisecond
	unitSecond
	unitMinute
	unitHour
	unitDay
	unitWeek
	unitMonth
	unitYear
	unitDecade
	unitCentury
	unitMillennium
	unitOther // a word that PostgreSQL knows and no number goes with
)

// A unitSet has a bit for each unit.
type unitSet uint32

const (
	unitsOfSeconds = unitSet(1<<unitSecond | 1<<unitMillisecond | 1<<unitMicrosecond)
	unitsOfTime    = unitsOfSeconds | 1<<unitMinute | 1<<unitHour
)

// unitWordLength is how many letters of a unit count.
const unitWordLength = 10

var intervalUnits = func() map[string]intervalUnit {
	m := map[string]intervalUnit{}
	for unit, words := range map[intervalUnit]string{
		unitMicrosecond: "us usec usecond useconds usecs microsecon", unitMillisecond: "ms msec msecond mseconds msecs millisecon",
		unitSecond: "s sec second seconds secs", unitMinute: "m min mins minute minutes", unitHour: "h hour hours hr hrs", unitDay: "d day days",
		unitWeek: "w week weeks", unitMonth: "mon mons month months", unitYear: "y year years yr yrs", unitDecade: "dec decs decade decades",
		unitCentury: "c cent centuries century", unitMillennium: "mil mils millennia millennium", unitOther: "qtr quarter timezone",
	} {
		for _, w := range strings.Fields(words) {
			m[w] = unit
		}
	}
	return m
}()

// intervalBreaks are the words behind which digits begin a field of their own; digits behind another word belong to it.
var intervalBreaks = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`ad allballs am apr april at aug august bc d dec december dow doy dst epoch feb february fri friday h infinity
		isodow isoyear j jan january jd jul julian july jun june m mar march may mm mon monday nov november now oct october on pm s sat saturday
		sep sept september sun sunday t thu thur thurs thursday today tomorrow tue tues tuesday wed wednesday weds y yesterday`) {
		m[w[:min(len(w), unitWordLength)]] = true
	}
	return m
}()

// An intervalField is a token of an interval's verbose format, in lower case.
type intervalField struct {
	text   string
	word   bool // letters
	time   bool // 12:34:56
	signed bool // begins with a sign and has a digit
}

// maxIntervalFields and maxIntervalText are how much of a text PostgreSQL looks at.
const (
	maxIntervalFields = 25
	maxIntervalText   = 256
)

// splitInterval cuts the text into fields. Punctuation that begins none only separates.
func splitInterval(s string) (fields []intervalField, problem intervalProblem) {
	size := 0
	for s != "" {
		f, rest := intervalField{}, ""
		switch c := s[0]; {
		case isSpace(c):
			s = s[1:]
			continue
		case isDigit(c):
			f, rest = numberField(s)
		case c == '.':
			n := 1 + span(s[1:], isDigit)
			f, rest = intervalField{text: s[:n]}, s[n:]
		case isAlpha(c):
			f, rest = wordField(s)
		case c == '+' || c == '-':
			t := s[1:]
			t = t[span(t, isSpace):]
			switch {
			case t != "" && (isDigit(t[0]) || t[0] == '.'):
				n := 1 + span(t[1:], func(c byte) bool { return isDigit(c) || c == ':' || c == '.' || c == '-' })
				f, rest = intervalField{text: s[:1] + t[:n], signed: true}, t[n:]
			case t != "" && isAlpha(t[0]):
				n := span(t, isAlpha)
				f, rest = intervalField{text: s[:1] + strings.ToLower(t[:n]), word: true}, t[n:]
			default:
				return nil, intervalSyntax
			}
		case c > ' ' && c < 0x7f:
			s = s[1:]
			continue
		default:
			return nil, intervalSyntax
		}
		size += len(f.text) + 1
		if len(fields) == maxIntervalFields || size > maxIntervalText {
			return nil, intervalSyntax
		}
		fields, s = append(fields, f), rest
	}
	return fields, intervalSound
}

// span is how many bytes at the start of s meet a condition.
func span(s string, of func(byte) bool) int {
	n := 0
	for n < len(s) && of(s[n]) {
		n++
	}
	return n
}

// numberField cuts off what begins with a digit: a number, a time, or a date, which no interval has but which is one field.
func numberField(s string) (intervalField, string) {
	n := span(s, isDigit)
	if n == len(s) {
		return intervalField{text: s}, ""
	}
	delimiter := s[n]
	switch delimiter {
	case ':':
		n += span(s[n:], func(c byte) bool { return isDigit(c) || c == ':' || c == '.' })
		return intervalField{text: s[:n], time: true}, s[n:]
	case '-', '/', '.':
		n++
		if digits := span(s[n:], isDigit); digits > 0 {
			n += digits
			if n < len(s) && s[n] == delimiter {
				n += span(s[n:], func(c byte) bool { return isDigit(c) || c == delimiter })
			}
		} else {
			n += span(s[n:], func(c byte) bool { return isDigit(c) || isAlpha(c) || c == delimiter })
		}
	}
	return intervalField{text: strings.ToLower(s[:n])}, s[n:]
}

// wordField cuts off what begins with a letter: a word, or what looks like a date or zone with a name in it.
func wordField(s string) (intervalField, string) {
	n := span(s, isAlpha)
	word := strings.ToLower(s[:n])
	if n == len(s) {
		return intervalField{text: word, word: true}, ""
	}
	switch c := s[n]; {
	case c == '-' || c == '/' || c == '.', (c == '+' || isDigit(c)) && !intervalBreaks[word[:min(len(word), unitWordLength)]]:
		n += span(s[n:], func(c byte) bool { return isDigit(c) || isAlpha(c) || strings.IndexByte("+-/_.:", c) >= 0 })
		return intervalField{text: strings.ToLower(s[:n])}, s[n:]
	}
	return intervalField{text: word, word: true}, s[n:]
}
