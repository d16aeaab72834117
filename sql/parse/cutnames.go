package parse

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
)

// cutNames finds the identifiers of a query text that are too long. The parser cuts them without a word to its caller, so the
// text is scanned once more; that costs something only where a name is that long.
func cutNames(query string) []string {
	if !longWord(query) {
		return nil
	}
	tokens, err := pg_query.Scan(query)
	if err != nil {
		return nil
	}
	var out []string
	for _, t := range tokens.Tokens {
		if t.Token != pg_query.Token_IDENT {
			continue
		}
		name := query[t.Start:t.End]
		if quoted := strings.HasPrefix(name, `"`); quoted {
			name = strings.ReplaceAll(name[1:len(name)-1], `""`, `"`)
		} else {
			name = strings.ToLower(name)
		}
		if datum.TruncateName(name) != name {
			out = append(out, name)
		}
	}
	return out
}

// longWord reports whether the text may contain a name that is too long: 64 bytes in a row that could all belong to one.
func longWord(query string) bool {
	run := 0
	quoted := strings.IndexByte(query, '"') >= 0 // then blanks may be part of a name
	for i := range len(query) {
		c := query[i]
		if c >= 0x80 || c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || quoted && c != '"' {
			if run++; run > 63 {
				return true
			}
			continue
		}
		run = 0
	}
	return false
}
