package clienttest

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The smaller programs that come with PostgreSQL: what works, and what is refused in so many words. An error is what its message must
// contain.
func TestPrograms(t *testing.T) {
	quire.watch(t)
	quire.table(t, "prog", "a int primary key, b text")
	conn := quire.connect(t)
	exec1(t, conn, "insert into prog select g, 'x' from generate_series(1, 100) g; delete from prog where a < 50")
	for _, c := range []struct {
		line, out, err string
	}{
		{"pg_isready", "accepting connections", ""},
		{"vacuumdb postgres", "", ""},
		{"vacuumdb -a -z -j 2", "", ""},
		{"vacuumdb -f -t prog", "", ""},
		{"vacuumdb -Z -t prog(a)", "", ""},
		{"vacuumdb -t nosuch", "", `relation "nosuch" does not exist`},
		{"reindexdb -t prog", "", ""},
		{"reindexdb -i prog_pkey", "", ""},
		{"reindexdb", "", "REINDEX SCHEMA, DATABASE or SYSTEM is not supported"},
		{"createuser -S -l prog_user", "", ""},
		{"createuser prog_user", "", `role "prog_user" already exists`},
		{"dropuser prog_user", "", ""},
		{"createdb prog", "", "CREATE DATABASE is not supported"},
		{"clusterdb -t prog", "", "CLUSTER is not supported"},
		{"pg_dump", "", "error: query failed"},
	} {
		t.Run(c.line, func(t *testing.T) {
			args := strings.Fields(c.line)
			out, errs, code := quire.run(t, "", args[0], args[1:]...)
			require.Contains(t, out, c.out)
			require.NotContains(t, errs, "WARNING")
			if c.err == "" {
				require.Zero(t, code, "%s", errs)
				require.NotContains(t, errs, "ERROR")
				return
			}
			require.Equal(t, 1, code, "%s", errs)
			require.Contains(t, errs, c.err)
		})
	}
	var n int
	require.NoError(t, conn.QueryRow(ctx, "select count(*) from prog").Scan(&n))
	require.Equal(t, 51, n)
}

// pg_isready needs no password and no role; nobody there is another answer.
func TestPgIsReady(t *testing.T) {
	out, _, code := quire.run(t, "", "pg_isready", "-h", "127.0.0.1", "-U", "nosuch", "-d", "nosuch")
	require.Zero(t, code, "%s", out)
	out, _, code = quire.run(t, "", "pg_isready", "-h", os.TempDir(), "-p", "1")
	require.Equal(t, 2, code, "%s", out)
}
