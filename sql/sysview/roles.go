package sysview

import (
	"context"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// hidden stands where PostgreSQL hides a password.
const hidden = "********"

// Attributes that Quire does not keep are shown for the role that the directory was made with, as PostgreSQL's initdb gives them, and
// for no other.

var _ = view("pg_roles", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, r := range env.Catalog.Roles() {
		rows = append(rows, row(r.Name, r.Superuser, true, r.OID == boss(env.Catalog).OID, r.OID == boss(env.Catalog).OID, r.Login,
			r.Replication, -1, hidden, nil, r.OID == boss(env.Catalog).OID,
			reloptions(r.Settings), r.OID))
	}
	return rows, nil
})

var _ = view("pg_user", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, r := range env.Catalog.Roles() {
		if r.Login {
			rows = append(rows, row(r.Name, r.OID, r.OID == boss(env.Catalog).OID, r.Superuser, r.Replication, r.OID == boss(env.Catalog).OID,
				hidden, nil, reloptions(r.Settings)))
		}
	}
	return rows, nil
})

var _ = view("pg_authid", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	if !env.Superuser {
		return nil, pgerr.New(pgerr.InsufficientPrivilege, "permission denied for table pg_authid")
	}
	var rows [][]datum.Datum
	for _, r := range env.Catalog.Roles() {
		rows = append(rows, row(r.OID, r.Name, r.Superuser, true, r.OID == boss(env.Catalog).OID, r.OID == boss(env.Catalog).OID, r.Login,
			r.Replication, r.OID == boss(env.Catalog).OID, -1, orNull(r.Verifier), nil))
	}
	return rows, nil
})

var _ = view("pg_shadow", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	if !env.Superuser {
		return nil, pgerr.New(pgerr.InsufficientPrivilege, "permission denied for view pg_shadow")
	}
	var rows [][]datum.Datum
	for _, r := range env.Catalog.Roles() {
		if r.Login {
			rows = append(rows, row(r.Name, r.OID, r.OID == boss(env.Catalog).OID, r.Superuser, r.Replication, r.OID == boss(env.Catalog).OID,
				orNull(r.Verifier), nil, reloptions(r.Settings)))
		}
	}
	return rows, nil
})

// A group is a role that cannot log in. Roles have no members.
var _ = view("pg_group", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, r := range env.Catalog.Roles() {
		if !r.Login {
			rows = append(rows, row(r.Name, r.OID, nil))
		}
	}
	return rows, nil
})

var _ = view("pg_db_role_setting", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, r := range env.Catalog.Roles() {
		if len(r.Settings) > 0 {
			rows = append(rows, row(0, r.OID, reloptions(r.Settings)))
		}
	}
	return rows, nil
})
