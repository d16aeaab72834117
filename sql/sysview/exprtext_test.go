package sysview_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/sql/sysview"
)

// What looks like a relation's number and is not one stays; so does the number of a relation that is gone.
func TestExpressionsShowRelationsByName(t *testing.T) {
	for _, text := range []string{
		"nextval('99'::regclass)", "'16384'::text", "'it''s ''5''::regclass'::text", `"a'b" || '5'`, `"open`, "",
	} {
		require.Equal(t, text, sysview.ShowExpr(new(catalog.Catalog), text))
	}
}
