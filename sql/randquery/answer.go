package randquery

import (
	"fmt"
	"slices"
	"strings"
)

// Canonical writes an answer so that two answers to the query are equal as texts if both are right: the rows as a sorted multiset and,
// where the query has an ORDER BY, its columns in the order the rows came in.
func (q *Query) Canonical(rows [][]string) string {
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = strings.Join(r, "|")
	}
	slices.Sort(lines)
	out := fmt.Sprintf("%d rows\n", len(rows))
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && lines[n] == lines[0] {
			n++
		}
		out += lines[0]
		if n > 1 {
			out += fmt.Sprintf(" (%d times)", n)
		}
		out, lines = out+"\n", lines[n:]
	}
	if len(q.Order) == 0 {
		return out
	}
	for _, r := range rows {
		var keys []string
		for _, k := range q.Order {
			keys = append(keys, r[k.column])
		}
		lines = append(lines, strings.Join(keys, "|"))
	}
	return out + "in the order\n" + strings.Join(lines, "\n") + "\n"
}
