package sysview

import (
	"context"

	"github.com/quiredb/quire/core/datum"
)

var pgType = &View{
	OID: 1247, Name: "pg_type",
	Columns: columns("oid oid, typname name, typnamespace oid, typowner oid, typlen smallint, typbyval boolean, typtype char, " +
		"typcategory char, typispreferred boolean, typisdefined boolean, typdelim char, typrelid oid, typsubscript regproc, " +
		"typelem oid, typarray oid, typinput regproc, typoutput regproc, typreceive regproc, typsend regproc, typmodin regproc, " +
		"typmodout regproc, typanalyze regproc, typalign char, typstorage char, typnotnull boolean, typbasetype oid, typtypmod integer, " +
		"typndims integer, typcollation oid, typdefaultbin pg_node_tree, typdefault text, typacl aclitem[]"),
	Rows: func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		by := boss(env.Catalog).OID
		var rows [][]datum.Datum
		for _, t := range datum.Types() {
			rows = append(rows, typeRow(t, by))
		}
		return rows, nil
	},
}

func typeRow(t *datum.TypeInfo, owner uint32) []datum.Datum {
	p := physical(t)
	subscript, elem, stem, analyze := "-", uint32(t.Elem), ioName(t), "-"
	kind := char('b')
	switch {
	case t.Elem != 0:
		subscript, analyze = "array_subscript_handler", "array_typanalyze"
	case t.OID == datum.Name:
		subscript, elem = "raw_array_subscript_handler", uint32(datum.Char)
	case t.OID == datum.Unknown || t.OID == datum.Void:
		kind = 'p'
	}
	modIn, modOut := "-", "-"
	if m := modified(t); m != nil {
		modIn, modOut = m.Name+"typmodin", m.Name+"typmodout"
	}
	return row(uint32(t.OID), t.Name, CatalogNamespace, owner, p.length, p.byValue, kind,
		char(t.Category), t.Preferred, true, char(','), 0, subscript,
		elem, uint32(t.Array), stem+"in", stem+"out", stem+"recv", stem+"send", modIn,
		modOut, analyze, p.align, p.storage, false, 0, -1,
		0, p.collation, nil, nil, nil)
}

// modified returns the type whose modifiers t has, nil if it has none.
func modified(t *datum.TypeInfo) *datum.TypeInfo {
	if t.Elem != 0 {
		return modified(datum.MustLookup(t.Elem))
	}
	switch t.OID {
	case datum.Varchar, datum.Numeric, datum.Timestamp, datum.Timestamptz, datum.Interval:
		return t
	}
	return nil
}

// ioName is what the names of a type's input and output functions begin with.
func ioName(t *datum.TypeInfo) string {
	if t.Elem != 0 {
		return "array_"
	}
	switch t.OID {
	case datum.Date, datum.Timestamp, datum.Timestamptz, datum.Interval, datum.Numeric, datum.UUID, datum.PgLSN, datum.Void:
		return t.Name + "_"
	}
	return t.Name
}
