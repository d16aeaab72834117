package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// worn makes a data directory with some history that was cut off by a kill, so that its next start recovers.
func (s *site) worn(name string) *node {
	s.t.Helper()
	n := s.serving(name)
	conn := n.connect()
	exec1(s.t, conn, "create table t (id int8, a int4)", "checkpoint")
	for i := range 20 {
		exec1(s.t, conn, fmt.Sprintf("insert into t select i, i from generate_series(%d, %d) i", i*20+1, i*20+20))
	}
	n.kill()
	return n
}

// flip inverts one bit of a file.
func flip(t *testing.T, path string, off int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer f.Close()
	b := make([]byte, 1)
	_, err = f.ReadAt(b, off)
	require.NoError(t, err)
	b[0] ^= 0x10
	_, err = f.WriteAt(b, off)
	require.NoError(t, err)
}

const segmentBytes = 16 << 20

// walFile is the segment that holds an LSN, and the place in it.
func walFile(t *testing.T, dir, lsn string) (string, int64) {
	t.Helper()
	hi, lo, ok := strings.Cut(lsn, "/")
	require.True(t, ok, "%s", lsn)
	h, err := strconv.ParseUint(hi, 16, 32)
	require.NoError(t, err)
	l, err := strconv.ParseUint(lo, 16, 32)
	require.NoError(t, err)
	return filepath.Join(dir, "pg_wal", fmt.Sprintf("%08X%08X%08X", 1, h, l/segmentBytes)), int64(l % segmentBytes)
}

// records are the LSNs of the log from the redo position on.
func records(t *testing.T, dir string) []string {
	t.Helper()
	r := quire(t, "dump", "wal", "-D", dir)
	require.Zero(t, r.code, "%s", r.stderr)
	return regexp.MustCompile(`(?m)^[0-9A-F]+/[0-9A-F]+\b`).FindAllString(r.stdout, -1)
}

// copyDir copies a data directory, so that each damage begins with the same.
func copyDir(t *testing.T, from, to string) {
	t.Helper()
	require.NoError(t, os.CopyFS(to, os.DirFS(from)))
	require.NoError(t, filepath.Walk(to, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.IsDir() {
			return os.Chmod(path, 0o700)
		}
		if err == nil {
			return os.Chmod(path, 0o600)
		}
		return err
	}))
}

func TestDamage(t *testing.T) {
	s := newSite(t)
	origin := s.worn("d").dir
	lsns := records(t, origin)
	require.Greater(t, len(lsns), 20)

	// each runs a test on a copy of the directory.
	each := func(name string, test func(t *testing.T, s *site, dir string)) {
		t.Run(name, func(t *testing.T) {
			s := siteIn(t, "")
			dir := s.path("d")
			copyDir(t, origin, dir)
			test(t, s, dir)
		})
	}
	// count starts the directory, counts the rows and stops.
	count := func(t *testing.T, s *site) string {
		n := s.primary("d")
		n.start()
		got := query(t, n.connect(), "select count(*) from t")
		n.stop()
		return got
	}
	// refuses starts the directory, which must end with one line and leave everything as it is.
	refuses := func(t *testing.T, dir string, want ...string) {
		t.Helper()
		before := fingerprint(t, dir)
		sock := t.TempDir()
		r := quire(t, "serve", "-D", dir, "--host=", "--socket-dir", sock, "-c", "log_level=error")
		require.Equal(t, 1, r.code)
		require.Equal(t, 1, strings.Count(r.stderr, "\n"), "%s", r.stderr)
		t.Log(strings.TrimSpace(r.stderr))
		for _, w := range want {
			require.Contains(t, r.stderr, w)
		}
		require.Equal(t, before, fingerprint(t, dir), "the refusal has changed something")
	}

	each("nothing", func(t *testing.T, s *site, dir string) {
		requireSound(t, dir) // before recovery as well as after it
		require.Equal(t, "400", count(t, s))
		requireSound(t, dir)
	})
	each("a bit in the middle of the log", func(t *testing.T, s *site, dir string) {
		file, off := walFile(t, dir, lsns[len(lsns)/2])
		flip(t, file, off+12)
		refuses(t, dir, file, fmt.Sprint(off))
		r := quire(t, "verify", "-D", dir)
		require.Equal(t, 1, r.code)
		require.Regexp(t, `PROBLEM .*`+regexp.QuoteMeta(file)+`.*`+fmt.Sprint(off), r.stdout)
		d := quire(t, "dump", "wal", "-D", dir)
		require.Contains(t, d.stdout+d.stderr, filepath.Base(file))
	})
	each("a bit in the last record", func(t *testing.T, s *site, dir string) {
		file, off := walFile(t, dir, lsns[len(lsns)-1])
		flip(t, file, off+8)
		got, err := strconv.Atoi(count(t, s)) // a torn tail: what was never told durable by a later record ends here
		require.NoError(t, err)
		require.Contains(t, []int{380, 400}, got)
		requireSound(t, dir)
	})
	each("the log cut in the middle of a record", func(t *testing.T, s *site, dir string) {
		file, off := walFile(t, dir, lsns[len(lsns)-3])
		require.NoError(t, os.Truncate(file, off+5))
		got, err := strconv.Atoi(count(t, s))
		require.NoError(t, err)
		require.GreaterOrEqual(t, got, 360)
		require.Zero(t, got%20, "a transaction is whole or not there")
		requireSound(t, dir)
	})
	each("the segment of the checkpoint missing", func(t *testing.T, _ *site, dir string) {
		file, _ := walFile(t, dir, lsns[0])
		require.NoError(t, os.Remove(file))
		refuses(t, dir, "pg_wal")
		require.Equal(t, 1, quire(t, "verify", "-D", dir).code)
	})
	for _, name := range []string{"control.a", "control.b"} {
		each(name+" torn", func(t *testing.T, s *site, dir string) {
			flip(t, filepath.Join(dir, name), 100)
			r := quire(t, "verify", "-D", dir)
			require.Equal(t, 1, r.code)
			require.Contains(t, r.stdout, "PROBLEM one of the control files")
			require.Equal(t, "400", count(t, s))
			requireSound(t, dir)
		})
	}
	each("both control files torn", func(t *testing.T, _ *site, dir string) {
		flip(t, filepath.Join(dir, "control.a"), 100)
		require.NoError(t, os.Truncate(filepath.Join(dir, "control.b"), 300))
		refuses(t, dir, dir, "both control files", "base backup")
		for _, args := range [][]string{{"verify", "-D", dir}, {"dump", "control", "-D", dir}, {"dump", "wal", "-D", dir}} {
			r := quire(t, args...)
			require.Equal(t, 1, r.code)
			require.Contains(t, r.stderr, "both control files")
		}
	})
	each("the wrong system's log", func(t *testing.T, _ *site, dir string) {
		setControl(t, dir, func(b []byte) { b[24] ^= 1 })
		refuses(t, dir, "pg_wal")
	})
}

// A page whose bytes have changed costs the statements that need it, by file and block; the rest goes on.
func TestDamagedPage(t *testing.T) {
	s := newSite(t)
	n := s.serving("d")
	conn := n.connect()
	exec1(t, conn, "create table t (id int8, a text)", "insert into t select i, repeat('x', 500) from generate_series(1, 100) i",
		"create table u (id int8)", "insert into u values (1)")
	rel := query(t, conn, "select relfilenode from pg_class where relname = 't'")
	n.stop()
	file := filepath.Join(n.dir, "base", rel)
	flip(t, file, 2*8192+5000)

	r := quire(t, "verify", "-D", n.dir)
	require.Equal(t, 1, r.code)
	require.Regexp(t, `PROBLEM .*`+regexp.QuoteMeta(file)+`.*block 2\b`, r.stdout)
	require.Contains(t, r.stderr, "1 problems in "+n.dir)
	d := quire(t, "dump", "page", "-D", n.dir, rel, "2")
	require.Zero(t, d.code)
	require.NotContains(t, d.stdout, "(matches)")
	d = quire(t, "dump", "page", "-D", n.dir, rel, "1")
	require.Zero(t, d.code)
	require.Contains(t, d.stdout, "(matches)")
	require.Contains(t, d.stdout, "item 1: ")

	n.start()
	conn = n.connect()
	pe := refused(t, conn, "select count(*) from t")
	t.Logf("%s %s %s %s", pe.Code, pe.Message, pe.Detail, pe.Hint)
	require.Equal(t, "XX001", pe.Code)
	require.Contains(t, pe.Message, file)
	require.Contains(t, pe.Message, "block 2")
	require.Equal(t, "1", query(t, conn, "select id from t limit 1"))
	require.Equal(t, "1", query(t, conn, "select count(*) from u"))
	exec1(t, conn, "insert into u values (2)", "insert into t values (101, 'y')", "checkpoint")
	n.stop()
	require.Equal(t, 1, quire(t, "verify", "-D", n.dir).code)
}

// What dump prints of a directory in use is the same as of one that is not.
func TestDump(t *testing.T) {
	s := newSite(t)
	n := s.serving("d")
	exec1(t, n.connect(), "create table t (id int8, a int4)", "insert into t values (1, 2)")
	control := dumpControl(t, n.dir)
	require.Equal(t, "in production", control["state"])
	require.Equal(t, "1", control["timeline"])
	require.Equal(t, "16777216", control["WAL segment bytes"])
	w := quire(t, "dump", "wal", "-D", n.dir)
	require.Zero(t, w.code, "%s", w.stderr)
	for _, want := range []string{"RelCreate", "Generic", "Commit"} {
		require.Contains(t, w.stdout, want)
	}
	limited := quire(t, "dump", "wal", "-D", n.dir, "--limit", "2")
	require.Less(t, len(limited.stdout), len(w.stdout))
	n.stop()
	p := quire(t, "dump", "page", "-D", n.dir, "1", "0")
	require.Zero(t, p.code, "%s", p.stderr)
	require.Contains(t, p.stdout, "page 1/main 0 in "+filepath.Join(n.dir, "base", "1"))
	require.Contains(t, p.stdout, "(matches)")
	v := quire(t, "version")
	require.Zero(t, v.code)
	require.Contains(t, v.stdout, "server_version 15.0 (Quire test)")
}
