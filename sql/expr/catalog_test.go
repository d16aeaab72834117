package expr_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// testdata/catalog.txt lists the functions, operators, casts and aggregates of PostgreSQL 15 over the types there are. What is
// built in must be declared as there: result, strictness, volatility.
const catalogFile = "testdata/catalog.txt"

const catalogQuery = `
WITH known AS (SELECT oid FROM pg_type WHERE typname = ANY($1) UNION SELECT typarray FROM pg_type WHERE typname = ANY($1)
    UNION SELECT unnest(ARRAY[2276, 2283, 2776, 2277, 2278]::oid[])),
args AS (SELECT p.*, (SELECT coalesce(string_agg(format_type(a, null), ', ' ORDER BY n), '') FROM unnest(proargtypes) WITH ORDINALITY x(a, n)) AS list
    FROM pg_proc p WHERE NOT EXISTS (SELECT FROM unnest(proargtypes) a WHERE a NOT IN (SELECT oid FROM known)) AND prorettype IN (SELECT oid FROM known))
SELECT line FROM (
SELECT format('function %s(%s) %s %s %s', proname, list, format_type(prorettype, null), provolatile, CASE WHEN proisstrict THEN 'strict' ELSE 'null' END) AS line
    FROM args WHERE prokind = 'f'
UNION ALL SELECT format('aggregate %s(%s) %s', proname, list, format_type(prorettype, null)) FROM args WHERE prokind = 'a'
UNION ALL SELECT format('operator %s(%s, %s) %s %s %s %s', oprname, CASE WHEN oprleft = 0 THEN '-' ELSE format_type(oprleft, null) END, format_type(oprright, null),
    format_type(oprresult, null), provolatile, coalesce((SELECT oprname FROM pg_operator c WHERE c.oid = o.oprcom), '-'),
    coalesce((SELECT oprname FROM pg_operator c WHERE c.oid = o.oprnegate), '-'))
    FROM pg_operator o JOIN args p ON p.oid = o.oprcode
UNION ALL SELECT format('cast %s to %s %s %s', format_type(castsource, null), format_type(casttarget, null), castcontext, coalesce(provolatile::text, '-'))
    FROM pg_cast LEFT JOIN pg_proc p ON p.oid = castfunc WHERE castsource <> casttarget AND castsource IN (SELECT oid FROM known) AND casttarget IN (SELECT oid FROM known)
) x ORDER BY line COLLATE "C"`

func readCatalog(t *testing.T) map[string]bool {
	if *postgres != "" {
		conn, err := pgconn.Connect(context.Background(), *postgres)
		require.NoError(t, err)
		defer conn.Close(context.Background())
		var names []string
		for _, info := range datum.Types() {
			names = append(names, info.Name)
		}
		array := "{" + strings.Join(names, ",") + "}"
		result := conn.ExecParams(context.Background(), catalogQuery, [][]byte{[]byte(array)}, nil, nil, nil).Read()
		require.NoError(t, result.Err)
		var out strings.Builder
		for _, row := range result.Rows {
			out.WriteString(string(row[0]) + "\n")
		}
		require.NoError(t, os.WriteFile(catalogFile, []byte(out.String()), 0o644))
	}
	text, err := os.ReadFile(catalogFile)
	require.NoError(t, err)
	lines := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		lines[strings.TrimSuffix(line, "\n")] = true
	}
	return lines
}

// own are names that have no line in PostgreSQL's catalog: SQL's bare words, and functions with optional arguments or of
// array types, which are declared once per type here.
var own = []string{"current_user", "session_user", "user", "current_role", "current_catalog", "current_date", "current_timestamp",
	"localtimestamp", "make_interval", "unnest", "array_agg", "array_append", "array_cat", "array_dims", "array_ndims", "array_position", "array_positions", "array_prepend", "array_remove",
	"array_replace", "generate_subscripts", "array_length", "array_lower", "array_upper", "array_to_string", "cardinality", "format", "concat", "concat_ws", "num_nulls", "num_nonnulls"}

func argNames(args []expr.OID) string {
	names := make([]string, len(args))
	for i, t := range args {
		names[i] = expr.TypeName(t)
	}
	return strings.Join(names, ", ")
}

func TestBuiltinsAreDeclaredAsInPostgreSQL(t *testing.T) {
	known := readCatalog(t)
	r := expr.NewRegistry()
	var wrong []string
	check := func(name, line string) {
		if !known[line] && !slices.Contains(own, name) {
			wrong = append(wrong, line)
		}
	}
	volatility := map[expr.Volatility]string{expr.Immutable: "i", expr.Stable: "s", expr.Volatile: "v"}
	r.All(func(f *expr.Function) {
		null := "null"
		if f.Strict {
			null = "strict"
		}
		check(f.Name, fmt.Sprintf("function %s(%s) %s %s %s", f.Name, argNames(f.Args), expr.TypeName(f.Returns), volatility[f.Volatility], null))
	}, func(o *expr.Operator) {
		left := "-"
		if o.Left != 0 {
			left = expr.TypeName(o.Left)
		}
		for _, side := range []datum.OID{o.Left, o.Right} {
			if info := datum.Lookup(side); info != nil && info.Elem != 0 {
				return // PostgreSQL has one operator for all arrays
			}
		}
		dash := func(s string) string {
			if s == "" {
				return "-"
			}
			return s
		}
		check(o.Name, fmt.Sprintf("operator %s(%s, %s) %s %s %s %s", o.Name, left, expr.TypeName(o.Right), expr.TypeName(o.Returns()),
			volatility[o.Fn.Volatility], dash(o.Commutator), dash(o.Negator)))
	}, func(a *expr.Aggregate) {
		check(a.Name, fmt.Sprintf("aggregate %s(%s) %s", a.Name, argNames(a.Args), expr.TypeName(a.Returns)))
	})
	slices.Sort(wrong)
	require.Empty(t, strings.Join(wrong, "\n"))
}

func TestCastsAreThoseOfPostgreSQL(t *testing.T) {
	known := readCatalog(t)
	var have []string
	for _, from := range datum.Types() {
		for _, to := range datum.Types() {
			when, volatility, ok := expr.CastInfo(from.OID, to.OID)
			if ok {
				have = append(have, fmt.Sprintf("cast %s to %s %s %s", from.SQLName, to.SQLName, when, volatility))
			}
		}
	}
	var want []string
	for line := range known {
		if strings.HasPrefix(line, "cast ") {
			want = append(want, line)
		}
	}
	slices.Sort(have)
	slices.Sort(want)
	require.Equal(t, strings.Join(want, "\n"), strings.Join(have, "\n"))
}
