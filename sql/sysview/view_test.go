package sysview_test

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/sysview"
)

func lines(t testing.TB, name string) (out []string) {
	f, err := os.Open(name)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	for s := bufio.NewScanner(f); s.Scan(); {
		out = append(out, s.Text())
	}
	return out
}

// The rows of pg_type are PostgreSQL's, and core/datum agrees with what they say.
func TestTypesArePostgreSQLs(t *testing.T) {
	v := sysview.Lookup("pg_type")
	rows, err := v.Rows(t.Context(), &sysview.Env{Catalog: new(catalog.Catalog)})
	require.NoError(t, err)
	boolean := datum.MustLookup(datum.Bool)
	var have, want []string
	for _, row := range rows {
		text := func(name string) string {
			i := slices.IndexFunc(v.Columns, func(c sysview.Column) bool { return c.Name == name })
			return datum.MustLookup(v.Columns[i].Type).String(row[i])
		}
		if datum.Lookup(datum.OID(row[0].I)) != nil {
			have = append(have, strings.Join([]string{text("oid"), text("typname"), text("typcategory"), text("typispreferred"), text("typarray")}, " "))
		}
	}
	for _, info := range datum.Types() {
		want = append(want, fmt.Sprintf("%d %s %c %s %d", info.OID, info.Name, info.Category, boolean.String(datum.NewBool(info.Preferred)), info.Array))
	}
	require.Equal(t, strings.Join(want, "\n"), strings.Join(have, "\n"))
}

func TestNamesAndOIDsAreTheirOwn(t *testing.T) {
	names, oids := map[string]bool{}, map[uint32]bool{uint32(catalog.Rel): true}
	for _, v := range sysview.All() {
		require.Same(t, v, sysview.LookupIn(v.Schema, v.Name))
		require.Same(t, v, sysview.ByOID(v.OID))
		name := v.Schema + "." + v.Name
		require.False(t, names[name] || oids[v.OID], name)
		require.Less(t, v.OID, catalog.FirstOID)
		names[name], oids[v.OID] = true, true
	}
	require.Nil(t, sysview.Lookup("pg_nothing"))
}
