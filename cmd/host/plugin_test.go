package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const makeTable = "create table t (id int8, a int4); insert into t select i, i from generate_series(1, 100) i"

// What is wrong with a plugin's file is said when somebody asks for it, in SQL; the host goes on, and so do the others.
func TestPluginThatCannotBeUsed(t *testing.T) {
	s := newSite(t)
	dir := s.plugins("bloom", "hostile_exit", "hostile_badline", "hostile_core", "hostile_version", "hostile_silent", "notexec", "writable", "garbage", "linked")
	require.NoError(t, os.Chmod(filepath.Join(dir, "notexec"), 0o600))
	require.NoError(t, os.Chmod(filepath.Join(dir, "writable"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "garbage"), []byte("not a program"), 0o700))
	require.NoError(t, os.Remove(filepath.Join(dir, "linked")))
	require.NoError(t, os.Symlink(filepath.Join(dir, "bloom"), filepath.Join(dir, "linked")))
	n := s.serving("d", "--plugin-dir", dir, "-c", "plugin_start_timeout=2s")
	conn := n.connect()
	exec1(t, conn, makeTable)
	for _, c := range []struct {
		name, code string
		want       []string
	}{
		{"absent", "42883", []string{"absent"}},
		{"notexec", "55000", []string{"notexec", "not executable", "chmod u+x"}},
		{"writable", "55000", []string{"writable", "written by others", "chmod go-w"}},
		{"linked", "55000", []string{"linked", "symbolic link"}},
		{"garbage", "55000", []string{"garbage"}},
		{"hostile_exit", "55000", []string{"hostile_exit", "exit code 3", "log"}},
		{"hostile_badline", "55000", []string{"hostile_badline", "Hello, I am a plugin!"}},
		{"hostile_core", "55000", []string{"hostile_core", "protocol"}},
		{"hostile_version", "55000", []string{"hostile_version", "version"}},
		{"hostile_silent", "55000", []string{"hostile_silent", "start timeout", "plugin_start_timeout"}},
	} {
		// The file is judged when the access method is made, or at the latest when an index wants it.
		_, err := conn.PgConn().Exec(t.Context(), "create access method m_"+c.name+" type index handler "+c.name).ReadAll()
		sql := "create access method m_" + c.name + " type index handler " + c.name
		if err == nil {
			sql = "create index on t using m_" + c.name + " (a)"
		}
		pe := refused(t, conn, sql)
		text := pe.Message + " " + pe.Detail + " " + pe.Hint
		t.Logf("%s: %s %s", c.name, pe.Code, text)
		require.Equal(t, c.code, pe.Code, "%s: %s", c.name, text)
		for _, want := range c.want {
			require.Contains(t, text, want)
		}
		require.NotContains(t, text, "\x1b")
		require.Equal(t, "100", query(t, conn, "select count(*) from t"))
	}
	require.Contains(t, n.log(), "cannot find my configuration", "the last lines of a plugin that does not start")
	exec1(t, conn, "create extension bloom", "create index t_bloom on t using bloom (a)")
	n.stop()
	requireSound(t, n.dir)
}

// A plugin whose file changes or goes after CREATE ACCESS METHOD is not run. Its tables can be read, not written; putting
// the file back, or accepting the new one, ends that.
func TestPluginFileChangesLater(t *testing.T) {
	s := newSite(t)
	dir := s.plugins("bloom")
	file := filepath.Join(dir, "bloom")
	n := s.serving("d", "--plugin-dir", dir)
	exec1(t, n.connect(), makeTable, "create extension bloom", "create index t_bloom on t using bloom (a)")
	n.stop()
	unusable := func(want ...string) {
		t.Helper()
		n.start()
		conn := n.connect()
		exec1(t, conn, "set enable_seqscan = off")
		require.Equal(t, "42", query(t, conn, "select id from t where a = 42"))
		require.Equal(t, "100", query(t, conn, "select count(*) from t"))
		for _, sql := range []string{"insert into t values (0, 0)", "update t set a = 0 where id = 7", "create index on t using bloom (id)"} {
			pe := refused(t, conn, sql)
			text := pe.Message + " " + pe.Detail + " " + pe.Hint
			t.Logf("%s: %s %s", sql, pe.Code, text)
			require.Equal(t, "55000", pe.Code, "%s", text)
			for _, w := range append(want, "bloom") {
				require.Contains(t, text, w)
			}
		}
		require.Equal(t, "100", query(t, conn, "select count(*) from t"))
		exec1(t, conn, "create table u (id int8)", "insert into u values (1)", "drop table u", "checkpoint")
		n.stop()
		requireSound(t, n.dir)
	}
	program, err := os.ReadFile(file)
	require.NoError(t, err)

	require.NoError(t, os.WriteFile(file, append(program, 0), 0o700))
	unusable("SHA-256", "ALTER EXTENSION … UPDATE")

	n.start()
	conn := n.connect()
	require.Equal(t, "25001", refused(t, conn, "begin; alter extension bloom update").Code)
	exec1(t, conn, "rollback")
	require.Equal(t, "22023", refused(t, conn, "alter extension bloom update to 'no such'").Code)
	require.Equal(t, "55000", refused(t, conn, "insert into t values (0, 0)").Code, "a refused update accepts nothing")
	require.Equal(t, "42710", refused(t, conn, "create access method bloom type index handler bloom").Code)
	require.Equal(t, "55000", refused(t, conn, "insert into t values (0, 0)").Code, "nor does a refused CREATE")
	exec1(t, conn, "alter extension bloom update", "insert into t values (-1, -1)", "delete from t where id = -1", "vacuum t")
	n.stop()
	require.NoError(t, os.WriteFile(file, program, 0o700))
	unusable("SHA-256")
	require.NoError(t, os.WriteFile(file, append(program, 0), 0o700))
	n.start()
	exec1(t, n.connect(), "insert into t values (-1, -1)", "delete from t where id = -1")
	n.stop()
	program = append(program, 0)

	require.NoError(t, os.Remove(file))
	unusable("does not exist")

	require.NoError(t, os.WriteFile(file, program, 0o600))
	unusable("not executable", "chmod u+x")

	require.NoError(t, os.Chmod(file, 0o700))
	n.start()
	exec1(t, n.connect(), "insert into t values (0, 0)")
	n.stop()

	// Without any plugin directory it is the same.
	without := s.primary("d")
	without.logs = 100
	without.start()
	conn = without.connect()
	require.Equal(t, "101", query(t, conn, "select count(*) from t"))
	require.Equal(t, "42", query(t, conn, "select id from t where a = 42"))
	pe := refused(t, conn, "insert into t values (1, 1)")
	t.Logf("%s %s %s", pe.Code, pe.Message, pe.Hint)
	require.Equal(t, "55000", pe.Code)
	require.Contains(t, pe.Message+pe.Hint, "plugin")
	require.Equal(t, "55000", refused(t, conn, "create access method x type index handler x").Code)
	exec1(t, conn, "drop index t_bloom", "insert into t values (1, 1)")
	without.stop()
	requireSound(t, n.dir)
}

// A plugin that crashes again and again in the middle of calls is put aside; the rows stay and can be read.
func TestPluginThatKeepsCrashing(t *testing.T) {
	s := newSite(t)
	n := s.serving("d", "--plugin-dir", s.plugins("hostile"))
	conn := n.connect()
	exec1(t, conn, makeTable, "create access method hostile type index handler hostile",
		"create index t_h on t using hostile (a) with (label = 'crash@Insert')")
	seen := map[string]bool{}
	eventually(t, "the plugin is in quarantine", func() bool {
		pe := refused(t, conn, "insert into t values (0, 0)")
		if !seen[pe.Code] {
			t.Logf("%s %s %s", pe.Code, pe.Message, pe.Hint)
		}
		seen[pe.Code] = true
		require.Contains(t, []string{"38000", "55000"}, pe.Code, "%s", pe.Message)
		require.Contains(t, pe.Message, "hostile")
		return strings.Contains(pe.Message, "quarantine")
	})
	require.True(t, seen["38000"])
	require.Equal(t, "100", query(t, conn, "select count(*) from t"))
	require.Equal(t, "42", query(t, conn, "select id from t where a = 42"))
	exec1(t, conn, "drop index t_h", "insert into t values (0, 0)")
	n.stop()
	requireSound(t, n.dir)
}

func TestDumpPlugins(t *testing.T) {
	s := newSite(t)
	dir := s.plugins("bloom", "notexec")
	require.NoError(t, os.Chmod(filepath.Join(dir, "notexec"), 0o600))
	r := quire(t, "dump", "plugins", "--plugin-dir", dir)
	require.Zero(t, r.code, "%s", r.stderr)
	require.Regexp(t, `(?m)^bloom +[0-9]+ +[0-9a-f]{64} +`+dir+`/bloom$`, r.stdout)
	require.Regexp(t, `(?m)^notexec +- +- .*not executable.*chmod u\+x`, r.stdout)
}
