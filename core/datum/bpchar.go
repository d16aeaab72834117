package datum

import (
	"strings"
	"unicode/utf8"

	"github.com/quiredb/quire/core/pgerr"
)

// A char(n) is kept with the blanks that fill it up, as PostgreSQL keeps it. They count for its bytes and its output, and for
// nothing else: values compare without them, and lose them on the way to text.

func parseBPChar(_ *Env, s string, mod int32) (Datum, error) {
	if err := ValidateUTF8(s); err != nil {
		return Datum{}, err
	}
	return fitBPChar(Datum{S: s}, mod, false)
}

// fitBPChar applies char(n): a shorter value is filled up, characters beyond n are an error unless they are blanks or the
// cast is explicit.
func fitBPChar(d Datum, mod int32, explicit bool) (Datum, error) {
	limit := int(mod) - 4
	if limit <= 0 {
		return d, nil
	}
	if n := utf8.RuneCountInString(d.S); n <= limit {
		if n < limit {
			d.S += strings.Repeat(" ", limit-n)
		}
		return d, nil
	}
	cut := CharOffset(d.S, limit)
	if !explicit && strings.Trim(d.S[cut:], " ") != "" {
		return Datum{}, pgerr.New(pgerr.StringDataRightTruncation, "value too long for type character(%d)", limit)
	}
	d.S = d.S[:cut]
	return d, nil
}
