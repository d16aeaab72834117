package sysview

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
)

// sizes are the functions about the whole database.
func (r registrar) sizes() {
	all := func(e *Env, _ []datum.Datum) (datum.Datum, error) {
		total := int64(0)
		for _, rel := range e.files() {
			n, err := e.Engine.Pool.Length(page.RelFile{Rel: rel})
			if err != nil {
				return datum.Datum{}, err
			}
			total += int64(n) * page.Size
		}
		return datum.NewInt(total), nil
	}
	database := func(e *Env, a []datum.Datum) (datum.Datum, error) {
		if a[0].S != e.Database {
			return datum.Datum{}, pgerr.New(pgerr.InvalidCatalogName, `database "%s" does not exist`, a[0].S)
		}
		return all(e, a)
	}
	r.add("pg_database_size", database, datum.Int8, datum.Name)
	r.add("pg_database_size", all, datum.Int8, datum.OIDType)
	r.add("pg_tablespace_size", all, datum.Int8, datum.Name)
	r.add("pg_tablespace_size", all, datum.Int8, datum.OIDType)
}

// files are the main files of all relations.
func (e *Env) files() []page.RelFileNumber {
	var out []page.RelFileNumber
	for _, s := range systemRelations {
		out = append(out, s.Rel)
	}
	for _, t := range e.Catalog.Tables() {
		out = append(out, t.Rel)
	}
	for _, x := range e.Catalog.Indexes() {
		out = append(out, x.Rel)
	}
	for _, q := range e.Catalog.Sequences() {
		out = append(out, q.Rel)
	}
	return out
}
