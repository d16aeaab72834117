package clienttest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"
)

// What psql's commands about catalogs show of one schema, testdata/describe.sql, beside what they show of the same schema in PostgreSQL.
//
//	psql  commands, with what psql prints; "pg" says that PostgreSQL's psql prints the same, "why=(…)" why it does not
//
// The host and PostgreSQL's database are the test's own, so that nothing else is in them.
func TestDescribe(t *testing.T) {
	client(t, "psql")
	ours := describedHost(t)
	theirs := describedDatabase(t)
	datadriven.Walk(t, "testdata/describe", func(t *testing.T, path string) {
		var different []string // all are told, not the first alone
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			require.Equal(t, "psql", d.Cmd, d.Pos)
			same := d.HasArg("pg")
			require.True(t, same || d.HasArg("why"), "%s: say why PostgreSQL shows something else", d.Pos)
			got := script(t, ours, d.Input)
			if theirs == nil || d.Rewrite {
				return got
			}
			switch want := script(t, theirs, d.Input); {
			case same && got != want:
				different = append(different, fmt.Sprintf("%s: %s\n%s\nPostgreSQL:\n%s", d.Pos, d.Input, got, want))
			case !same && got == want:
				different = append(different, fmt.Sprintf("%s: PostgreSQL shows the same; mark it", d.Pos))
			}
			return got
		})
		require.Empty(t, strings.Join(different, "\n"))
	})
}

// script runs psql commands and returns everything it prints in its order, each command before its answer if there are several.
func script(t *testing.T, env []string, input string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "script.sql")
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(input, "DIR/", dir+"/")+"\n"), 0o600))
	args := []string{"-X", "-f", path}
	if strings.Contains(input, "\n") {
		args = append(args, "-a")
	}
	var out bytes.Buffer
	runClient(t, env, "", &out, &out, "psql", args...)
	return strings.ReplaceAll(psqlPlace.ReplaceAllString(out.String(), ""), dir+"/", "DIR/")
}

// describedHost starts a host whose superuser is called as PostgreSQL's and gives it the schema.
func describedHost(t *testing.T) (env []string) {
	t.Helper()
	env = hostEnv(startHost(t))
	make1(t, env, "-c", "create extension bloom", "-c", "create extension btree", "-f", describedSchema(t))
	return env
}

// startHost starts a host of the test's own, whose superuser is called as PostgreSQL's. The test's end shuts it down.
func startHost(t *testing.T) *host {
	t.Helper()
	dir, err := os.MkdirTemp("", "qhost") // a short path: it holds unix sockets
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	h, err := newHost(quire.bin, dir, "postgres")
	require.NoError(t, err)
	require.NoError(t, h.start())
	t.Cleanup(func() { require.NoError(t, h.stop()) })
	h.watch(t)
	return h
}

// hostEnv is the environment of clients that come to a host by TCP.
func hostEnv(h *host) []string { return append(h.env(), "PGHOST=127.0.0.1", "PGPASSWORD="+password) }

// describedDatabase gives PostgreSQL a database of the schema; nil if there is no PostgreSQL, or one without its extensions.
func describedDatabase(t *testing.T) (env []string) {
	t.Helper()
	conn := postgres.connect(t)
	if conn == nil {
		return nil
	}
	var available bool
	require.NoError(t, conn.QueryRow(ctx, "select exists (select from pg_available_extensions where name = 'bloom')").Scan(&available))
	if !available {
		t.Log("LOUD: PostgreSQL's contributed modules are not installed; psql's output is compared with that in the files alone")
		return nil
	}
	exec1(t, conn, "create database described")
	t.Cleanup(func() {
		exec1(t, conn, "drop database described with (force)")
		exec1(t, conn, "drop role reader, writer")
	})
	env = append(quire.env(), "PGHOST="+postgres.dir, "PGPORT=5432", "PGUSER=postgres", "PGDATABASE=described")
	make1(t, env, "-c", "create extension bloom", "-f", describedSchema(t))
	return env
}

func describedSchema(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("testdata/describe.sql")
	require.NoError(t, err)
	return path
}

// make1 runs psql's arguments, none of which may fail.
func make1(t *testing.T, env []string, args ...string) {
	t.Helper()
	var out bytes.Buffer
	code := runClient(t, env, "", &out, &out, "psql", append([]string{"-Xq", "-v", "ON_ERROR_STOP=1"}, args...)...)
	require.Zero(t, code, out.String())
}

// A watched query runs again until it fails.
func TestWatch(t *testing.T) {
	quire.watch(t)
	out, errs, _ := quire.run(t, "create sequence watched;\nselect 6 / (3 - nextval('watched')) as left\n\\watch 0.01\ndrop sequence watched;\n", "psql", "-X")
	require.Equal(t, 2, strings.Count(out, "(every 0.01s)"), out)
	require.Contains(t, out, "    3\n(1 row)")
	require.Contains(t, out, "    6\n(1 row)")
	require.Equal(t, "ERROR:  division by zero\n", errs)
}
