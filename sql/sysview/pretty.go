package sysview

import (
	"regexp"
	"strings"
)

// Definitions are kept with all their parentheses. Functions with the argument pretty leave out those that nobody needs, as psql shows
// them: around the whole, around what AND and OR combine, around an argument, around a name that is cast.

// castName is a name or a number in parentheses before a cast, but not the arguments of a function.
var castName = regexp.MustCompile(`(^|[^\w"])\(([a-z_][a-z0-9_]*|[0-9]+(?:\.[0-9]+)?|"(?:[^"]|"")+")\)::`)

func prettyExpression(s string) string {
	return castName.ReplaceAllString(prettyCalls(prettyCondition(s)), "$1$2::")
}

// prettyCalls makes the arguments of function calls pretty.
func prettyCalls(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		end := -1
		switch {
		case s[i] == '\'' || s[i] == '"':
			end = min(skipQuoted(s, i), len(s)-1)
			b.WriteString(s[i : end+1])
		case s[i] == '(' && i > 0 && isNameByte(s[i-1]) && closing(s[i:]) > 0:
			end = i + closing(s[i:])
			args := splitTop(s[i+1:end], ", ")
			for k := range args {
				args[k] = prettyExpression(args[k])
			}
			b.WriteString("(" + strings.Join(args, ", ") + ")")
		}
		if end < 0 {
			b.WriteByte(s[i])
			continue
		}
		i = end
	}
	return b.String()
}

func isNameByte(c byte) bool {
	return c == '_' || c == '"' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func prettyCondition(s string) string {
	inner, ok := insideParentheses(s)
	if !ok {
		inner = s
	}
	for _, word := range []string{" OR ", " AND "} {
		parts := splitTop(inner, word)
		if len(parts) < 2 {
			continue
		}
		for i, part := range parts {
			pretty := prettyCondition(part)
			if word == " AND " && len(splitTop(pretty, " OR ")) > 1 {
				pretty = "(" + pretty + ")"
			}
			parts[i] = pretty
		}
		return strings.Join(parts, word)
	}
	return inner
}

// insideParentheses takes off one pair that is around all of s.
func insideParentheses(s string) (string, bool) {
	if !strings.HasPrefix(s, "(") {
		return s, false
	}
	if end := closing(s); end != len(s)-1 {
		return s, false
	}
	return s[1 : len(s)-1], true
}

// closing is the place of the parenthesis that ends the one which s begins with, -1 if there is none.
func closing(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\'', '"':
			i = skipQuoted(s, i)
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// skipQuoted returns the place of the quote that ends the one at i.
func skipQuoted(s string, i int) int {
	for j := i + 1; j < len(s); j++ {
		if s[j] == s[i] {
			return j // a doubled quote ends one and begins the next
		}
	}
	return len(s)
}

// splitTop splits at a word outside of quotes and parentheses.
func splitTop(s, word string) []string {
	var parts []string
	depth, from := 0, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\'', '"':
			i = skipQuoted(s, i)
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case word[0]:
			if depth == 0 && strings.HasPrefix(s[i:], word) && !(word == " AND " && strings.Contains(s[from:i], " BETWEEN ")) {
				parts = append(parts, s[from:i])
				from = i + len(word)
				i = from - 1
			}
		}
	}
	return append(parts, s[from:])
}
