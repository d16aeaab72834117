package sysview

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

var _ = view("pg_index", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, x := range env.Catalog.Indexes() {
		rows = append(rows, indexRow(env.Catalog, x))
	}
	return rows, nil
})

func indexRow(c *catalog.Catalog, x *catalog.Index) []datum.Datum {
	var keys, options int2Vector
	var collations, classes oidVector
	for _, col := range x.Columns {
		keys = append(keys, col.Attr+1)
		collations = append(collations, int(formOf[col.Type].collation))
		classes = append(classes, int(classOID(c.AccessMethod(x.AM), col)))
		option := 0
		if col.Desc {
			option |= 1
		}
		if col.NullsFirst {
			option |= 2
		}
		options = append(options, option)
	}
	return row(x.OID, x.Table, len(keys), len(keys), x.Unique,
		false, x.Primary, false, true, false,
		true, false, true, true, false, keys,
		collations, classes, options, nil, nil)
}

var _ = view("pg_indexes", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, x := range env.Catalog.Indexes() {
		if t := env.Catalog.TableByOID(x.Table); t != nil {
			rows = append(rows, row("public", t.Name, x.Name, nil, IndexDefinition(env.Catalog, x)))
		}
	}
	return rows, nil
})

// IndexDefinition returns the CREATE INDEX statement that makes an index like x, as pg_get_indexdef prints it: operator classes
// are left out where they are the default.
func IndexDefinition(c *catalog.Catalog, x *catalog.Index) string {
	var b strings.Builder
	b.WriteString("CREATE ")
	if x.Unique {
		b.WriteString("UNIQUE ")
	}
	table := strconv.FormatUint(uint64(x.Table), 10)
	if t := c.TableByOID(x.Table); t != nil {
		table = t.Name
	}
	b.WriteString("INDEX " + expr.QuoteIdent(x.Name) + " ON public." + expr.QuoteIdent(table) + " USING " + expr.QuoteIdent(x.AM) + " (")
	for i, col := range x.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(expr.QuoteIdent(keyName(c, x, i)) + keySuffix(c.AccessMethod(x.AM), col))
	}
	b.WriteString(")")
	for i, k := range slices.Sorted(maps.Keys(x.Given)) {
		b.WriteString([]string{" WITH (", ", "}[min(i, 1)] + expr.QuoteIdent(k) + "='" + strings.ReplaceAll(x.Given[k], "'", "''") + "'")
	}
	if len(x.Given) > 0 {
		b.WriteString(")")
	}
	return b.String()
}

// keyName is the present name of the table's column that is key number i, from 0.
func keyName(c *catalog.Catalog, x *catalog.Index, i int) string {
	if t := c.TableByOID(x.Table); t != nil && x.Columns[i].Attr < len(t.Columns) {
		return t.Columns[x.Columns[i].Attr].Name
	}
	return x.Columns[i].Name
}

// keySuffix is what follows a key's name in the definition of its index.
func keySuffix(m *catalog.AccessMethod, col catalog.IndexColumn) string {
	s := ""
	if m == nil || !isDefaultClass(m, col) {
		s += " " + expr.QuoteIdent(col.OpClass)
	}
	switch {
	case col.Desc && !col.NullsFirst:
		return s + " DESC NULLS LAST"
	case col.Desc:
		return s + " DESC"
	case col.NullsFirst:
		return s + " NULLS FIRST"
	}
	return s
}

func isDefaultClass(m *catalog.AccessMethod, col catalog.IndexColumn) bool {
	class := m.Description.OpClassFor("", col.Type)
	return class != nil && class.Name == col.OpClass
}
