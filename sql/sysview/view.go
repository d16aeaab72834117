package sysview

import (
	"context"

	"github.com/quiredb/quire/core/datum"
)

// View is one system view, of the schema pg_catalog or information_schema. What is a table in PostgreSQL is a view here: it has no file.
type View struct {
	OID    uint32 // below catalog.FirstOID; PostgreSQL's where it has one
	Schema string
	Name   string
	// Columns are PostgreSQL's, in its order.
	Columns []Column
	// Rows makes all rows. They are the caller's.
	Rows func(ctx context.Context, env *Env) ([][]datum.Datum, error)
}

// Column is one column of a View.
type Column struct {
	Name string
	Type datum.OID
}

// view gives a relation of columns15.txt its rows. The name is qualified unless the schema is pg_catalog.
func view(name string, rows func(context.Context, *Env) ([][]datum.Datum, error)) *View {
	v := recordedViews[name]
	if v == nil {
		v = recordedViews["pg_catalog."+name]
	}
	if v == nil {
		panic("sysview: columns15.txt does not have " + name)
	}
	v.Rows = rows
	return v
}

// Namespace is the OID of the view's schema.
func (v *View) Namespace() uint32 {
	if v.Schema == "information_schema" {
		return InformationNamespace
	}
	return CatalogNamespace
}

// Lookup returns the view of this name in pg_catalog, or nil.
func Lookup(name string) *View { return byName["pg_catalog."+name] }

// LookupIn returns the view of this name in a schema, or nil.
func LookupIn(schema, name string) *View { return byName[schema+"."+name] }

// ByOID returns the view with this OID, or nil.
func ByOID(oid uint32) *View { return byOID[oid] }

// All returns all views, by name within their schema, pg_catalog first. They are shared and must not be changed.
func All() []*View { return all }
