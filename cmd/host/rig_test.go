package main_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// These tests run the program as its users do: real processes, a real disk, real clients. Every wait polls for a fact
// and has a deadline; every process is ended by its own process id.

// patience is how long a test waits for a fact. It is long because a loaded machine is slow, and costs nothing when
// all is well.
const patience = 60 * time.Second

// built is the program and its plugins, made once by TestMain.
var built struct{ quire, bloom, btree, hostile string }

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "qbin")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		for _, p := range []struct {
			to  *string
			pkg string
		}{
			{&built.quire, "./cmd/host"}, {&built.bloom, "./plugins/bloom/cmd/bloom"},
			{&built.btree, "./plugins/btree/cmd/btree"}, {&built.hostile, "./plugins/hostile"},
		} {
			*p.to = filepath.Join(dir, filepath.Base(p.pkg))
			cmd := exec.Command("go", "build", "-ldflags", "-X main.version=test", "-o", *p.to, p.pkg)
			cmd.Dir = "../.."
			if out, err := cmd.CombinedOutput(); err != nil {
				fmt.Fprintf(os.Stderr, "build %s: %v\n%s", p.pkg, err, out)
				return 1
			}
		}
		return m.Run()
	}())
}

// A site is the directory of one test. Its path is short, because it holds unix sockets.
type site struct {
	t   *testing.T
	dir string
}

func newSite(t *testing.T) *site {
	t.Helper()
	t.Parallel()
	return siteIn(t, "")
}

func siteIn(t *testing.T, parent string) *site {
	t.Helper()
	dir, err := os.MkdirTemp(parent, "qh")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return &site{t: t, dir: dir}
}

func (s *site) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

// plugins makes a plugin directory with the named files, each a copy of the program that serves it.
func (s *site) plugins(names ...string) string {
	s.t.Helper()
	dir := s.path("plugins")
	require.NoError(s.t, os.MkdirAll(dir, 0o700))
	for _, n := range names {
		from := built.hostile
		switch n {
		case "bloom":
			from = built.bloom
		case "btree":
			from = built.btree
		}
		copyFile(s.t, from, filepath.Join(dir, n), 0o700)
	}
	return dir
}

func copyFile(t *testing.T, from, to string, mode os.FileMode) {
	t.Helper()
	b, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, b, mode))
}

// init makes a data directory.
func (s *site) init(name string, args ...string) string {
	s.t.Helper()
	dir := s.path(name)
	r := quire(s.t, append([]string{"init", "-D", dir}, args...)...)
	require.Zero(s.t, r.code, "init: %s", r.stderr)
	return dir
}

// A result is what a command that ended left behind.
type result struct {
	stdout, stderr string
	code           int
}

// quire runs the program to its end, which must come by itself.
func quire(t *testing.T, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, built.quire, args...)
	cmd.Env = environment()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run()
	require.NoError(t, ctx.Err(), "quire %s did not end; stderr: %s", strings.Join(args, " "), errs.String())
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// environment is that of the test without what would change the meaning of a command line.
func environment() []string {
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "PG") && !strings.HasPrefix(e, "QUIRE_") {
			env = append(env, e)
		}
	}
	return env
}

// A node is one host process, its data directory and its socket.
type node struct {
	t    *testing.T
	site *site
	name string
	dir  string
	sock string
	port int
	args []string
	cmd  *exec.Cmd
	done chan struct{} // closed when cmd has been waited for
	logs int           // starts so far; each has a log of its own
}

// primary describes a node that serves dir; start runs it. It listens on its own unix socket only, unless args say more.
func (s *site) primary(name string, args ...string) *node {
	return s.node(name, "serve", args)
}

// standby describes a node that follows of.
func (s *site) standby(name string, of *node, args ...string) *node {
	return s.node(name, "standby", append([]string{"--primary", fmt.Sprintf("host=%s port=%d user=%s", of.sock, of.port, osUser(s.t))}, args...))
}

func (s *site) node(name, verb string, args []string) *node {
	s.t.Helper()
	n := &node{t: s.t, site: s, name: name, dir: s.path(name), sock: s.path(name + "s"), port: 5433}
	require.NoError(s.t, os.MkdirAll(n.sock, 0o700))
	n.args = append([]string{verb, "-D", n.dir, "--host=", "--port", strconv.Itoa(n.port), "--socket-dir", n.sock}, args...)
	return n
}

// serving makes a data directory and serves it.
func (s *site) serving(name string, args ...string) *node {
	s.t.Helper()
	s.init(name)
	n := s.primary(name, args...)
	n.start()
	return n
}

// launch runs the process and does not wait for it to answer.
func (n *node) launch() {
	n.t.Helper()
	n.logs++
	log, err := os.Create(n.logFile())
	require.NoError(n.t, err)
	defer log.Close()
	n.cmd = exec.Command(built.quire, n.args...)
	n.cmd.Env, n.cmd.Stderr = environment(), log
	require.NoError(n.t, n.cmd.Start())
	cmd, done := n.cmd, make(chan struct{})
	n.done = done
	go func() { _ = cmd.Wait(); close(done) }()
	n.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
		if n.t.Failed() {
			n.t.Logf("log of %s, start %d:\n%s", n.name, n.logs, n.log())
		}
	})
}

// start runs the process and waits until it answers.
func (n *node) start() {
	n.t.Helper()
	n.launch()
	eventually(n.t, n.name+" answers", func() bool {
		if n.ended() {
			n.t.Fatalf("%s ended while starting: %s", n.name, n.log())
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		conn, err := pgx.Connect(ctx, n.conninfo())
		if err != nil {
			return false
		}
		return conn.Close(ctx) == nil
	})
}

func (n *node) ended() bool {
	select {
	case <-n.done:
		return true
	default:
		return false
	}
}

func (n *node) logFile() string {
	return n.site.path(fmt.Sprintf("%s%d.log", filepath.Base(n.name), n.logs))
}

func (n *node) log() string {
	b, err := os.ReadFile(n.logFile())
	require.NoError(n.t, err)
	return string(b)
}

// kill ends the process as the kernel's out-of-memory killer would.
func (n *node) kill() {
	n.t.Helper()
	require.NoError(n.t, n.cmd.Process.Kill())
	<-n.done
}

// stop is a fast shutdown; it must succeed.
func (n *node) stop() {
	n.t.Helper()
	require.NoError(n.t, n.cmd.Process.Signal(syscall.SIGTERM))
	require.Zero(n.t, n.wait(), "%s: %s", n.name, n.log())
}

// wait gives the exit code of a process that ends by itself.
func (n *node) wait() int {
	n.t.Helper()
	select {
	case <-n.done:
	case <-time.After(patience):
		n.t.Fatalf("%s did not end; its log: %s", n.name, n.log())
	}
	return n.cmd.ProcessState.ExitCode()
}

func (n *node) conninfo() string {
	return fmt.Sprintf("host=%s port=%d user=%s dbname=postgres connect_timeout=30", n.sock, n.port, osUser(n.t))
}

func osUser(t *testing.T) string {
	u, err := user.Current()
	require.NoError(t, err)
	return u.Username
}

// connect opens a session that ends with the test.
func (n *node) connect() *pgx.Conn {
	n.t.Helper()
	return connect(n.t, n.conninfo())
}

func connect(t *testing.T, conninfo string) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, conninfo)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	})
	return conn
}

// exec runs statements that must succeed.
func exec1(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		_, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
		require.NoError(t, err, "%s", sql)
	}
}

// refused runs a statement that must fail and gives the error as the client sees it.
func refused(t *testing.T, conn *pgx.Conn, sql string) *pgconn.PgError {
	t.Helper()
	_, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
	var pe *pgconn.PgError
	require.ErrorAs(t, err, &pe, "%s", sql)
	return pe
}

// query runs a query by the simple protocol: one line a row, columns apart by a blank.
func query(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	results, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
	require.NoError(t, err, "%s", sql)
	var lines []string
	for _, res := range results {
		for _, r := range res.Rows {
			lines = append(lines, string(bytes.Join(r, []byte(" "))))
		}
	}
	return strings.Join(lines, "\n")
}

// eventually polls until a fact holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not so after %v: %s", patience, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// freePort gives a TCP port of the loopback address that nobody had a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// fingerprint is a hash over names, modes, sizes and bytes of everything below dir.
func fingerprint(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s %v %d\n", path, info.Mode(), info.Size())
		if !info.Mode().IsRegular() {
			return nil
		}
		b, err := os.ReadFile(path)
		h.Write(b)
		return err
	})
	require.NoError(t, err)
	return hex.EncodeToString(h.Sum(nil))
}

// children are the processes that the node has started, by executable name.
func (n *node) children(name string) (pids []int) {
	t, parent := n.t, n.cmd.Process.Pid
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(t, err)
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // gone meanwhile
		}
		// pid (comm) state ppid …; comm may hold blanks and brackets.
		text := string(b)
		fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
		if len(fields) < 2 || fields[0] == "Z" || fields[1] != strconv.Itoa(parent) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		require.NoError(t, err)
		cmdline, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if strings.Contains(string(cmdline), name) {
			pids = append(pids, pid)
		}
	}
	return pids
}
