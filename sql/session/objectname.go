package session

import (
	"fmt"
	"strings"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
)

// maxName is the longest name in bytes.
const maxName = 63

// objectName joins table, column names and a label as PostgreSQL does: t_a_b_key. When that is too long, the longer one of the first two
// is cut.
func objectName(table, columns, label string) string {
	room := maxName - len(label) - 1
	if columns != "" {
		room--
	}
	a, b := len(table), len(columns)
	for a+b > room {
		if a > b {
			a--
		} else {
			b--
		}
	}
	parts := []string{wholeRunes(table, a)}
	if columns != "" {
		parts = append(parts, wholeRunes(columns, b))
	}
	return strings.Join(append(parts, label), "_")
}

// wholeRunes cuts a name to at most n bytes, between characters.
func wholeRunes(s string, n int) string {
	for n > 0 && n < len(s) && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// freeName makes a name that is not taken: with label, label1, label2, …
func freeName(table, columns, label string, taken func(string) bool) string {
	for i := 0; ; i++ {
		l := label
		if i > 0 {
			l = fmt.Sprint(label, i)
		}
		if name := objectName(table, columns, l); !taken(name) {
			return name
		}
	}
}

// columnNames joins the names of key columns for an index's name.
func columnNames(columns []catalog.IndexColumn) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = c.Name
	}
	return datum.TruncateName(strings.Join(parts, "_"))
}
