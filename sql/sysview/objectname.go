package sysview

import (
	"strings"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// blanks are what PostgreSQL's scanner takes for space.
const blanks = " \t\n\r\f"

// maxArguments is how many argument types a name may have.
const maxArguments = 100

// splitName takes a dotted name apart. What is not quoted is folded to lower case and ends at a dot or space.
func splitName(s string) ([]string, error) {
	var parts []string
	for {
		s = strings.TrimLeft(s, blanks)
		var part string
		if strings.HasPrefix(s, `"`) {
			end := 1
			for ; end < len(s); end++ {
				if s[end] != '"' {
					continue
				}
				if end+1 == len(s) || s[end+1] != '"' {
					break
				}
				end++
			}
			if end >= len(s) {
				return nil, errNameSyntax()
			}
			part, s = strings.ReplaceAll(s[1:end], `""`, `"`), s[end+1:]
		} else {
			end := strings.IndexAny(s, "."+blanks)
			if end < 0 {
				end = len(s)
			}
			if end == 0 {
				return nil, errNameSyntax()
			}
			part, s = lower(s[:end]), s[end:]
		}
		parts = append(parts, datum.TruncateName(part))
		s = strings.TrimLeft(s, blanks)
		if s == "" {
			return parts, nil
		}
		if s[0] != '.' {
			return nil, errNameSyntax()
		}
		s = s[1:]
	}
}

// lower folds the letters of ASCII alone, as names are folded.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// nameAndArguments takes a name and the types in parentheses after it apart. NONE is 0 where an operator may have it.
func (e *Env) nameAndArguments(s string, none bool) (name []string, args []datum.OID, err error) {
	bad := func(message string) ([]string, []datum.OID, error) {
		return nil, nil, pgerr.New(pgerr.InvalidTextRepresentation, "%s", message)
	}
	open, quoted := 0, false
	for ; open < len(s) && (s[open] != '(' || quoted); open++ {
		quoted = quoted != (s[open] == '"')
	}
	if open == len(s) {
		return bad("expected a left parenthesis")
	}
	if name, err = splitName(s[:open]); err != nil {
		return nil, nil, err
	}
	list, closed := strings.CutSuffix(strings.TrimRight(s[open+1:], blanks), ")")
	if !closed {
		return bad("expected a right parenthesis")
	}
	args = []datum.OID{}
	for comma := false; ; comma = true {
		if list = strings.TrimLeft(list, blanks); list == "" && comma {
			return bad("expected a type name")
		} else if list == "" {
			return name, args, nil
		}
		end, ok := wordEnd(list)
		if !ok {
			return bad("improper type name")
		}
		var oid datum.OID
		if word := strings.TrimRight(list[:end], blanks); !none || !strings.EqualFold(word, "none") {
			if oid, err = e.ParseType(word); err != nil {
				return nil, nil, err
			}
		}
		if len(args) == maxArguments {
			return nil, nil, pgerr.New(pgerr.TooManyArguments, "too many arguments")
		}
		if args = append(args, oid); end == len(list) {
			return name, args, nil
		}
		list = list[end+1:]
	}
}

// wordEnd finds the comma that ends a type name, which may have commas in quotes, parentheses and brackets, or the end of s.
func wordEnd(s string) (end int, ok bool) {
	quoted, depth := false, 0
	for ; end < len(s); end++ {
		switch c := s[end]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == ',' && depth == 0:
			return end, true
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		}
	}
	return end, !quoted && depth == 0
}
