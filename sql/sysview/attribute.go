package sysview

import (
	"context"

	"github.com/quiredb/quire/core/datum"
)

var pgAttribute = &View{
	OID: 1249, Name: "pg_attribute",
	Columns: columns("attrelid oid, attname name, atttypid oid, attstattarget integer, attlen smallint, attnum smallint, attndims integer, " +
		"attcacheoff integer, atttypmod integer, attbyval boolean, attalign char, attstorage char, attcompression char, " +
		"attnotnull boolean, atthasdef boolean, atthasmissing boolean, attidentity char, attgenerated char, attisdropped boolean, " +
		"attislocal boolean, attinhcount integer, attcollation oid, attacl aclitem[], attoptions text[], attfdwoptions text[], " +
		"attmissingval anyarray"),
	Rows: func(_ context.Context, env *Env) ([][]datum.Datum, error) {
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
				col := &t.Columns[i]
				add(t.OID, i+1, col.Name, col.Type, col.NotNull, col.Default != "")
			}
		}
		for _, x := range c.Indexes() {
			for i, col := range x.Columns {
				add(x.OID, i+1, col.Name, datum.Type{OID: col.Type}, false, false)
			}
		}
		return rows, nil
	},
}

func attribute(rel uint32, num int, name string, t datum.Type, notNull, hasDefault bool) []datum.Datum {
	p := physical(datum.MustLookup(t.OID))
	dimensions := 0
	if p.array {
		dimensions = 1
	}
	return row(rel, name, uint32(t.OID), -1, p.length, num, dimensions,
		-1, t.WireMod(), p.byValue, p.align, p.storage, char(0),
		notNull, hasDefault, false, char(0), char(0), false,
		true, 0, p.collation, nil, nil, nil,
		nil)
}

// form is how PostgreSQL would store a type. Clients look at it; Quire does not store like that.
type form struct {
	length         int
	byValue, array bool
	align, storage char
	collation      int
}

func physical(t *datum.TypeInfo) form {
	if t.Elem != 0 {
		elem := physical(datum.MustLookup(t.Elem))
		f := form{length: -1, align: 'i', storage: 'x', array: true, collation: elem.collation}
		if elem.align == 'd' {
			f.align = 'd'
		}
		return f
	}
	f := form{length: int(t.Len), align: 'i', storage: 'x'}
	switch t.OID {
	case datum.Name:
		return form{length: 64, align: 'c', storage: 'p', collation: nameCollation}
	case datum.Unknown:
		return form{length: -2, align: 'c', storage: 'p'}
	case datum.Void:
		return form{length: 4, byValue: true, align: 'i', storage: 'p'}
	case datum.UUID:
		return form{length: 16, align: 'c', storage: 'p'}
	case datum.Interval:
		return form{length: 16, align: 'd', storage: 'p'}
	case datum.Text, datum.Varchar:
		f.collation = defaultCollation
	case datum.Numeric:
		f.storage = 'm'
	}
	if t.Len > 0 {
		f.byValue, f.storage = true, 'p'
		f.align = map[int16]char{1: 'c', 2: 's', 4: 'i', 8: 'd'}[t.Len]
	}
	return f
}
