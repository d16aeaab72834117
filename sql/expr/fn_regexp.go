package expr

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/quiredb/quire/core/datum"
)

func checkPositive(name string, v int64) error {
	if v <= 0 {
		return invalidParameter("invalid value for parameter \"%s\": %d", name, v)
	}
	return nil
}

// regexSubstring returns the nth match from character start on: all of it (group 0), one group, or, for group -1, the first
// group if there is one.
func regexSubstring(ctx *EvalCtx, s, pattern, flags string, start, nth, group int64) (Datum, error) {
	if err := checkPositive("start", start); err != nil {
		return Datum{}, err
	}
	if err := checkPositive("n", nth); err != nil {
		return Datum{}, err
	}
	if group < -1 {
		return Datum{}, invalidParameter("invalid value for parameter \"%s\": %d", "subexpr", group)
	}
	re, err := ctx.regex(pattern, flags)
	if err != nil {
		return Datum{}, err
	}
	if group == -1 {
		group = int64(min(re.NumSubexp(), 1))
	}
	if start > int64(utf8.RuneCountInString(s))+1 || group > int64(re.NumSubexp()) {
		return datum.NewNull(), nil
	}
	s = s[datum.CharOffset(s, int(start-1)):]
	matches := re.FindAllStringSubmatchIndex(s, int(nth))
	if int64(len(matches)) < nth {
		return datum.NewNull(), nil
	}
	m := matches[nth-1]
	if m[2*group] < 0 {
		return datum.NewNull(), nil
	}
	return datum.NewText(s[m[2*group]:m[2*group+1]]), nil
}

// regexpReplace is regexp_replace(string, pattern, replacement [, flags]).
func regexpReplace(ctx *EvalCtx, a []Datum) (Datum, error) {
	flags, nth := "", int64(1)
	if len(a) == 4 {
		flags = a[3].S
		if strings.Contains(flags, "g") {
			nth = 0
		}
	}
	return replaceMatches(ctx, a, flags, 1, nth)
}

// regexpReplaceFrom is regexp_replace(string, pattern, replacement, start [, N [, flags]]); N of 0 means all.
func regexpReplaceFrom(ctx *EvalCtx, a []Datum) (Datum, error) {
	nth, flags := int64(1), ""
	if len(a) > 4 {
		nth = a[4].I
	}
	if len(a) > 5 {
		flags = a[5].S
	}
	if err := checkPositive("start", a[3].I); err != nil {
		return Datum{}, err
	}
	if nth < 0 {
		return Datum{}, checkPositive("n", nth)
	}
	if strings.Contains(flags, "g") && len(a) < 5 {
		nth = 0
	}
	return replaceMatches(ctx, a, flags, a[3].I, nth)
}

func replaceMatches(ctx *EvalCtx, a []Datum, flags string, start, nth int64) (Datum, error) {
	re, err := ctx.regex(a[1].S, flags)
	if err != nil {
		return Datum{}, err
	}
	s := a[0].S
	from := datum.CharOffset(s, int(start-1))
	head, tail := s[:from], s[from:]
	limit := -1
	if nth > 0 {
		limit = int(nth)
	}
	matches := re.FindAllStringSubmatchIndex(tail, limit)
	var b strings.Builder
	b.WriteString(head)
	at := 0
	for i, m := range matches {
		if nth > 0 && int64(i) != nth-1 {
			continue
		}
		b.WriteString(tail[at:m[0]])
		expandReplacement(&b, a[2].S, tail, m)
		at = m[1]
		if b.Len() > maxText {
			return Datum{}, errTooLong()
		}
	}
	b.WriteString(tail[at:])
	return datum.NewText(b.String()), nil
}

// expandReplacement writes a replacement in which \1 to \9 are groups, \& is the whole match and \\ a backslash.
func expandReplacement(b *strings.Builder, replacement, s string, m []int) {
	for i := 0; i < len(replacement); i++ {
		c := replacement[i]
		if c != '\\' || i+1 == len(replacement) {
			b.WriteByte(c)
			continue
		}
		i++
		switch c = replacement[i]; {
		case c == '&':
			b.WriteString(s[m[0]:m[1]])
		case c >= '1' && c <= '9':
			if g := 2 * int(c-'0'); g < len(m) && m[g] >= 0 {
				b.WriteString(s[m[g]:m[g+1]])
			}
		case c == '\\':
			b.WriteByte('\\')
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
}

func regexpLike(ctx *EvalCtx, a []Datum) (Datum, error) {
	flags := ""
	if len(a) == 3 {
		flags = a[2].S
	}
	re, err := ctx.regex(a[1].S, flags)
	if err != nil {
		return Datum{}, err
	}
	return datum.NewBool(re.MatchString(a[0].S)), nil
}

func regexpCount(ctx *EvalCtx, a []Datum) (Datum, error) {
	start, flags := int64(1), ""
	if len(a) > 2 {
		start = a[2].I
	}
	if len(a) > 3 {
		flags = a[3].S
	}
	if err := checkPositive("start", start); err != nil {
		return Datum{}, err
	}
	re, err := ctx.regex(a[1].S, flags)
	if err != nil {
		return Datum{}, err
	}
	s := a[0].S[datum.CharOffset(a[0].S, int(start-1)):]
	return datum.NewInt(int64(len(re.FindAllStringIndex(s, -1)))), nil
}

// regexpMatch returns the groups of the first match, or the match itself if there are none.
func regexpMatch(ctx *EvalCtx, a []Datum) (Datum, error) {
	flags := ""
	if len(a) == 3 {
		flags = a[2].S
	}
	re, err := ctx.regex(a[1].S, flags)
	if err != nil {
		return Datum{}, err
	}
	m := re.FindStringSubmatchIndex(a[0].S)
	if m == nil {
		return datum.NewNull(), nil
	}
	return matchGroups(a[0].S, m), nil
}

// matchGroups is the array of a match's groups, or of the match itself if there are none.
func matchGroups(s string, m []int) Datum {
	if len(m) > 2 {
		m = m[2:]
	}
	var list []Datum
	for i := 0; i < len(m); i += 2 {
		if m[i] < 0 {
			list = append(list, datum.NewNull())
			continue
		}
		list = append(list, datum.NewText(s[m[i]:m[i+1]]))
	}
	return datum.NewArray(text, list)
}

func textList(parts []string) Datum {
	list := make([]Datum, len(parts))
	for i, p := range parts {
		list[i] = datum.NewText(p)
	}
	return datum.NewArray(text, list)
}

func regexpSplit(ctx *EvalCtx, a []Datum) (Datum, error) {
	re, err := ctx.regex(a[1].S, "")
	if err != nil {
		return Datum{}, err
	}
	return textList(splitRegex(re, a[0].S)), nil
}

func splitRegex(re *regexp.Regexp, s string) []string {
	var parts []string
	at := 0
	for _, m := range re.FindAllStringIndex(s, -1) {
		if m[1] == m[0] && (m[0] == 0 || m[0] == len(s)) { // an empty match at either end splits nothing
			continue
		}
		parts = append(parts, s[at:m[0]])
		at = m[1]
	}
	return append(parts, s[at:])
}

// stringToArray splits at a separator; an empty one splits nothing, a null one splits into characters.
func stringToArray(_ *EvalCtx, s, separator Datum) (Datum, error) {
	switch {
	case s.Null:
		return s, nil
	case s.S == "":
		return datum.NewArray(text, nil), nil
	case separator.Null:
		return textList(strings.Split(s.S, "")), nil
	case separator.S == "":
		return textList([]string{s.S}), nil
	}
	return textList(strings.Split(s.S, separator.S)), nil
}
