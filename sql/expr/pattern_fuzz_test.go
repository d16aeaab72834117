package expr_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// slowLike is LIKE as its definition reads, character by character, trying everything. It is the oracle of the fast one.
func slowLike(s, p []rune) bool {
	switch {
	case len(p) == 0:
		return len(s) == 0
	case p[0] == '%':
		return slowLike(s, p[1:]) || len(s) > 0 && slowLike(s[1:], p)
	case len(s) == 0:
		return false
	case p[0] == '\\' && len(p) > 1:
		return s[0] == p[1] && slowLike(s[1:], p[2:])
	}
	return (p[0] == '_' || p[0] == s[0]) && slowLike(s[1:], p[1:])
}

func operatorOn(t testing.TB, name, s, pattern string) (datum.Datum, error) {
	b := expr.Builder{Registry: expr.NewRegistry()}
	e, err := b.Op(name, &expr.ColumnRef{T: expr.TypeOf(datum.Text)}, expr.NewConst(datum.NewText(pattern), datum.Text))
	require.NoError(t, err)
	return expr.Compile(e)(expr.NewContext(), []datum.Datum{datum.NewText(s)})
}

func FuzzLike(f *testing.F) {
	for _, c := range [][2]string{{"mississippi", "m%iss%_p%"}, {"héllo", "h_llo"}, {"", "%"}, {"a%b", `a\%b`}, {"abcabc", "%abc"}, {"aaa", "_%_%_"}, {"ab", `ab\`}} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, s, pattern string) {
		if len(s) > 24 || len(pattern) > 10 || !utf8.ValidString(s) || !utf8.ValidString(pattern) {
			return
		}
		d, err := operatorOn(t, "~~", s, pattern)
		if trimmed := strings.TrimRight(pattern, `\`); (len(pattern)-len(trimmed))%2 == 1 {
			return // it ends with an escape: an error, or false if no text gets there
		}
		require.NoError(t, err)
		require.Equal(t, slowLike([]rune(s), []rune(pattern)), d.Bool(), "%q LIKE %q", s, pattern)
		if prefix, exact := expr.LikePrefix(pattern); d.Bool() {
			require.True(t, strings.HasPrefix(s, prefix))
			require.True(t, !exact || s == prefix)
		}
	})
}

// FuzzRegex compiles any pattern: it never panics, and errors are the user's.
func FuzzRegex(f *testing.F) {
	for _, p := range []string{`^a.*b$`, `[[:alpha:]]+\d{2,3}`, `(?i)x|y`, `[]a]`, `\mfoo\M`, `a(?=b)`, `(a)\1`, `[[.hyphen.]]`, `\u00e9`, `***=a.b`, `[\w-]`} {
		f.Add("some text", p)
	}
	f.Fuzz(func(t *testing.T, s, pattern string) {
		if !utf8.ValidString(pattern) || len(pattern) > 200 {
			return
		}
		if _, err := operatorOn(t, "~", s, pattern); err != nil {
			require.NotEqual(t, pgerr.InternalError, pgerr.CodeOf(err), "%v", err)
		}
	})
}
