package sysview

import (
	"context"

	"github.com/quiredb/quire/core/datum"
)

// hidden stands where PostgreSQL hides a password.
const hidden = "********"

var pgRoles = &View{
	OID: 12000, Name: "pg_roles",
	Columns: columns("rolname name, rolsuper boolean, rolinherit boolean, rolcreaterole boolean, rolcreatedb boolean, rolcanlogin boolean, " +
		"rolreplication boolean, rolconnlimit integer, rolpassword text, rolvaliduntil timestamptz, rolbypassrls boolean, " +
		"rolconfig text[], oid oid"),
	Rows: func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		var rows [][]datum.Datum
		for _, r := range env.Catalog.Roles() {
			rows = append(rows, row(r.Name, r.Superuser, true, r.Superuser, r.Superuser, r.Login,
				r.Replication, -1, hidden, nil, r.Superuser,
				reloptions(r.Settings), r.OID))
		}
		return rows, nil
	},
}

var pgUser = &View{
	OID: 12014, Name: "pg_user",
	Columns: columns("usename name, usesysid oid, usecreatedb boolean, usesuper boolean, userepl boolean, usebypassrls boolean, " +
		"passwd text, valuntil timestamptz, useconfig text[]"),
	Rows: func(_ context.Context, env *Env) ([][]datum.Datum, error) {
		var rows [][]datum.Datum
		for _, r := range env.Catalog.Roles() {
			if r.Login {
				rows = append(rows, row(r.Name, r.OID, r.Superuser, r.Superuser, r.Replication, r.Superuser,
					hidden, nil, reloptions(r.Settings)))
			}
		}
		return rows, nil
	},
}
