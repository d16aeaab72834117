package main_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// program finds a client program, or skips loudly.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("LOUD: %s is not installed: it was not tried against this server", name)
	}
	return path
}

func TestPsql(t *testing.T) {
	psql := program(t, "psql")
	s := newSite(t)
	n := s.serving("d")
	run := func(input string, args ...string) (string, error) {
		cmd := exec.Command(psql, append([]string{"-X", "-h", n.sock, "-p", "5433", "postgres"}, args...)...)
		cmd.Env, cmd.Stdin = environment(), strings.NewReader(input)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run("", "-c", `\conninfo`)
	require.NoError(t, err, "%s", out)
	require.Contains(t, out, fmt.Sprintf(`You are connected to database "postgres" as user "%s" via socket in "%s" at port "5433".`, osUser(t), n.sock))
	require.NotContains(t, out, "WARNING", "the versions of client and server go together")

	out, err = run("create table t (id int8, a text);\ncopy t from stdin;\n1\tone\n2\t\\N\n\\.\nselect * from t order by id;\n", "-At", "-v", "ON_ERROR_STOP=1")
	require.NoError(t, err, "%s", out)
	require.Contains(t, out, "COPY 2\n1|one\n2|\n")

	out, err = run("", "-c", "select id from\nt wehre id = 1")
	require.Error(t, err)
	require.Contains(t, out, "ERROR:  syntax error at or near \"id\"\nLINE 2: t wehre id = 1\n                ^")
	out, err = run("", "-c", "select id, b from t")
	require.Error(t, err)
	require.Contains(t, out, "ERROR:  column \"b\" does not exist\nLINE 1: select id, b from t\n                   ^")
	n.stop()
}

// pg_receivewal archives our log without knowing what is in it: what it stores is the log, byte for byte.
func TestPgReceivewal(t *testing.T) {
	receivewal := program(t, "pg_receivewal")
	s := newSite(t)
	n := s.serving("d")
	conn := n.connect()
	exec1(t, conn, "create table t (id int8, a text)")
	archive := s.path("archive")
	require.NoError(t, os.Mkdir(archive, 0o700))
	var errs bytes.Buffer
	cmd := exec.Command(receivewal, "-h", n.sock, "-p", "5433", "-U", osUser(t), "-D", archive, "--no-loop", "--synchronous", "-v")
	cmd.Env, cmd.Stderr = environment(), &errs
	require.NoError(t, cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })

	eventually(t, "it streams", func() bool {
		return query(t, conn, "select state from pg_stat_replication where application_name = 'pg_receivewal'") == "streaming"
	})
	// More than a segment, so that one is complete.
	for range 6 {
		exec1(t, conn, "insert into t select i, repeat('x', 1000) from generate_series(1, 3000) i")
	}
	lsn := query(t, conn, "select pg_current_wal_flush_lsn()")
	require.NotEqual(t, "0/1", lsn[:3], "the test writes more than one segment")
	eventually(t, "it has "+lsn, func() bool {
		return query(t, conn, fmt.Sprintf("select flush_lsn >= '%s'::pg_lsn from pg_stat_replication", lsn)) == "t"
	})
	n.stop() // the end of the stream, after everything was confirmed
	require.Error(t, <-done)
	require.Regexp(t, `(?i)finished streaming|terminated`, errs.String())

	files, err := filepath.Glob(filepath.Join(archive, "*"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 2)
	end := regexp.MustCompile(`(?m)^latest checkpoint: +(\S+)$`).FindStringSubmatch(quire(t, "dump", "control", "-D", n.dir).stdout)
	last, upTo := walFile(t, n.dir, end[1])
	whole := 0
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".partial")
		got, err := os.ReadFile(f)
		require.NoError(t, err)
		want, err := os.ReadFile(filepath.Join(n.dir, "pg_wal", name))
		require.NoError(t, err)
		require.Len(t, got, segmentBytes)
		if name == filepath.Base(last) {
			got, want = got[:upTo+32], want[:upTo+32] // the shutdown checkpoint's record is part of it
		} else {
			whole++
		}
		require.True(t, bytes.Equal(got, want), "%s differs", name)
	}
	require.NotZero(t, whole)

	// It takes up where it ended, and leaves when it is told to.
	n.start()
	again := exec.Command(receivewal, "-h", n.sock, "-p", "5433", "-U", osUser(t), "-D", archive, "--no-loop")
	again.Env = environment()
	require.NoError(t, again.Start())
	conn = n.connect()
	eventually(t, "it streams again", func() bool {
		return query(t, conn, "select state from pg_stat_replication") == "streaming"
	})
	require.NoError(t, again.Process.Signal(syscall.SIGINT))
	require.NoError(t, again.Wait())
	eventually(t, "it has gone", func() bool { return query(t, conn, "select count(*) from pg_stat_replication") == "0" })
	n.stop()
}
