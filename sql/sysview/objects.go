package sysview

import (
	"context"

	"github.com/quiredb/quire/core/datum"
)

var pgNamespace = &View{
	OID: 2615, Name: "pg_namespace",
	Columns: columns("oid oid, nspname name, nspowner oid, nspacl aclitem[]"),
	Rows: func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		by := boss(env.Catalog).OID
		return [][]datum.Datum{
			row(CatalogNamespace, "pg_catalog", by, nil),
			row(PublicNamespace, "public", by, nil),
		}, nil
	},
}

var pgDatabase = &View{
	OID: 1262, Name: "pg_database",
	Columns: columns("oid oid, datname name, datdba oid, encoding integer, datlocprovider char, datistemplate boolean, datallowconn boolean, " +
		"datconnlimit integer, datfrozenxid xid, datminmxid xid, dattablespace oid, datcollate text, datctype text, daticulocale text, " +
		"datcollversion text, datacl aclitem[]"),
	Rows: func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		return [][]datum.Datum{row(DatabaseOID, env.Database, boss(env.Catalog).OID, encodingUTF8, char('c'), false, true,
			-1, nil, nil, tablespaceOID, "C", "C", nil,
			nil, nil)}, nil
	},
}

var pgAM = &View{
	OID: 2601, Name: "pg_am",
	Columns: columns("oid oid, amname name, amhandler regproc, amtype char"),
	Rows: func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		rows := [][]datum.Datum{row(HeapAM, "heap", "heap_tableam_handler", char('t'))}
		for _, m := range env.Catalog.AccessMethods() {
			rows = append(rows, row(m.OID, m.Name, m.Plugin, char('i')))
		}
		return rows, nil
	},
}

// An access method is also an extension: CREATE EXTENSION makes one.
var pgExtension = &View{
	OID: 3079, Name: "pg_extension",
	Columns: columns("oid oid, extname name, extowner oid, extnamespace oid, extrelocatable boolean, extversion text, extconfig oid[], " +
		"extcondition text[]"),
	Rows: func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		var rows [][]datum.Datum
		for _, m := range env.Catalog.AccessMethods() {
			rows = append(rows, row(m.OID, m.Name, boss(env.Catalog).OID, CatalogNamespace, false, m.Description.Version, nil,
				nil))
		}
		return rows, nil
	},
}

var pgTables = &View{
	OID: 12033, Name: "pg_tables",
	Columns: columns("schemaname name, tablename name, tableowner name, tablespace name, hasindexes boolean, hasrules boolean, " +
		"hastriggers boolean, rowsecurity boolean"),
	Rows: func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		c := env.Catalog
		var rows [][]datum.Datum
		for _, r := range systemRelations {
			rows = append(rows, row("pg_catalog", r.Name, boss(c).Name, nil, false, false, false, false))
		}
		for _, t := range c.Tables() {
			owner := t.Owner
			if c.Role(owner) == nil {
				owner = boss(c).Name
			}
			rows = append(rows, row("public", t.Name, owner, nil, len(c.IndexesOf(t.OID)) > 0, false, false, false))
		}
		return rows, nil
	},
}

var pgAttrdef = &View{
	OID: 2604, Name: "pg_attrdef",
	Columns: columns("oid oid, adrelid oid, adnum smallint, adbin pg_node_tree"),
	Rows: func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		var rows [][]datum.Datum
		for _, t := range env.Catalog.Tables() {
			for i := range t.Columns {
				if d := t.Columns[i].Default; d != "" {
					rows = append(rows, row(nil, t.OID, i+1, d)) // a default is part of its column and has no OID of its own
				}
			}
		}
		return rows, nil
	},
}
