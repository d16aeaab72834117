package sysview

import (
	"context"
	"strings"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

var _ = view("pg_constraint", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, t := range env.Catalog.Tables() {
		for i := range t.Constraints {
			c := &t.Constraints[i]
			var keys int2Array
			for _, k := range c.Columns {
				keys = append(keys, k+1)
			}
			blank, index, condition := char(' '), any(0), any(nil)
			if c.Kind == catalog.Check {
				condition = ShowExpr(env.Catalog, c.Expr)
			} else {
				index = c.Index
			}
			rows = append(rows, row(c.OID, c.Name, PublicNamespace, char(c.Kind), false, false, true,
				t.OID, 0, index, 0, 0, blank, blank, blank,
				true, 0, c.Kind != catalog.Check, keys, nil, nil, nil, nil,
				nil, nil, condition))
		}
	}
	return rows, nil
})

// ConstraintDefinition returns what pg_get_constraintdef prints; pretty leaves out parentheses that nobody needs.
func ConstraintDefinition(cat *catalog.Catalog, t *catalog.Table, c *catalog.Constraint, pretty bool) string {
	if c.Kind == catalog.Check {
		text := ShowExpr(cat, c.Expr)
		if pretty {
			text = prettyExpression(text)
		}
		return "CHECK (" + text + ")"
	}
	var names []string
	for _, k := range c.Columns {
		names = append(names, expr.QuoteIdent(t.Columns[k].Name))
	}
	words := map[byte]string{catalog.PrimaryKey: "PRIMARY KEY", catalog.Unique: "UNIQUE"}
	return words[c.Kind] + " (" + strings.Join(names, ", ") + ")"
}

// constraintByOID finds a constraint and its table.
func constraintByOID(c *catalog.Catalog, oid uint32) (*catalog.Table, *catalog.Constraint) {
	for _, t := range c.Tables() {
		for i := range t.Constraints {
			if t.Constraints[i].OID == oid {
				return t, &t.Constraints[i]
			}
		}
	}
	return nil, nil
}

var _ = view("pg_attrdef", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, t := range env.Catalog.Tables() {
		for i := range t.Columns {
			if c := &t.Columns[i]; c.Default != "" && !c.Dropped {
				rows = append(rows, row(partOID(defaultPart, t.OID, i+1), t.OID, i+1, ShowExpr(env.Catalog, c.Default)))
			}
		}
	}
	return rows, nil
})
