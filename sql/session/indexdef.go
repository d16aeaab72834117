package session

import (
	"maps"
	"slices"
	"strings"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/sql/expr"
)

// indexDefinition prints the CREATE INDEX statement of an index as pg_get_indexdef does.
func indexDefinition(t *catalog.Table, i *catalog.Index) string {
	var b strings.Builder
	b.WriteString("CREATE ")
	if i.Unique {
		b.WriteString("UNIQUE ")
	}
	b.WriteString("INDEX " + expr.QuoteIdent(i.Name) + " ON public." + expr.QuoteIdent(t.Name) + " USING " + expr.QuoteIdent(i.AM) + " (")
	for n, c := range i.Columns {
		if n > 0 {
			b.WriteString(", ")
		}
		b.WriteString(expr.QuoteIdent(c.Name))
		if c.Desc {
			b.WriteString(" DESC")
		}
		if c.NullsFirst != c.Desc {
			b.WriteString(map[bool]string{true: " NULLS FIRST", false: " NULLS LAST"}[c.NullsFirst])
		}
	}
	b.WriteString(")")
	if len(i.Given) > 0 {
		b.WriteString(" WITH (")
		for n, name := range slices.Sorted(maps.Keys(i.Given)) {
			if n > 0 {
				b.WriteString(", ")
			}
			b.WriteString(expr.QuoteIdent(name) + "=" + expr.QuoteLiteral(i.Given[name]))
		}
		b.WriteString(")")
	}
	return b.String()
}
