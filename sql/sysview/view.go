package sysview

import (
	"context"

	"github.com/quiredb/quire/core/datum"
)

// View is one system view of the schema pg_catalog.
type View struct {
	OID     uint32 // below catalog.FirstOID; PostgreSQL's where it has a fixed one
	Name    string
	Columns []Column
	// Rows makes all rows. They are the caller's.
	Rows func(ctx context.Context, env *Env) ([][]datum.Datum, error)
}

// Column is one column of a View.
type Column struct {
	Name string
	Type datum.OID
}

// Lookup returns the view of this name, or nil.
func Lookup(name string) *View { return byName[name] }

// All returns all views by name. They are shared and must not be changed.
func All() []*View { return all }
