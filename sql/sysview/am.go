package sysview

import (
	"context"

	"github.com/quiredb/quire/core/datum"
)

var _ = view("pg_am", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	rows := [][]datum.Datum{row(HeapAM, "heap", env.Builtins.handler("heap_tableam_handler"), char('t'))}
	for _, m := range env.Catalog.AccessMethods() {
		rows = append(rows, row(m.OID, m.Name, partOID(handlerPart, m.OID, 0), char('i')))
	}
	return rows, nil
})

// An access method is also an extension: CREATE EXTENSION makes one.
var _ = view("pg_extension", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, m := range env.Catalog.AccessMethods() {
		rows = append(rows, row(m.OID, m.Name, boss(env.Catalog).OID, CatalogNamespace, false, m.Description.Version, nil,
			nil))
	}
	return rows, nil
})

// An extension that can be had is a plugin that the directory has.
var _ = view("pg_available_extensions", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, p := range plugins(env) {
		var installed any
		if m := env.Catalog.AccessMethod(p.Name); m != nil {
			installed = m.Description.Version
		}
		rows = append(rows, row(p.Name, orNull(p.Version), installed, nil))
	}
	return rows, nil
})

var _ = view("pg_available_extension_versions", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	var rows [][]datum.Datum
	for _, p := range plugins(env) {
		rows = append(rows, row(p.Name, orNull(p.Version), env.Catalog.AccessMethod(p.Name) != nil, true, false, false, "pg_catalog",
			nil, nil))
	}
	return rows, nil
})
