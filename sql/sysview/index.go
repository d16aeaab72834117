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

var pgIndex = &View{
	OID: 2610, Name: "pg_index",
	Columns: columns("indexrelid oid, indrelid oid, indnatts smallint, indnkeyatts smallint, indisunique boolean, " +
		"indnullsnotdistinct boolean, indisprimary boolean, indisexclusion boolean, indimmediate boolean, indisclustered boolean, " +
		"indisvalid boolean, indcheckxmin boolean, indisready boolean, indislive boolean, indisreplident boolean, indkey int2vector, " +
		"indcollation oidvector, indclass oidvector, indoption int2vector, indexprs pg_node_tree, indpred pg_node_tree"),
	Rows: func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		var rows [][]datum.Datum
		for _, x := range env.Catalog.Indexes() {
			rows = append(rows, indexRow(x))
		}
		return rows, nil
	},
}

func indexRow(x *catalog.Index) []datum.Datum {
	var keys, collations, classes, options []int
	for _, c := range x.Columns {
		keys = append(keys, c.Attr+1)
		collations = append(collations, physical(datum.MustLookup(c.Type)).collation)
		classes = append(classes, 0) // operator classes have names, and no OIDs
		option := 0
		if c.Desc {
			option |= 1
		}
		if c.NullsFirst {
			option |= 2
		}
		options = append(options, option)
	}
	return row(x.OID, x.Table, len(keys), len(keys), x.Unique,
		false, x.Primary, false, true, false,
		true, false, true, true, false, vector(keys),
		vector(collations), vector(classes), vector(options), nil, nil)
}

// vector prints an int2vector or oidvector.
func vector(list []int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, " ")
}

var pgIndexes = &View{
	OID: 12043, Name: "pg_indexes",
	Columns: columns("schemaname name, tablename name, indexname name, tablespace name, indexdef text"),
	Rows: func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		var rows [][]datum.Datum
		for _, x := range env.Catalog.Indexes() {
			if t := env.Catalog.TableByOID(x.Table); t != nil {
				rows = append(rows, row("public", t.Name, x.Name, nil, IndexDefinition(env.Catalog, x)))
			}
		}
		return rows, nil
	},
}

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
		b.WriteString(keyDefinition(c.AccessMethod(x.AM), col))
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

func keyDefinition(m *catalog.AccessMethod, col catalog.IndexColumn) string {
	s := expr.QuoteIdent(col.Name)
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
