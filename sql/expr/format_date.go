package expr

import (
	"fmt"
	"strings"
	"time"

	"github.com/quiredb/quire/core/datum"
)

// Patterns of to_char and to_timestamp for dates, as PostgreSQL's formatting functions have them (its manual, 9.8): words that stand for
// fields, text in quotes, and everything else as it is.

// dateToken is a word of a pattern, or text.
type dateToken struct {
	word    string // empty for text
	text    string
	fill    bool // FM: no padding
	ordinal byte // 0, 't' for th, 'T' for TH
}

// dateWords are the words, each before its own beginnings. Names are spelt in three ways, all others in two.
var dateWords = func() []string {
	upper := strings.Fields("A.D. A.M. AD AM B.C. BC CC DAY DDD DD DY D FF1 FF2 FF3 FF4 FF5 FF6 HH24 HH12 HH IDDD ID IW IYYY IYY IY I J " +
		"MI MM MONTH MON MS OF P.M. PM Q RM SSSSS SSSS SS TZH TZM TZ US WW W Y,YYY YYYY YYY YY Y")
	words := strings.Fields("Day Dy Month Mon")
	for _, w := range upper {
		words = append(words, w, strings.ToLower(w))
	}
	return words
}()

func longestWord(words []string, s string) string {
	best := ""
	for _, w := range words {
		if len(w) > len(best) && strings.HasPrefix(s, w) {
			best = w
		}
	}
	return best
}

func parseDatePattern(s string) []dateToken {
	var out []dateToken
	fill := false
	for s != "" {
		if prefix := strings.ToUpper(s[:min(2, len(s))]); prefix == "FM" || prefix == "FX" || prefix == "TM" {
			fill = fill || prefix == "FM"
			s = s[2:]
			continue
		}
		if w := longestWord(dateWords, s); w != "" {
			t := dateToken{word: w, fill: fill}
			s = s[len(w):]
			switch {
			case strings.HasPrefix(s, "TH"):
				t.ordinal, s = 'T', s[2:]
			case strings.HasPrefix(s, "th"):
				t.ordinal, s = 't', s[2:]
			}
			out, fill = append(out, t), false
			continue
		}
		fill = false
		n := 1
		switch {
		case s[0] == '"':
			end := 1
			var b strings.Builder
			for end < len(s) && s[end] != '"' {
				if s[end] == '\\' && end+1 < len(s) {
					end++
				}
				b.WriteByte(s[end])
				end++
			}
			out = append(out, dateToken{text: b.String()})
			s = s[min(end+1, len(s)):]
			continue
		case s[0] == '\\' && len(s) > 1 && s[1] == '"':
			s = s[1:]
		default:
			n = datum.CharOffset(s, 1)
		}
		out = append(out, dateToken{text: s[:n]})
		s = s[n:]
	}
	return out
}

// dateFields are what a pattern can print: of a point in time, or of an interval.
type dateFields struct {
	year, month, day, hour, minute, second, micros int64
	days                                           int64 // since 2000, for what follows from the date
	offset                                         int   // seconds east of Greenwich
	zone                                           string
	interval                                       bool
}

func fieldsOfTimestamp(micros int64) dateFields {
	days, clock := datum.SplitTimestamp(micros)
	y, m, d := datum.DaysToCivil(days)
	return dateFields{
		year: int64(y), month: int64(m), day: int64(d), days: days, hour: clock / datum.MicrosPerHour, minute: clock / datum.MicrosPerMinute % 60,
		second: clock / datum.MicrosPerSecond % 60, micros: clock % datum.MicrosPerSecond,
	}
}

func fieldsOfInterval(v datum.IntervalValue) dateFields {
	return dateFields{
		interval: true, year: int64(v.Months / 12), month: int64(v.Months % 12), day: int64(v.Days), hour: v.Micros / datum.MicrosPerHour,
		minute: v.Micros / datum.MicrosPerMinute % 60, second: v.Micros / datum.MicrosPerSecond % 60, micros: v.Micros % datum.MicrosPerSecond,
	}
}

// print fills a pattern.
func (f dateFields) print(tokens []dateToken) (string, error) {
	var b strings.Builder
	for _, t := range tokens {
		if t.word == "" {
			b.WriteString(t.text)
			continue
		}
		s, err := f.field(t)
		if err != nil {
			return "", err
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

// number pads with zeros; a sign takes a place of its own.
func (t dateToken) number(v int64, width int) string {
	switch {
	case t.fill:
		width = 0
	case v < 0:
		width++
	}
	s := fmt.Sprintf("%0*d", width, v)
	if t.ordinal != 0 {
		s += ordinal(s, t.ordinal == 'T')
	}
	return s
}

// ordinal is th and its kin for a printed number.
func ordinal(s string, upper bool) string {
	last := s[len(s)-1]
	word := map[byte]string{'1': "st", '2': "nd", '3': "rd"}[last]
	if word == "" || len(s) > 1 && s[len(s)-2] == '1' {
		word = "th"
	}
	if upper {
		return strings.ToUpper(word)
	}
	return word
}

// name spells a name as the pattern's word is spelt, padded to a width.
func (t dateToken) name(s string, width int) string {
	switch {
	case strings.ToUpper(t.word) == t.word:
		s = strings.ToUpper(s)
	case strings.ToLower(t.word) == t.word:
		s = strings.ToLower(s)
	}
	if t.fill {
		return s
	}
	return fmt.Sprintf("%-*s", width, s)
}

var romanMonths = strings.Fields("I II III IV V VI VII VIII IX X XI XII")

func (f dateFields) field(t dateToken) (string, error) {
	year := f.year
	if year <= 0 && !f.interval {
		year = 1 - year // there is no year 0
	}
	word := strings.ToUpper(t.word)
	switch word {
	case "AM", "PM", "A.M.", "P.M.":
		half := "AM"
		if h := f.hour % 24; h >= 12 {
			half = "PM"
		}
		if len(word) == 4 {
			half = half[:1] + "." + half[1:] + "."
		}
		return t.name(half, 0), nil
	case "HH", "HH12":
		h := f.hour % 12
		if h == 0 {
			h = 12
		}
		return t.number(h, 2), nil
	case "HH24":
		return t.number(f.hour, 2), nil
	case "MI":
		return t.number(f.minute, 2), nil
	case "SS":
		return t.number(f.second, 2), nil
	case "MS", "FF3":
		return fmt.Sprintf("%03d", f.micros/1000) + t.suffix(f.micros/1000), nil
	case "US", "FF6":
		return fmt.Sprintf("%06d", f.micros) + t.suffix(f.micros), nil
	case "FF1", "FF2", "FF4", "FF5":
		n := int(word[2] - '0')
		return fmt.Sprintf("%06d", f.micros)[:n], nil
	case "SSSS", "SSSSS":
		return t.number(f.hour*3600+f.minute*60+f.second, 0), nil
	case "Y,YYY":
		return fmt.Sprintf("%d,%03d", year/1000, year%1000) + t.suffix(year), nil
	case "YYYY":
		return t.number(year, 4), nil
	case "YYY":
		return t.number(year%1000, 3), nil
	case "YY":
		return t.number(year%100, 2), nil
	case "Y":
		return t.number(year%10, 1), nil
	case "CC":
		return f.century(t), nil
	case "MM":
		return t.number(f.month, 2), nil
	case "DD":
		return t.number(f.day, 2), nil
	case "Q":
		if f.month == 0 {
			return "", nil
		}
		return t.number((f.month-1)/3+1, 0), nil
	case "RM":
		return f.roman(t), nil
	case "DDD":
		return t.number(f.dayOfYear(), 3), nil
	}
	if f.interval {
		return "", pgInvalidDatetime("invalid format specification for an interval value").WithHint("Intervals are not tied to specific calendar dates.")
	}
	return f.calendar(t, word), nil
}

func (t dateToken) suffix(v int64) string {
	if t.ordinal == 0 {
		return ""
	}
	return ordinal(fmt.Sprint(v), t.ordinal == 'T')
}

// dayOfYear counts from 1; an interval's is its days in the calendar's sense, months of 30 and years of 360 days.
func (f dateFields) dayOfYear() int64 {
	if f.interval {
		return f.year*360 + f.month*30 + f.day
	}
	return f.days - datum.CivilToDays(int(f.year), 1, 1) + 1
}

func (f dateFields) century(t dateToken) string {
	c := f.year / 100
	if !f.interval {
		if f.year > 0 {
			c = (f.year-1)/100 + 1
		} else {
			c = f.year/100 - 1
		}
	}
	if c > -100 && c < 100 {
		return t.number(c, 2)
	}
	return t.number(c, 0)
}

func (f dateFields) roman(t dateToken) string {
	m := f.month
	switch {
	case m == 0 && f.year == 0:
		return ""
	case m == 0 && f.year > 0:
		m = 12
	case m == 0:
		m = 1
	case m < 0:
		m += 13
	}
	return t.name(romanMonths[m-1], 4)
}

// calendar prints fields that only a date has.
func (f dateFields) calendar(t dateToken, word string) string {
	isoYear, isoWeek := isoWeek(f.days)
	if isoYear <= 0 {
		isoYear = 1 - isoYear
	}
	switch word {
	case "AD", "BC", "A.D.", "B.C.":
		era := "AD"
		if f.year <= 0 {
			era = "BC"
		}
		if len(word) == 4 {
			era = era[:1] + "." + era[1:] + "."
		}
		return t.name(era, 0)
	case "MONTH":
		return t.name(time.Month(f.month).String(), 9)
	case "MON":
		return t.name(time.Month(f.month).String()[:3], 0)
	case "DAY":
		return t.name(time.Weekday(weekday(f.days)).String(), 9)
	case "DY":
		return t.name(time.Weekday(weekday(f.days)).String()[:3], 0)
	case "D":
		return t.number(weekday(f.days)+1, 0)
	case "ID":
		return t.number((weekday(f.days)+6)%7+1, 0)
	case "IDDD":
		return t.number((isoWeek-1)*7+(weekday(f.days)+6)%7+1, 3)
	case "WW":
		return t.number((f.dayOfYear()-1)/7+1, 2)
	case "W":
		return t.number((f.day-1)/7+1, 0)
	case "IW":
		return t.number(isoWeek, 2)
	case "IYYY":
		return t.number(isoYear, 4)
	case "IYY":
		return t.number(isoYear%1000, 3)
	case "IY":
		return t.number(isoYear%100, 2)
	case "I":
		return t.number(isoYear%10, 1)
	case "J":
		const julian2000 = 2451545
		return t.number(f.days+julian2000, 0)
	case "TZ":
		return t.name(f.zone, 0)
	case "TZH":
		return fmt.Sprintf("%+03d", f.offset/3600)
	case "TZM":
		return fmt.Sprintf("%02d", max(f.offset, -f.offset)/60%60)
	}
	out := fmt.Sprintf("%+03d", f.offset/3600) // OF
	if m := max(f.offset, -f.offset) / 60 % 60; m != 0 {
		out += fmt.Sprintf(":%02d", m)
	}
	return out
}
