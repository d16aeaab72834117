package sysview

import (
	"context"

	"github.com/quiredb/quire/core/datum"
)

var _ = view("pg_namespace", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	by := boss(env.Catalog).OID
	return [][]datum.Datum{
		row(CatalogNamespace, "pg_catalog", by, nil),
		row(PublicNamespace, "public", by, nil),
		row(InformationNamespace, "information_schema", by, nil),
	}, nil
})

var _ = view("pg_database", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	return [][]datum.Datum{row(DatabaseOID, env.Database, boss(env.Catalog).OID, encodingUTF8, char('c'), false, true,
		-1, nil, nil, tablespaceOID, "C", "C", nil,
		nil, nil)}, nil
})

var _ = view("pg_tables", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	c := env.Catalog
	var rows [][]datum.Datum
	for _, r := range systemRelations {
		rows = append(rows, row("pg_catalog", r.Name, boss(c).Name, nil, false, false, false, false))
	}
	for _, t := range c.Tables() {
		owner := t.Owner
		if c.Role(owner) == nil {
			owner = boss(c).Name
		}
		rows = append(rows, row("public", t.Name, owner, nil, len(c.IndexesOf(t.OID)) > 0, false, false, false))
	}
	return rows, nil
})
