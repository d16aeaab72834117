package sysview_test

import (
	"bufio"
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

// testdata/postgres15.txt is what a PostgreSQL 15 answered to:
//
//	select c.relname||'.'||a.attname, format_type(a.atttypid, null) from pg_attribute a join pg_class c on c.oid = a.attrelid
//	where c.relnamespace = 11 and a.attnum > 0 and c.relname in (…) order by c.relname, a.attnum
func TestColumnsArePostgreSQLs(t *testing.T) {
	standIns := map[string]string{
		"aclitem[]": "text", "anyarray": "text", "inet": "text", "int2vector": "text", "oidvector": "text", "pg_node_tree": "text",
		"regproc": "text", "xid": "bigint",
	}
	have := map[string][]string{}
	for _, line := range lines(t, "testdata/postgres15.txt") {
		column, typ, _ := strings.Cut(line, " ")
		view, name, _ := strings.Cut(column, ".")
		if other, ok := standIns[typ]; ok {
			typ = other
		}
		have[view] = append(have[view], name+" "+typ)
	}
	for _, v := range sysview.All() {
		if strings.HasPrefix(v.Name, "quire_") {
			continue
		}
		var columns []string
		for _, c := range v.Columns {
			columns = append(columns, c.Name+" "+datum.MustLookup(c.Type).SQLName)
		}
		require.Equal(t, have[v.Name], columns, v.Name)
	}
}

// testdata/types15.txt has the rows of PostgreSQL 15's pg_type for the types that Quire knows.
func TestTypesArePostgreSQLs(t *testing.T) {
	v := sysview.Lookup("pg_type")
	rows, err := v.Rows(t.Context(), &sysview.Env{Catalog: new(catalog.Catalog)})
	require.NoError(t, err)
	var got []string
	for _, row := range rows {
		var words []string
		for _, name := range strings.Fields("typname typlen typbyval typtype typcategory typispreferred typelem typarray typinput typoutput " +
			"typreceive typsend typmodin typmodout typanalyze typalign typstorage typcollation typsubscript") {
			i := slices.IndexFunc(v.Columns, func(c sysview.Column) bool { return c.Name == name })
			words = append(words, datum.MustLookup(v.Columns[i].Type).String(row[i]))
		}
		got = append(got, strings.Join(words, " "))
	}
	slices.Sort(got)
	require.Equal(t, strings.Join(lines(t, "testdata/types15.txt"), "\n"), strings.Join(got, "\n"))
}

func TestNamesAndOIDsAreTheirOwn(t *testing.T) {
	names, oids := map[string]bool{}, map[uint32]bool{uint32(catalog.Rel): true}
	for _, v := range sysview.All() {
		require.Same(t, v, sysview.Lookup(v.Name))
		require.False(t, names[v.Name] || oids[v.OID], v.Name)
		require.Less(t, v.OID, catalog.FirstOID)
		names[v.Name], oids[v.OID] = true, true
	}
	require.Nil(t, sysview.Lookup("pg_nothing"))
}
