package sysview

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
)

// The standard's schema shows the tables of public and what is on them; system relations are left out of all but tables and schemata.

const publicSchema = "public"

var _ = view("information_schema.schemata", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, name := range []string{"information_schema", "pg_catalog", publicSchema} {
		rows = append(rows, row(env.Database, name, boss(env.Catalog).Name, nil, nil, nil, nil))
	}
	return rows, nil
})

var _ = view("information_schema.information_schema_catalog_name", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	return [][]datum.Datum{row(env.Database)}, nil
})

var _ = view("information_schema.character_sets", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	return [][]datum.Datum{row(nil, nil, "UTF8", "UCS", "UTF8", env.Database, "pg_catalog", "default")}, nil
})

var _ = view("information_schema.tables", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	add := func(schema, name, kind, insertable string) {
		rows = append(rows, row(env.Database, schema, name, kind, nil, nil, nil, nil, nil, insertable, "NO", nil))
	}
	for _, v := range All() {
		add(v.Schema, v.Name, "VIEW", "NO")
	}
	for _, t := range env.Catalog.Tables() {
		add(publicSchema, t.Name, "BASE TABLE", "YES")
	}
	return rows, nil
})

var _ = view("information_schema.columns", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, v := range All() {
		for i, col := range v.Columns {
			rows = append(rows, columnRow(env, v.Schema, v.Name, i, &catalog.Column{Name: col.Name, Type: datum.Type{OID: col.Type}}, "NO"))
		}
	}
	for _, t := range env.Catalog.Tables() {
		for i := range t.Columns {
			if !t.Columns[i].Dropped {
				rows = append(rows, columnRow(env, publicSchema, t.Name, i, &t.Columns[i], "YES"))
			}
		}
	}
	return rows, nil
})

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func yes(b bool) string {
	if b {
		return "YES"
	}
	return "NO"
}

func columnRow(env *Env, schema, table string, i int, c *catalog.Column, updatable string) []datum.Datum {
	info := datum.MustLookup(c.Type.OID)
	typ := strings.TrimSuffix(info.SQLName, "[]")
	if info.Category == 'A' {
		typ = "ARRAY"
	}
	var generation, start, increment, maximum, minimum any
	cycle := false
	if c.Identity != 0 {
		generation = map[byte]string{'a': "ALWAYS", 'd': "BY DEFAULT"}[c.Identity]
		if q := env.Catalog.SequenceByOID(c.Sequence); q != nil {
			start, increment, maximum, minimum, cycle = decimal(q.Start), decimal(q.Increment), decimal(q.Max), decimal(q.Min), q.Cycle
		}
	}
	var fallback any
	if c.Default != "" && c.Identity == 0 {
		fallback = ShowExpr(env.Catalog, c.Default)
	}
	length, octets := characters(c.Type)
	precision, radix, scale := numericFields(c.Type)
	datetime := datetimePrecision(c.Type)
	return row(env.Database, schema, table, c.Name, i+1, fallback, yes(!c.NotNull), typ,
		length, octets, precision, radix, scale, datetime, nil, nil,
		nil, nil, nil, nil, nil, nil, nil, nil, nil,
		env.Database, "pg_catalog", info.Name, nil, nil, nil, nil, decimal(int64(i+1)), "NO",
		yes(c.Identity != 0), generation, start, increment, maximum, minimum, yes(cycle), "NEVER", nil, updatable)
}

// characters are the greatest lengths of a text, in characters and in bytes.
func characters(t datum.Type) (length, octets any) {
	switch t.OID {
	case datum.Varchar, datum.BPChar:
		if t.WireMod() > 4 {
			n := int(t.WireMod() - 4)
			return n, 4 * n
		}
		return nil, 1 << 30
	case datum.Text:
		return nil, 1 << 30
	}
	return nil, nil
}

func numericFields(t datum.Type) (precision, radix, scale any) {
	switch t.OID {
	case datum.Int2:
		return 16, 2, 0
	case datum.Int4:
		return 32, 2, 0
	case datum.Int8:
		return 64, 2, 0
	case datum.Float4:
		return 24, 2, nil
	case datum.Float8:
		return 53, 2, nil
	case datum.Numeric:
		if m := int(t.WireMod()); m > 4 {
			return (m - 4) >> 16 & 0xffff, 10, (((m - 4) & 0x7ff) ^ 1024) - 1024
		}
		return nil, 10, nil
	}
	return nil, nil, nil
}

func datetimePrecision(t datum.Type) any {
	switch t.OID {
	case datum.Date:
		return 0
	case datum.Timestamp, datum.Timestamptz, datum.Interval:
		if m := t.WireMod(); m >= 0 {
			return int(m)
		}
		return 6
	}
	return nil
}

var _ = view("information_schema.table_constraints", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	kinds := map[byte]string{catalog.PrimaryKey: "PRIMARY KEY", catalog.Unique: "UNIQUE", catalog.Check: "CHECK"}
	var rows [][]datum.Datum
	eachConstraint(env, func(t *catalog.Table, c *catalog.Constraint) {
		var distinct any
		if c.Kind == catalog.Unique {
			distinct = "YES"
		}
		rows = append(rows, row(env.Database, publicSchema, c.Name, env.Database, publicSchema, t.Name, kinds[c.Kind], "NO", "NO", "YES", distinct))
	})
	eachNotNull(env, func(t *catalog.Table, name, _ string) {
		rows = append(rows, row(env.Database, publicSchema, name, env.Database, publicSchema, t.Name, "CHECK", "NO", "NO", "YES", nil))
	})
	return rows, nil
})

// eachNotNull visits the columns that may not be null, which the standard has as conditions under names of PostgreSQL's making.
func eachNotNull(env *Env, visit func(t *catalog.Table, name, column string)) {
	for _, t := range env.Catalog.Tables() {
		for i := range t.Columns {
			if c := &t.Columns[i]; c.NotNull && !c.Dropped {
				visit(t, fmt.Sprintf("%d_%d_%d_not_null", PublicNamespace, t.OID, i+1), c.Name)
			}
		}
	}
}

func eachConstraint(env *Env, visit func(t *catalog.Table, c *catalog.Constraint)) {
	for _, t := range env.Catalog.Tables() {
		for i := range t.Constraints {
			visit(t, &t.Constraints[i])
		}
	}
}

var _ = view("information_schema.key_column_usage", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	eachConstraint(env, func(t *catalog.Table, c *catalog.Constraint) {
		if c.Kind == catalog.Check {
			return
		}
		for i, k := range c.Columns {
			rows = append(rows, row(env.Database, publicSchema, c.Name, env.Database, publicSchema, t.Name, t.Columns[k].Name, i+1, nil))
		}
	})
	return rows, nil
})

var _ = view("information_schema.constraint_column_usage", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	eachConstraint(env, func(t *catalog.Table, c *catalog.Constraint) {
		for _, k := range slices.Sorted(slices.Values(c.Columns)) {
			rows = append(rows, row(env.Database, publicSchema, t.Name, t.Columns[k].Name, env.Database, publicSchema, c.Name))
		}
	})
	return rows, nil
})

var _ = view("information_schema.constraint_table_usage", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	eachConstraint(env, func(t *catalog.Table, c *catalog.Constraint) {
		if c.Kind != catalog.Check {
			rows = append(rows, row(env.Database, publicSchema, t.Name, env.Database, publicSchema, c.Name))
		}
	})
	return rows, nil
})

// element_types describes the elements of array columns; the columns of system views are left out.
var _ = view("information_schema.element_types", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, t := range env.Catalog.Tables() {
		for i := range t.Columns {
			c := &t.Columns[i]
			element := datum.MustLookup(c.Type.OID).Elem
			if c.Dropped || element == 0 {
				continue
			}
			info := datum.MustLookup(element)
			rows = append(rows, row(env.Database, publicSchema, t.Name, "TABLE", decimal(int64(i+1)), info.SQLName, nil, nil, nil,
				nil, nil, nil, nil, nil, nil, nil, nil,
				nil, nil, nil, nil, env.Database, "pg_catalog", info.Name,
				nil, nil, nil, nil, "a"+decimal(int64(i+1))))
		}
	}
	return rows, nil
})

var _ = view("information_schema.check_constraints", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	eachConstraint(env, func(t *catalog.Table, c *catalog.Constraint) {
		if c.Kind == catalog.Check {
			definition := ConstraintDefinition(env.Catalog, t, c, false)
			rows = append(rows, row(env.Database, publicSchema, c.Name, definition[len("CHECK "):]))
		}
	})
	eachNotNull(env, func(_ *catalog.Table, name, column string) {
		rows = append(rows, row(env.Database, publicSchema, name, column+" IS NOT NULL"))
	})
	return rows, nil
})

var _ = view("information_schema.sequences", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, q := range env.Catalog.Sequences() {
		t := env.Catalog.TableByOID(q.OwnedBy.Table)
		if t != nil && t.Columns[q.OwnedBy.Column].Identity != 0 { // it belongs to the column
			continue
		}
		info := datum.MustLookup(q.Type)
		rows = append(rows, row(env.Database, publicSchema, q.Name, info.SQLName, int(info.Len)*8, 2, 0,
			decimal(q.Start), decimal(q.Min), decimal(q.Max), decimal(q.Increment), yes(q.Cycle)))
	}
	return rows, nil
})
