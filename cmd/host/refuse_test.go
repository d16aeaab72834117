package main_test

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever cannot be started says why and what to do in one line, ends with exit code 1, and has changed nothing on disk.
func TestRefusals(t *testing.T) {
	s := newSite(t)
	dir := s.init("d")
	standby := s.init("st")
	setControl(t, standby, func(b []byte) { binary.LittleEndian.PutUint32(b[36:], 5) }) // state: standby shut down
	newer := s.init("newer")
	setControl(t, newer, func(b []byte) { binary.LittleEndian.PutUint32(b[8:], 2) }) // format
	open := s.init("open")
	require.NoError(t, os.Chmod(open, 0o755))
	require.NoError(t, os.Mkdir(s.path("full"), 0o700))
	require.NoError(t, os.WriteFile(s.path("full", "notes.txt"), []byte("mine"), 0o600))
	require.NoError(t, os.Mkdir(s.path("void"), 0o700))
	require.NoError(t, os.WriteFile(s.path("file"), nil, 0o600))
	require.NoError(t, os.WriteFile(s.path("empty.pw"), []byte("\n"), 0o600))
	require.NoError(t, os.Mkdir(s.path("writable"), 0o700))
	require.NoError(t, os.Chmod(s.path("writable"), 0o777))
	for name, text := range map[string]string{
		"badvalue":  "# mine\nport = 5433\nshared_buffers = \"lots\"\n",
		"badrange":  "\nmax_connections = -5\n",
		"badname":   "max_wal_sice = \"1GB\"\n",
		"badsyntax": "port = 5433\nport 5434\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(s.init(name), "quire.toml"), []byte(text), 0o600))
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	port := fmt.Sprint(taken.Addr().(*net.TCPAddr).Port)
	sock := "--socket-dir=" + s.dir
	quiet := []string{"--host=", sock}

	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"no directory given", []string{"serve"}, []string{"no data directory given", "-D DIR"}},
		{"no directory for dump", []string{"dump", "control"}, []string{"no data directory given"}},
		{"missing directory", append([]string{"serve", "-D", s.path("nowhere")}, quiet...), []string{s.path("nowhere"), "does not exist", "quire init"}},
		{"empty directory", append([]string{"serve", "-D", s.path("void")}, quiet...), []string{s.path("void"), "not a Quire data directory", "quire init"}},
		{"a file", append([]string{"serve", "-D", s.path("file")}, quiet...), []string{s.path("file"), "is a file"}},
		{"verify of an empty directory", []string{"verify", "-D", s.path("void")}, []string{s.path("void"), "not a Quire data directory"}},
		{"newer format", append([]string{"serve", "-D", newer}, quiet...), []string{newer, "format version 2", "version 1"}},
		{"newer format, standby", append([]string{"standby", "-D", newer, "--primary", "host=/nowhere"}, quiet...), []string{newer, "format version 2"}},
		{"newer format, verify", []string{"verify", "-D", newer}, []string{newer, "format version 2"}},
		{"directory open to others", append([]string{"serve", "-D", open}, quiet...), []string{open, "chmod 0700"}},
		{"init where something is", []string{"init", "-D", s.path("full")}, []string{s.path("full"), "is not empty", "notes.txt"}},
		{"init twice", []string{"init", "-D", dir}, []string{dir, "already", "quire serve"}},
		{"init below a file", []string{"init", "-D", s.path("file", "sub")}, []string{s.path("file")}},
		{"name too long", []string{"init", "-D", s.path("new"), "-U", strings.Repeat("n", 64)}, []string{"has 64 bytes", "at most 63", "-U"}},
		{"password file missing", []string{"init", "-D", s.path("new"), "--password-file", s.path("none")}, []string{s.path("none"), "no such file"}},
		{"password file empty", []string{"init", "-D", s.path("new"), "--password-file", s.path("empty.pw")}, []string{"empty"}},
		{"bad value in quire.toml", append([]string{"serve", "-D", s.path("badvalue")}, quiet...), []string{s.path("badvalue", "quire.toml") + ":3", "shared_buffers", "lots"}},
		{"out of range in quire.toml", append([]string{"serve", "-D", s.path("badrange")}, quiet...), []string{"quire.toml:2", "max_connections", "-5"}},
		{"unknown name in quire.toml", append([]string{"serve", "-D", s.path("badname")}, quiet...), []string{"quire.toml:1", "max_wal_sice"}},
		{"bad syntax in quire.toml", append([]string{"serve", "-D", s.path("badsyntax")}, quiet...), []string{"quire.toml:2"}},
		{"-c without value", append([]string{"serve", "-D", dir, "-c", "port"}, quiet...), []string{"-c port", "name=value"}},
		{"-c unknown", append([]string{"serve", "-D", dir, "-c", "colour=red"}, quiet...), []string{"-c colour=red", "unrecognized"}},
		{"-c bad value", append([]string{"serve", "-D", dir, "-c", "wal_keep_size=many"}, quiet...), []string{"-c wal_keep_size=many"}},
		{"-c internal", append([]string{"serve", "-D", dir, "-c", "server_version=9"}, quiet...), []string{"server_version"}},
		{"bad log level", append([]string{"serve", "-D", dir, "-c", "log_level=loud"}, quiet...), []string{"log_level", "loud"}},
		{"bad port", append([]string{"serve", "-D", dir, "--port", "70000"}, quiet...), []string{"--port", "70000"}},
		{"port in use", []string{"serve", "-D", dir, "--port", port}, []string{"127.0.0.1 port " + port, "--port"}},
		{"address not ours", []string{"serve", "-D", dir, "--host", "192.0.2.1", "--port", "5433"}, []string{"192.0.2.1", "--host"}},
		{"nowhere to listen", []string{"serve", "-D", dir, "--host="}, []string{"nowhere to listen", "--socket-dir"}},
		{"socket directory missing", []string{"serve", "-D", dir, "--host=", "--socket-dir", s.path("nosock")}, []string{s.path("nosock"), "--socket-dir"}},
		{"socket path too long", []string{"serve", "-D", dir, "--host=", "--socket-dir", "/tmp/" + strings.Repeat("x", 110)}, []string{"--socket-dir"}},
		{"plugin directory missing", append([]string{"serve", "-D", dir, "--plugin-dir", s.path("noplugins")}, quiet...), []string{s.path("noplugins"), "--plugin-dir"}},
		{"plugin directory open to others", append([]string{"serve", "-D", dir, "--plugin-dir", s.path("writable")}, quiet...), []string{s.path("writable"), "chmod go-w"}},
		{"dump of no plugin directory", []string{"dump", "plugins", "--plugin-dir", s.path("noplugins")}, []string{s.path("noplugins")}},
		{"certificate missing", append([]string{"serve", "-D", dir, "-c", "ssl=on", "-c", "ssl_cert_file=/none.crt"}, quiet...), []string{"/none.crt", "ssl_cert_file"}},
		{"standby's directory as primary", append([]string{"serve", "-D", standby}, quiet...), []string{standby, "standby's directory", "quire standby"}},
		{"primary's directory as standby", append([]string{"standby", "-D", dir, "--primary", "host=/nowhere"}, quiet...), []string{dir, "primary's directory", "quire serve"}},
		{"standby without primary", append([]string{"standby", "-D", dir}, quiet...), []string{"no primary given", "--primary"}},
		{"interrupted base copy", append([]string{"standby", "-D", s.path("full"), "--primary", "host=/nowhere"}, quiet...), []string{s.path("full"), "interrupted base copy", "rm -r"}},
		{"standby into the void", append([]string{"standby", "-D", s.path("void"), "--primary", "host=" + s.path("nosock") + " port=1"}, quiet...), []string{"connect to the primary", s.path("nosock")}},
		{"standby with a bad conninfo", append([]string{"standby", "-D", s.path("void"), "--primary", "host"}, quiet...), []string{"connection string"}},
		{"dump page of no relation", []string{"dump", "page", "-D", dir, "4711", "0"}, []string{"4711"}},
		{"dump page beyond the end", []string{"dump", "page", "-D", dir, "1", "99999"}, []string{"ends before block 99999"}},
		{"dump page, no numbers", []string{"dump", "page", "-D", dir, "t", "x"}, []string{"are numbers"}},
		{"dump wal from nowhere", []string{"dump", "wal", "-D", dir, "--from", "zz"}, []string{"--from", "zz"}},
		{"unknown command", []string{"start"}, []string{"start"}},
		{"unknown flag", []string{"serve", "--pgdata2", "x"}, []string{"--pgdata2", "quire serve --help"}},
		{"stray argument", []string{"serve", "-D", dir, "now"}, []string{"now"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := fingerprint(t, s.dir)
			r := quire(t, c.args...)
			require.Equal(t, 1, r.code, "%s%s", r.stdout, r.stderr)
			lines := strings.Split(strings.TrimSpace(r.stderr), "\n")
			last := lines[len(lines)-1]
			for _, l := range lines[:len(lines)-1] {
				require.True(t, strings.HasPrefix(l, `{"level":"info"`), "more than one line: %s", r.stderr)
			}
			require.True(t, strings.HasPrefix(last, "quire: "), "%s", last)
			for _, want := range c.want {
				require.Contains(t, last, want)
			}
			require.Equal(t, before, fingerprint(t, s.dir), "something on disk has changed: %s", last)
		})
	}
}

// setControl changes both copies of the control file and keeps their checksums right.
func setControl(t *testing.T, dir string, change func(b []byte)) {
	t.Helper()
	for _, name := range []string{"control.a", "control.b"} {
		path := filepath.Join(dir, name)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		change(b)
		binary.LittleEndian.PutUint32(b[508:], crc32.Checksum(b[:508], crc32.MakeTable(crc32.Castagnoli)))
		require.NoError(t, os.WriteFile(path, b, 0o600))
	}
}

// A directory belongs to one process: everything else that wants it is told so, and nothing it says reaches the disk.
func TestDirectoryInUse(t *testing.T) {
	s := newSite(t)
	n := s.serving("d")
	sock := s.path("other")
	require.NoError(t, os.Mkdir(sock, 0o700))
	for _, args := range [][]string{
		{"serve", "-D", n.dir, "--host=", "--socket-dir", sock},
		{"verify", "-D", n.dir},
	} {
		r := quire(t, args...)
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, "another quire process serves "+n.dir)
		require.Equal(t, 1, strings.Count(r.stderr, "\n"), "%s", r.stderr)
	}
	// The same socket, or port, is refused too and leaves the first server's socket alone.
	r := quire(t, "serve", "-D", n.dir, "--host=", "--socket-dir", n.sock)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "another server answers there")
	exec1(t, n.connect(), "select 1")
	left, err := os.ReadDir(sock)
	require.NoError(t, err)
	require.Empty(t, left)
	n.stop()
	requireSound(t, n.dir)
}
