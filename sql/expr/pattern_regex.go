package expr

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/quiredb/quire/core/pgerr"
)

// PostgreSQL's advanced regular expressions are translated to Go's (RE2): the syntax is close, but back references
// and lookaround do not exist there and are refused. Where alternatives differ, Go's first match stands in for the longest.

// compileRegex compiles a pattern under PostgreSQL's flags: i ignores case, n or m makes ^ and $ match at lines and . stop there, s
// undoes that, x allows white space and comments, q takes the pattern literally, c and t change nothing.
func compileRegex(pattern, flags string) (*regexp.Regexp, error) {
	fold, lines, expanded, literal := false, false, false, false
	if rest, ok := strings.CutPrefix(pattern, "***="); ok {
		literal, pattern = true, rest
	} else {
		pattern = strings.TrimPrefix(pattern, "***:")
	}
	if strings.HasPrefix(pattern, "(?") && !literal { // embedded options: letters only
		if end := strings.IndexByte(pattern, ')'); end > 2 && strings.Trim(pattern[2:end], "bceimnpqstwx") == "" {
			flags, pattern = flags+pattern[2:end], pattern[end+1:]
		}
	}
	for i, c := range flags {
		switch c {
		case 'i':
			fold = true
		case 'c':
			fold = false
		case 'n', 'm':
			lines = true
		case 's':
			lines = false
		case 'x':
			expanded = true
		case 'q':
			literal = true
		case 't', 'e', 'g':
		default:
			return nil, invalidParameter("invalid regular expression option: \"%s\"", flags[i:i+len(string(c))])
		}
	}
	var source string
	if literal {
		source = regexp.QuoteMeta(pattern)
	} else {
		var err error
		if source, err = translateRegex(pattern, expanded, lines); err != nil {
			return nil, err
		}
	}
	prefix := "(?s)"
	if lines {
		prefix = "(?m)"
	}
	if fold {
		prefix += "(?i)"
	}
	re, err := regexp.Compile(prefix + "(?:" + source + ")")
	if err != nil {
		return nil, regexError(err)
	}
	if !lazyQuantifier.MatchString(source) {
		re.Longest()
	}
	return re, nil
}

// lazyQuantifier finds patterns that prefer short matches; all others prefer the longest, as POSIX has it.
var lazyQuantifier = regexp.MustCompile(`[*+?}]\?`)

func regexError(err error) error {
	reason := err.Error()
	if e, ok := err.(*syntax.Error); ok {
		switch e.Code {
		case syntax.ErrMissingParen, syntax.ErrUnexpectedParen:
			reason = "parentheses () not balanced"
		case syntax.ErrMissingBracket:
			reason = "brackets [] not balanced"
		case syntax.ErrMissingRepeatArgument, syntax.ErrInvalidRepeatOp:
			reason = "quantifier operand invalid"
		case syntax.ErrInvalidRepeatSize:
			reason = "invalid repetition count(s)"
		case syntax.ErrInvalidCharRange:
			reason = "invalid character range"
		case syntax.ErrTrailingBackslash, syntax.ErrInvalidEscape:
			reason = "invalid escape \\ sequence"
		default:
			reason = string(e.Code)
		}
	}
	return pgerr.New(pgerr.InvalidRegularExpression, "invalid regular expression: %s", reason)
}

func unsupportedRegex(what string) error {
	return pgerr.New(pgerr.FeatureNotSupported, "regular expressions with %s are not supported", what).
		WithHint("Rewrite the pattern without them; matching time is linear in return.")
}

// translateRegex rewrites what differs: escapes for word boundaries, bracket expressions, expanded syntax, the end of the string.
func translateRegex(p string, expanded, lines bool) (string, error) {
	var b strings.Builder
	for i := 0; i < len(p); {
		c := p[i]
		switch {
		case c == '\\':
			n, s, err := regexEscape(p[i:])
			if err != nil {
				return "", err
			}
			b.WriteString(s)
			i += n
		case c == '[':
			n, err := regexBracket(p[i:], &b)
			if err != nil {
				return "", err
			}
			i += n
		case strings.HasPrefix(p[i:], "(?#"):
			end := strings.IndexByte(p[i:], ')')
			if end < 0 {
				return "", pgerr.New(pgerr.InvalidRegularExpression, "invalid regular expression: parentheses () not balanced")
			}
			i += end + 1
		case strings.HasPrefix(p[i:], "(?=") || strings.HasPrefix(p[i:], "(?!") || strings.HasPrefix(p[i:], "(?<"):
			return "", unsupportedRegex("lookaround")
		case c == '$' && !lines:
			b.WriteString(`\z`)
			i++
		case expanded && (c == ' ' || c >= '\t' && c <= '\r'):
			i++
		case expanded && c == '#':
			for i < len(p) && p[i] != '\n' {
				i++
			}
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String(), nil
}

// regexEscape translates the escape at the start of p and returns its length.
func regexEscape(p string) (int, string, error) {
	if len(p) == 1 {
		return 0, "", pgerr.New(pgerr.InvalidRegularExpression, "invalid regular expression: invalid escape \\ sequence")
	}
	switch c := p[1]; c {
	case 'm', '<', 'M', '>', 'y', 'Y':
		return 2, map[byte]string{'m': `\b`, '<': `\b`, 'M': `\b`, '>': `\b`, 'y': `\b`, 'Y': `\B`}[c], nil
	case 'A':
		return 2, `\A`, nil
	case 'Z':
		return 2, `\z`, nil
	case 'd', 's', 'w', 'D', 'S', 'W', 'n', 't', 'r', 'f', 'v', 'a':
		class := map[byte]string{'w': `[\p{L}\p{N}_]`, 'W': `[^\p{L}\p{N}_]`, 's': `[\s\v]`, 'S': `[^\s\v]`}
		if s, ok := class[c]; ok {
			return 2, s, nil
		}
		return 2, p[:2], nil
	case 'B':
		return 2, `\\`, nil
	case 'e':
		return 2, `\x1b`, nil
	case 'u':
		if len(p) >= 6 {
			return 6, `\x{` + p[2:6] + `}`, nil
		}
	case 'x':
		n := 2
		for n < len(p) && n < 10 && isHex(p[n]) {
			n++
		}
		return n, `\x{` + p[2:n] + `}`, nil
	case '0':
		return 2, `\x00`, nil
	}
	c := p[1]
	switch {
	case c >= '1' && c <= '9':
		return 0, "", unsupportedRegex("back references")
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		return 0, "", pgerr.New(pgerr.InvalidRegularExpression, "invalid regular expression: invalid escape \\ sequence")
	case c >= 0x80:
		return 1, "", nil
	}
	return 2, p[:2], nil
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// regexBracket copies a bracket expression to b and returns its length in p.
func regexBracket(p string, b *strings.Builder) (int, error) {
	for word, boundary := range map[string]string{"[[:<:]]": `\b`, "[[:>:]]": `\b`} {
		if strings.HasPrefix(p, word) {
			b.WriteString(boundary)
			return len(word), nil
		}
	}
	unbalanced := pgerr.New(pgerr.InvalidRegularExpression, "invalid regular expression: brackets [] not balanced")
	i := 1
	b.WriteByte('[')
	if i < len(p) && p[i] == '^' {
		b.WriteByte('^')
		i++
	}
	for first := true; ; first = false {
		if i >= len(p) {
			return 0, unbalanced
		}
		c := p[i]
		switch {
		case c == ']' && !first:
			b.WriteByte(']')
			return i + 1, nil
		case c == '[' && i+1 < len(p) && strings.IndexByte(":.=", p[i+1]) >= 0:
			end := strings.Index(p[i:], p[i+1:i+2]+"]")
			if end < 2 {
				return 0, unbalanced
			}
			inside := p[i+2 : i+end]
			if p[i+1] == ':' {
				b.WriteString("[:" + inside + ":]")
			} else {
				b.WriteString(regexp.QuoteMeta(inside))
			}
			i += end + 2
		case c == '\\' && i+1 < len(p):
			n, s, err := regexEscape(p[i:])
			if err != nil {
				return 0, err
			}
			if strings.HasPrefix(s, "[") && !strings.HasPrefix(s, "[^") {
				s = s[1 : len(s)-1] // a class inside a class
			}
			b.WriteString(s)
			i += n
		case c == '[' || c == ']':
			b.WriteByte('\\')
			b.WriteByte(c)
			i++
		default:
			b.WriteByte(c)
			i++
		}
	}
}
