package expr

import (
	"strings"
	"unicode/utf8"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// similarTo turns a pattern of SIMILAR TO into a regular expression: % and _ as in LIKE, the rest of the syntax as in regular
// expressions, over the whole text.
func similarTo(_ *EvalCtx, a, b Datum) (Datum, error) {
	if utf8.RuneCountInString(b.S) > 1 {
		return Datum{}, pgerr.New(pgerr.InvalidEscapeSequence, "invalid escape string").WithHint("Escape string must be empty or one character.")
	}
	escape, _ := utf8.DecodeRuneInString(b.S)
	var out strings.Builder
	out.WriteString("^(?:")
	escaped, bracket := false, false
	for _, c := range a.S {
		switch {
		case escaped:
			out.WriteByte('\\')
			out.WriteRune(c)
			escaped = false
		case b.S != "" && c == escape:
			escaped = true
		case bracket:
			if c == '\\' {
				out.WriteByte('\\')
			}
			bracket = c != ']'
			out.WriteRune(c)
		case c == '[':
			bracket = true
			out.WriteRune(c)
		case c == '%':
			out.WriteString(".*")
		case c == '_':
			out.WriteByte('.')
		case c == '(':
			out.WriteString("(?:")
		case c == '\\' || c == '.' || c == '^' || c == '$':
			out.WriteByte('\\')
			out.WriteRune(c)
		default:
			out.WriteRune(c)
		}
	}
	out.WriteString(")$")
	return datum.NewText(out.String()), nil
}
