package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// dumpControl gives the fields of a control file as `quire dump control` prints them.
func dumpControl(t *testing.T, dir string) map[string]string {
	t.Helper()
	r := quire(t, "dump", "control", "-D", dir)
	require.Zero(t, r.code, "%s", r.stderr)
	fields := map[string]string{}
	for line := range strings.Lines(r.stdout) {
		name, value, _ := strings.Cut(line, ":")
		fields[name] = strings.TrimSpace(value)
	}
	return fields
}

// A fast shutdown ends busy and idle sessions, writes a shutdown checkpoint, and does not end before a connected standby has it.
func TestShutdownReachesTheStandby(t *testing.T) {
	s := newSite(t)
	p := s.serving("p")
	r := s.standby("r", p)
	r.start()
	pc, rc := p.connect(), r.connect()
	exec1(t, pc, "create table t (id int8, a int4)", "insert into t select i, i from generate_series(1, 300) i")
	eventually(t, "the standby streams", func() bool {
		return query(t, pc, "select state from pg_stat_replication where application_name = 'r'") == "streaming"
	})
	open := p.connect()
	exec1(t, open, "begin", "insert into t values (0, 0)")
	l := startLoad(p, 2)
	l.more(50)

	p.stop()
	l.end()
	require.Error(t, open.Ping(t.Context()))
	control := dumpControl(t, p.dir)
	require.Equal(t, "shut down", control["state"])
	checkpoint := control["latest checkpoint"]
	require.Equal(t, checkpoint, control["redo begins at"])
	require.Contains(t, p.log(), `"kind":"shutdown"`)

	// The standby has the record already: nobody is there any more to send it.
	dump := quire(t, "dump", "wal", "-D", r.dir, "--from", checkpoint)
	require.Zero(t, dump.code, "%s", dump.stderr)
	require.Regexp(t, `(?m)^`+regexp.QuoteMeta(checkpoint)+`\b.*CheckpointShutdown`, dump.stdout)
	require.Equal(t, dump.stdout, quire(t, "dump", "wal", "-D", p.dir, "--from", checkpoint).stdout)

	// It still answers, and its own shutdown names the same checkpoint.
	require.Equal(t, "300", query(t, rc, "select count(*) from t where id <= 300 and id > 0 and a = id"))
	eventually(t, "the standby has replayed the checkpoint", func() bool {
		return query(t, rc, fmt.Sprintf("select pg_last_wal_replay_lsn() > '%s'::pg_lsn", checkpoint)) == "t"
	})
	r.stop()
	standby := dumpControl(t, r.dir)
	require.Equal(t, "standby shut down", standby["state"])
	require.Equal(t, checkpoint, standby["latest checkpoint"])
	require.Equal(t, control["system identifier"], standby["system identifier"])

	// Both start again without recovery, and go on together.
	p.start()
	require.NotContains(t, p.log(), "recovering")
	r.start()
	pc, rc = p.connect(), r.connect()
	l.check(t, pcWithout(t, pc))
	exec1(t, pc, "insert into t values (-1, -1)")
	catchUp(t, pc, rc)
	sameBytes(t, pc, rc)
}

// pcWithout removes the rows that no load wrote.
func pcWithout(t *testing.T, conn *pgx.Conn) *pgx.Conn {
	t.Helper()
	require.Equal(t, "0", query(t, conn, "select count(*) from t where id = 0"), "a row of an open transaction")
	exec1(t, conn, "delete from t where a = id")
	return conn
}

// SIGINT is a fast shutdown too, and a second signal changes nothing.
func TestInterrupt(t *testing.T) {
	s := newSite(t)
	n := s.serving("d", "--plugin-dir", s.plugins("bloom"))
	exec1(t, n.connect(), makeBloom)
	plugins := n.children("bloom")
	require.Len(t, plugins, 1)
	require.NoError(t, n.cmd.Process.Signal(os.Interrupt))
	_ = n.cmd.Process.Signal(syscall.SIGTERM)
	require.Zero(t, n.wait(), "%s", n.log())
	require.Equal(t, syscall.ESRCH, syscall.Kill(plugins[0], 0), "the plugin is still there")
	require.NoFileExists(t, filepath.Join(n.sock, ".s.PGSQL.5433"))
	require.Equal(t, "shut down", dumpControl(t, n.dir)["state"])
	requireSound(t, n.dir)
}

// SIGHUP reads quire.toml again: what can change does, what cannot is named, a mistake changes nothing.
func TestReload(t *testing.T) {
	s := newSite(t)
	n := s.serving("d")
	conn := n.connect()
	reload := func(text, logged string) {
		t.Helper()
		before := strings.Count(n.log(), logged)
		require.NoError(t, os.WriteFile(filepath.Join(n.dir, "quire.toml"), []byte(text), 0o600))
		require.NoError(t, n.cmd.Process.Signal(syscall.SIGHUP))
		eventually(t, "the log says: "+logged, func() bool { return strings.Count(n.log(), logged) > before })
	}
	reload("wal_keep_size = \"64MB\"\nenable_seqscan = false\n", "quire.toml was read again")
	require.Equal(t, "64MB", query(t, conn, "show wal_keep_size"))
	require.Equal(t, "off", query(t, n.connect(), "show enable_seqscan"))

	reload("max_connections = 7\nwal_keep_size = \"32MB\"\n", "max_connections")
	require.Equal(t, "100", query(t, conn, "show max_connections"))
	require.Equal(t, "32MB", query(t, conn, "show wal_keep_size"))

	reload("wal_keep_size = \"16MB\"\nmax_wal_size = \"plenty\"\n", "quire.toml:2")
	require.Equal(t, "32MB", query(t, conn, "show wal_keep_size"))
	reload("", "quire.toml was read again")
	require.Equal(t, "256MB", query(t, conn, "show wal_keep_size"))
}
