package sysview

import (
	"context"

	"github.com/quiredb/quire/core/datum"
)

// comment is what somebody said about an object, or about one of its parts.
type comment struct {
	class, oid uint32
	part       int
	text       string
}

// comments lists what COMMENT ON has said, and what is said about built-in things.
func comments(env *Env) []comment {
	relations, constraints := Lookup("pg_class").OID, Lookup("pg_constraint").OID
	out := []comment{
		{Lookup("pg_am").OID, HeapAM, 0, "heap table access method"},
		{Lookup("pg_namespace").OID, CatalogNamespace, 0, "system catalog schema"},
		{Lookup("pg_namespace").OID, PublicNamespace, 0, "standard public schema"},
	}
	add := func(class, oid uint32, part int, text string) {
		if text != "" {
			out = append(out, comment{class, oid, part, text})
		}
	}
	c := env.Catalog
	for _, m := range c.AccessMethods() {
		add(Lookup("pg_am").OID, m.OID, 0, "index access method of the plugin "+m.Plugin)
		add(Lookup("pg_extension").OID, m.OID, 0, "index access method of the plugin "+m.Plugin)
	}
	for _, t := range c.Tables() {
		add(relations, t.OID, 0, t.Comment)
		for i := range t.Columns {
			add(relations, t.OID, i+1, t.Columns[i].Comment)
		}
		for i := range t.Constraints {
			add(constraints, t.Constraints[i].OID, 0, t.Constraints[i].Comment)
		}
	}
	for _, x := range c.Indexes() {
		add(relations, x.OID, 0, x.Comment)
	}
	for _, q := range c.Sequences() {
		add(relations, q.OID, 0, q.Comment)
	}
	return out
}

var _ = view("pg_description", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, c := range comments(env) {
		rows = append(rows, row(c.oid, c.class, c.part, c.text))
	}
	return rows, nil
})

var _ = view("pg_shdescription", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	return [][]datum.Datum{row(DatabaseOID, Lookup("pg_database").OID, "default administrative connection database")}, nil
})
