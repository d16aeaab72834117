package clienttest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// password is the superuser's, for the tests over TCP.
const password = "clients need one over TCP"

// patience bounds waits for other processes. It is far more than they need and never what a test measures.
const patience = 60 * time.Second

// quire is the host of this test binary.
var quire *host

func TestMain(m *testing.M) {
	code, err := runAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "clienttest:", err)
		code = 1
	}
	os.Exit(code)
}

func runAll(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "qclient") // a short path: it holds unix sockets
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	bin, err := build(dir)
	if err != nil {
		return 1, err
	}
	me, err := user.Current()
	if err != nil {
		return 1, err
	}
	if quire, err = newHost(bin, dir, me.Username); err != nil {
		return 1, err
	}
	if err := quire.start(); err != nil {
		return 1, err
	}
	defer func() {
		postgres.stop()
		err = errors.Join(err, quire.stop())
	}()
	return m.Run(), nil
}

// A host is a running quire process.
type host struct {
	bin, dir, data string
	args           []string // before those of every node
	user           string
	port           int
	cmd            *exec.Cmd
	ended          chan struct{}
	log            logFile
}

// logFile is what the host wrote to stderr so far.
type logFile struct {
	mu    sync.Mutex
	lines []string
}

func (l *logFile) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

// from returns the lines after the first n, and how many there are.
func (l *logFile) from(n int) ([]string, int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines[n:len(l.lines):len(l.lines)], len(l.lines)
}

// build makes the programs below dir and returns their directory.
func build(dir string) (string, error) {
	bin := filepath.Join(dir, "bin")
	plugins := filepath.Join(bin, "plugins")
	if err := os.MkdirAll(plugins, 0o755); err != nil {
		return "", err
	}
	for out, pkg := range map[string]string{
		filepath.Join(bin, "quire"):     "../cmd/host",
		filepath.Join(plugins, "bloom"): "../plugins/bloom/cmd/bloom",
		filepath.Join(plugins, "btree"): "../plugins/btree/cmd/btree",
	} {
		if b, err := exec.Command("go", "build", "-o", out, pkg).CombinedOutput(); err != nil {
			return "", fmt.Errorf("build %s: %w: %s", pkg, err, b)
		}
	}
	return bin, nil
}

// newHost makes a data directory below dir with a superuser of the given name.
func newHost(bin, dir, superuser string) (*host, error) {
	h := &host{bin: bin, dir: dir, data: filepath.Join(dir, "data"), user: superuser}
	h.args = []string{"serve", "--plugin-dir", filepath.Join(bin, "plugins")}
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(password+"\n"), 0o600); err != nil {
		return nil, err
	}
	if b, err := exec.Command(h.program(), "init", "-D", h.data, "-U", superuser, "--password-file", secret).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("quire init: %w: %s", err, b)
	}
	return h, nil
}

func (h *host) program() string { return filepath.Join(h.bin, "quire") }

// start runs the host and returns when it says that it is ready. A host that is started again takes the port it had.
func (h *host) start() error {
	h.ended = make(chan struct{})
	h.cmd = exec.Command(h.program(), append(h.args, "-D", h.data, "--port", strconv.Itoa(h.port), "--socket-dir", h.dir)...)
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	stderr, err := h.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := h.cmd.Start(); err != nil {
		return err
	}
	ready := make(chan int, 1)
	read := make(chan struct{})
	go func() {
		defer close(read)
		s := bufio.NewScanner(stderr)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			h.log.add(s.Text())
			var line struct {
				Message string
				Port    int
			}
			if json.Unmarshal(s.Bytes(), &line) == nil && line.Message == "ready for connections" {
				ready <- line.Port
			}
		}
		_, _ = io.Copy(io.Discard, stderr)
	}()
	cmd, ended := h.cmd, h.ended
	go func() { <-read; _ = cmd.Wait(); close(ended) }()
	select {
	case h.port = <-ready:
		return nil
	case <-h.ended:
		lines, _ := h.log.from(0)
		return fmt.Errorf("the host ended at its start: %s", strings.Join(lines, "\n"))
	case <-time.After(patience):
		_ = h.cmd.Process.Kill()
		return errors.New("the host does not become ready")
	}
}

// stop shuts the host down, and complains about anything but a clean end and an intact directory.
func (h *host) stop() error {
	if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("the host is not there any more: %w", err)
	}
	select {
	case <-h.ended:
	case <-time.After(patience):
		_ = h.cmd.Process.Kill()
		return errors.New("the host does not shut down")
	}
	lines, _ := h.log.from(0)
	if code := h.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("the host's exit code is %d: %s", code, strings.Join(lines[max(0, len(lines)-20):], "\n"))
	}
	if bad := complaints(lines); len(bad) > 0 {
		return fmt.Errorf("the host complained: %s", strings.Join(bad, "\n"))
	}
	if out, err := exec.Command(h.program(), "verify", "-D", h.data).CombinedOutput(); err != nil {
		return fmt.Errorf("quire verify: %w: %s", err, out)
	}
	return nil
}

// complaints returns the lines that no client should be able to bring about.
func complaints(lines []string) []string {
	var bad []string
	for _, line := range lines {
		for _, sign := range []string{`"level":"error"`, `"level":"fatal"`, `"level":"panic"`, "panic:", "goroutine ", "runtime error", "DATA RACE"} {
			if strings.Contains(line, sign) {
				bad = append(bad, line)
				break
			}
		}
	}
	return bad
}

// watch looks, at the end of the test, at what the host has logged since.
func (h *host) watch(t *testing.T) {
	t.Helper()
	_, n := h.log.from(0)
	t.Cleanup(func() {
		lines, _ := h.log.from(n)
		require.Empty(t, complaints(lines))
		select {
		case <-h.ended:
			t.Fatal("the host has ended")
		default:
		}
	})
}

// dsn is a connection string for the unix socket.
func (h *host) dsn() string {
	return fmt.Sprintf("host=%s port=%d user=%s dbname=postgres sslmode=disable", h.dir, h.port, h.user)
}

// connect opens a pgx connection that the test's end closes.
func (h *host) connect(t *testing.T) *pgx.Conn {
	t.Helper()
	return connect(t, h.dsn())
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// exec runs statements by the simple protocol.
func exec1(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	_, err := conn.PgConn().Exec(context.Background(), sql).ReadAll()
	require.NoError(t, err, "%s", sql)
}

// table makes a table that the test's end drops, by a connection of its own.
func (h *host) table(t *testing.T, name, columns string) {
	t.Helper()
	conn := h.connect(t)
	exec1(t, conn, fmt.Sprintf("create table %s (%s)", name, columns))
	t.Cleanup(func() {
		c, err := pgx.Connect(context.Background(), h.dsn())
		require.NoError(t, err)
		defer c.Close(context.Background())
		exec1(t, c, "drop table if exists "+name)
	})
}

// env is the environment for libpq programs: the host's address and nothing of the user's.
func (h *host) env() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "PGHOST=" + h.dir, fmt.Sprintf("PGPORT=%d", h.port), "PGUSER=" + h.user,
		"PGDATABASE=postgres", "PGAPPNAME=clienttest", "LC_ALL=C.UTF-8", "PGTZ=UTC"}
}

// client returns a program's path, or skips the test.
func client(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("LOUD: %s is not installed, so nothing of it was tested", name)
	}
	return path
}

// run runs a client program to its end and returns what it printed and its exit code.
func (h *host) run(t *testing.T, stdin string, name string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = runClient(t, h.env(), stdin, &out, &errs, name, args...)
	return out.String(), errs.String(), code
}

// runClient runs a client program with an environment to its end and returns its exit code.
func runClient(t *testing.T, env []string, stdin string, stdout, stderr io.Writer, name string, args ...string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, client(t, name), args...)
	cmd.Env, cmd.Dir, cmd.Stdin = env, t.TempDir(), strings.NewReader(stdin)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()
	require.NoError(t, ctx.Err(), "%s does not end", name)
	var exit *exec.ExitError
	if err != nil {
		require.ErrorAs(t, err, &exit)
	}
	return cmd.ProcessState.ExitCode()
}
