package clienttest

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// What EXPLAIN prints of one schema, testdata/explain.sql, beside what PostgreSQL prints of it.
//
//	plan  a statement, with its plan without costs; "pg" says that PostgreSQL prints the same, "why=(…)" why it does not
//
// Further words of a plan line are options of EXPLAIN: verbose, json, analyze, whose sizes of memory are left out. off=(hashjoin,…) turns
// enable_hashjoin and so on off. A statement with $1 is prepared first. PostgreSQL goes without what has no counterpart: merge joins, incremental sorts,
// memoize, parallel plans, compilation.
func TestExplain(t *testing.T) {
	client(t, "psql")
	ours := explainingHost(t)
	theirs := explainingDatabase(t)
	datadriven.Walk(t, "testdata/explain", func(t *testing.T, path string) {
		var different []string // all are told, not the first alone
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			require.Equal(t, "plan", d.Cmd, d.Pos)
			same := d.HasArg("pg")
			require.True(t, same || d.HasArg("why"), "%s: say why PostgreSQL has another plan", d.Pos)
			got := explained(t, ours, d)
			if theirs == nil || d.Rewrite {
				return got
			}
			switch want := explained(t, theirs, d); {
			case same && got != want:
				different = append(different, fmt.Sprintf("%s: %s\n%s\nPostgreSQL:\n%s", d.Pos, d.Input, got, want))
			case !same && got == want:
				different = append(different, fmt.Sprintf("%s: PostgreSQL has the same plan; mark it", d.Pos))
			}
			return got
		})
		require.Empty(t, strings.Join(different, "\n"))
	})
}

// sizes is what EXPLAIN ANALYZE says about the sizes of things, which are each server's own.
var sizes = regexp.MustCompile(`Buckets: \d+  |(Memory Usage|Memory|Disk|exact|lossy)(: |=)\d+(kB)?`)

// explained runs one block in a transaction that is rolled back.
func explained(t *testing.T, conn *pgx.Conn, d *datadriven.TestData) string {
	t.Helper()
	exec1(t, conn, "begin")
	defer exec1(t, conn, "rollback")
	for _, arg := range d.CmdArgs {
		if arg.Key == "off" {
			for _, method := range arg.Vals {
				exec1(t, conn, fmt.Sprintf("set local enable_%s = off", method))
			}
		}
	}
	options := "costs off"
	for _, name := range []string{"verbose", "analyze"} {
		if d.HasArg(name) {
			options += ", " + name
		}
	}
	if d.HasArg("analyze") {
		options += ", timing off, summary off"
	}
	if d.HasArg("json") {
		options += ", format json"
	}
	statement := d.Input
	if strings.Contains(statement, "$1") {
		exec1(t, conn, "prepare explained as "+statement)
		defer exec1(t, conn, "deallocate explained")
		statement = "execute explained(1)"
	}
	results, err := conn.PgConn().Exec(ctx, fmt.Sprintf("explain (%s) %s", options, statement)).ReadAll()
	require.NoError(t, err, "%s: %s", d.Pos, d.Input)
	var out strings.Builder
	for _, row := range results[0].Rows {
		out.Write(row[0])
		out.WriteByte('\n')
	}
	return sizes.ReplaceAllString(out.String(), "$1")
}

// explainingHost starts a host of its own for the schema: what others do to a host's statistics changes plans.
func explainingHost(t *testing.T) *pgx.Conn {
	t.Helper()
	h := startHost(t)
	make1(t, hostEnv(h), "-c", "create extension btree", "-f", explainedSchema(t))
	return connect(t, h.dsn())
}

// explainingDatabase gives PostgreSQL a database of the schema; nil if there is no PostgreSQL.
func explainingDatabase(t *testing.T) *pgx.Conn {
	t.Helper()
	conn := postgres.connect(t)
	if conn == nil {
		return nil
	}
	exec1(t, conn, "create database explained")
	t.Cleanup(func() { exec1(t, conn, "drop database explained with (force)") })
	make1(t, append(quire.env(), "PGHOST="+postgres.dir, "PGPORT=5432", "PGUSER=postgres", "PGDATABASE=explained"), "-f", explainedSchema(t))
	theirs := connect(t, strings.Replace(postgres.dsn(), "dbname=postgres", "dbname=explained", 1))
	exec1(t, theirs, `set enable_mergejoin = off; set enable_incremental_sort = off; set enable_memoize = off;
		set max_parallel_workers_per_gather = 0; set jit = off; set plan_cache_mode = force_generic_plan`)
	return theirs
}

func explainedSchema(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("testdata/explain.sql")
	require.NoError(t, err)
	return path
}
