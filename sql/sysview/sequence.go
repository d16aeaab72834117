package sysview

import (
	"context"

	"github.com/quiredb/quire/core/datum"
)

var _ = view("pg_sequence", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, q := range env.Catalog.Sequences() {
		rows = append(rows, row(q.OID, uint32(q.Type), q.Start, q.Increment, q.Max, q.Min, q.Cache, q.Cycle))
	}
	return rows, nil
})

var _ = view("pg_sequences", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, q := range env.Catalog.Sequences() {
		var last any
		if env.LastValue != nil {
			if v, called, err := env.LastValue(q.Rel); err == nil && called {
				last = v
			}
		}
		rows = append(rows, row("public", q.Name, ownerName(env.Catalog, q.Owner), uint32(q.Type), q.Start, q.Min, q.Max, q.Increment,
			q.Cycle, q.Cache, last))
	}
	return rows, nil
})

// What depends on what, as far as clients ask: sequences on their columns, indexes on their constraints, access methods on their
// extensions.
var _ = view("pg_depend", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	class := func(name string) uint32 { return Lookup(name).OID }
	pgClass, pgConstraint := class("pg_class"), class("pg_constraint")
	var rows [][]datum.Datum
	for _, q := range env.Catalog.Sequences() {
		t := env.Catalog.TableByOID(q.OwnedBy.Table)
		if t == nil {
			continue
		}
		kind := char('a')
		if t.Columns[q.OwnedBy.Column].Identity != 0 {
			kind = 'i'
		}
		rows = append(rows, row(pgClass, q.OID, 0, pgClass, t.OID, q.OwnedBy.Column+1, kind))
	}
	for _, t := range env.Catalog.Tables() {
		for i := range t.Constraints {
			c := &t.Constraints[i]
			if c.Index != 0 {
				rows = append(rows, row(pgClass, c.Index, 0, pgConstraint, c.OID, 0, char('i')))
			}
			for _, k := range c.Columns {
				rows = append(rows, row(pgConstraint, c.OID, 0, pgClass, t.OID, k+1, char('a')))
			}
		}
	}
	for _, m := range env.Catalog.AccessMethods() {
		rows = append(rows, row(class("pg_am"), m.OID, 0, class("pg_extension"), m.OID, 0, char('e')))
		for i := range m.Description.OpClasses {
			oid := partOID(opclassPart, m.OID, i)
			rows = append(rows, row(class("pg_opclass"), oid, 0, class("pg_extension"), m.OID, 0, char('e')),
				row(class("pg_opfamily"), oid, 0, class("pg_extension"), m.OID, 0, char('e')))
		}
	}
	return rows, nil
})
