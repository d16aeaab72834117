package sysview

import (
	"context"

	"github.com/quiredb/quire/core/datum"
)

// Text is compared by bytes: all collations there are mean that.
var _ = view("pg_collation", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	by := boss(env.Catalog).OID
	var rows [][]datum.Datum
	add := func(oid int, name string, provider char, encoding int, locale any) {
		rows = append(rows, row(oid, name, CatalogNamespace, by, provider, true, encoding, locale, locale, nil, nil))
	}
	add(defaultCollation, "default", 'd', -1, nil)
	add(nameCollation, "C", 'c', -1, "C")
	add(nameCollation+1, "POSIX", 'c', -1, "POSIX")
	return rows, nil
})

var _ = view("pg_tablespace", func(_ context.Context, env *Env) ([][]datum.Datum, error) {
	by := boss(env.Catalog).OID
	return [][]datum.Datum{row(tablespaceOID, "pg_default", by, nil, nil), row(tablespaceOID+1, "pg_global", by, nil, nil)}, nil
})
