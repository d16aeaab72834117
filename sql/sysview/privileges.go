package sysview

import (
	"context"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
)

// privilegeNames are the words for the letters of an access list, and whether a column has the privilege too.
var privilegeNames = []struct {
	letter   rune
	name     string
	onColumn bool
}{
	{'a', "INSERT", true}, {'r', "SELECT", true}, {'w', "UPDATE", true}, {'d', "DELETE", false}, {'D', "TRUNCATE", false},
	{'x', "REFERENCES", true}, {'t', "TRIGGER", false},
}

// eachPrivilege visits what roles may do with tables. An owner's privileges stand in no list until somebody else gets one.
func eachPrivilege(env *Env, visit func(t *catalog.Table, g catalog.Grant, name string, onColumn, mayGrant bool)) {
	for _, t := range env.Catalog.Tables() {
		owner := t.Owner
		if env.Catalog.Role(owner) == nil {
			owner = boss(env.Catalog).Name
		}
		list := t.ACL
		if len(list) == 0 {
			list = []catalog.Grant{{Role: owner, Privileges: "arwdDxt", Grantor: owner}}
		}
		for _, g := range list {
			for _, p := range privilegeNames {
				for _, letter := range g.Privileges {
					if letter == p.letter {
						visit(t, g, p.name, p.onColumn, g.Role == owner)
					}
				}
			}
		}
	}
}

// grantee is the name of a role in the standard's schema.
func grantee(role string) string {
	if role == "" {
		return "PUBLIC"
	}
	return role
}

// privilegeRows makes a view of privileges on tables, or on each of their columns; PUBLIC is left out where public is false.
func privilegeRows(public, byColumn bool) func(context.Context, *Env) ([][]datum.Datum, error) {
	return func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		var rows [][]datum.Datum
		eachPrivilege(env, func(t *catalog.Table, g catalog.Grant, name string, onColumn, mayGrant bool) {
			switch {
			case g.Role == "" && !public:
			case !byColumn:
				rows = append(rows, row(g.Grantor, grantee(g.Role), env.Database, publicSchema, t.Name, name, yes(mayGrant), yes(name == "SELECT")))
			case onColumn:
				for i := range t.Columns {
					if c := &t.Columns[i]; !c.Dropped {
						rows = append(rows, row(g.Grantor, grantee(g.Role), env.Database, publicSchema, t.Name, c.Name, name, yes(mayGrant)))
					}
				}
			}
		})
		return rows, nil
	}
}

var (
	_ = view("information_schema.table_privileges", privilegeRows(true, false))
	_ = view("information_schema.role_table_grants", privilegeRows(false, false))
	_ = view("information_schema.column_privileges", privilegeRows(true, true))
	_ = view("information_schema.role_column_grants", privilegeRows(false, true))
)

// Roles are no members of others, so the enabled role is the session's own; a superuser is taken for a member of all.
var _ = view("information_schema.enabled_roles", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, r := range env.Catalog.Roles() {
		if env.Superuser || r.Name == env.User {
			rows = append(rows, row(r.Name))
		}
	}
	return rows, nil
})
