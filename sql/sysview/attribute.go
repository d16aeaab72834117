package sysview

import (
	"context"
	"fmt"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
)

var _ = view("pg_attribute", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	c := env.Catalog
	var rows [][]datum.Datum
	add := func(rel uint32, num int, name string, t datum.Type, notNull, hasDefault bool) {
		rows = append(rows, attribute(rel, num, name, t, notNull, hasDefault))
	}
	for _, r := range systemRelations {
		for i, name := range r.columns {
			add(uint32(r.Rel), i+1, name, datum.Type{OID: r.types[i]}, false, false)
		}
	}
	for _, v := range All() {
		for i, col := range v.Columns {
			add(v.OID, i+1, col.Name, datum.Type{OID: col.Type}, false, false)
		}
	}
	for _, t := range c.Tables() {
		for i := range t.Columns {
			rows = append(rows, columnAttribute(t.OID, i, &t.Columns[i]))
		}
	}
	for _, q := range c.Sequences() {
		add(q.OID, 1, "last_value", datum.Type{OID: datum.Int8}, true, false)
		add(q.OID, 2, "log_cnt", datum.Type{OID: datum.Int8}, true, false)
		add(q.OID, 3, "is_called", datum.Type{OID: datum.Bool}, true, false)
	}
	for _, x := range c.Indexes() {
		for i, col := range x.Columns {
			typ := datum.Type{OID: col.Type, Mod: -1}
			if t := c.TableByOID(x.Table); t != nil && t.Columns[col.Attr].Type.OID == col.Type {
				typ = t.Columns[col.Attr].Type
			}
			add(x.OID, i+1, col.Name, typ, false, false)
		}
	}
	return rows, nil
})

func attribute(rel uint32, num int, name string, t datum.Type, notNull, hasDefault bool) []datum.Datum {
	return attributeRow(rel, num, &catalog.Column{Name: name, Type: t, NotNull: notNull}, hasDefault, nil)
}

// columnAttribute is the row for a column of a table. A dropped one keeps the form of its type.
func columnAttribute(table uint32, i int, c *catalog.Column) []datum.Datum {
	var missing any
	if c.Missing != nil && !c.Dropped {
		missing = string(datum.AppendArrayElement([]byte("{"), *c.Missing)) + "}"
	}
	return attributeRow(table, i+1, c, c.Default != "" && !c.Dropped, missing)
}

func attributeRow(rel uint32, num int, c *catalog.Column, hasDefault bool, missing any) []datum.Datum {
	p := formOf[c.Type.OID]
	name, typ, dimensions := c.Name, uint32(c.Type.OID), 0
	if p.category == 'A' && datum.MustLookup(c.Type.OID).Array == 0 {
		dimensions = 1
	}
	if c.Dropped {
		name, typ = fmt.Sprintf("........pg.dropped.%d........", num), 0
	}
	return row(rel, name, typ, -1, p.length, num, dimensions,
		-1, c.Type.WireMod(), p.byValue, p.align, p.storage, char(0),
		c.NotNull, hasDefault, missing != nil, char(c.Identity), char(0), c.Dropped,
		true, 0, p.collation, nil, nil, nil,
		missing)
}
