package sysview

import (
	"context"
	"slices"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
)

// What an access method says about its operator classes is shown as PostgreSQL shows its own. Each class is a family of its own and has
// the family's number.

// classOID is the number of the operator class of a key column, 0 if its access method does not have it any more.
func classOID(m *catalog.AccessMethod, col catalog.IndexColumn) uint32 {
	if m == nil {
		return 0
	}
	for i := range m.Description.OpClasses {
		if cl := &m.Description.OpClasses[i]; cl.Name == col.OpClass && cl.Type == col.Type {
			return partOID(opclassPart, m.OID, i)
		}
	}
	return 0
}

var _ = view("pg_opclass", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	by := boss(env.Catalog).OID
	var rows [][]datum.Datum
	for _, m := range env.Catalog.AccessMethods() {
		for i, cl := range m.Description.OpClasses {
			oid := partOID(opclassPart, m.OID, i)
			rows = append(rows, row(oid, m.OID, cl.Name, CatalogNamespace, by, oid, cl.Type, cl.Default, 0))
		}
	}
	return rows, nil
})

var _ = view("pg_opfamily", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	by := boss(env.Catalog).OID
	var rows [][]datum.Datum
	for _, m := range env.Catalog.AccessMethods() {
		for i, cl := range m.Description.OpClasses {
			rows = append(rows, row(partOID(opclassPart, m.OID, i), m.OID, cl.Name, CatalogNamespace, by))
		}
	}
	return rows, nil
})

// ordered are the operators of an ordered class in the order of their strategy numbers.
var ordered = []string{"<", "<=", "=", ">=", ">"}

var _ = view("pg_amop", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, m := range env.Catalog.AccessMethods() {
		for i := range m.Description.OpClasses {
			cl := &m.Description.OpClasses[i]
			n := 0
			for j, name := range cl.Operators {
				op := env.Builtins.operator(name, cl.Type, cl.Type)
				if op == nil { // a condition without an operator of its own, like a list to search in
					continue
				}
				strategy := j + 1
				if k := slices.Index(ordered, name); m.Description.Caps.Ordered && k >= 0 {
					strategy = k + 1
				}
				rows = append(rows, row(partOID(opPart, m.OID, 32*i+n), partOID(opclassPart, m.OID, i), cl.Type, cl.Type, strategy, char('s'), op.oid, m.OID, 0))
				n++
			}
		}
	}
	return rows, nil
})
