package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// A server is one of the two sides. Both are reached through pgx on a unix socket.
type server interface {
	name() string
	start(ctx context.Context) error // until it answers
	kill() error                     // at once, as a crash would
	stop()
	connect(ctx context.Context) (*pgx.Conn, error)
	conninfo() string // for PostgreSQL's programs
}

// process is what both sides share.
type process struct {
	title string
	bin   string
	args  []string
	cred  *syscall.Credential
	dsn   string
	log   string
	crash syscall.Signal // ends it at once, with nothing flushed
	cmd   *exec.Cmd
	done  chan struct{}
}

func (p *process) name() string { return p.title }

func (p *process) conninfo() string { return p.dsn }

func (p *process) start(ctx context.Context) error {
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	p.cmd = exec.Command(p.bin, p.args...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.cred, Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.done = make(chan struct{})
	cmd, done := p.cmd, p.done
	go func() { _ = cmd.Wait(); close(done) }()
	for {
		conn, err := p.connect(ctx)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-p.done:
			b, _ := os.ReadFile(p.log)
			return fmt.Errorf("it ended: %s", b[max(0, len(b)-500):])
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func (p *process) connect(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, p.dsn) }

func (p *process) kill() error {
	if err := p.cmd.Process.Signal(p.crash); err != nil {
		return err
	}
	<-p.done
	return nil
}

func (p *process) stop() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		_ = p.kill()
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func newQuire(o options, dir string) (server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	bin, err := filepath.Abs(o.bin)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "quire")
	prog := filepath.Join(bin, "quire")
	if out, err := exec.Command(prog, "init", "-D", data).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("quire init: %w: %s", err, out)
	}
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	return &process{
		title: "Quire", bin: prog, crash: syscall.SIGKILL, log: filepath.Join(dir, "quire.log"),
		args: []string{"serve", "-D", data, "--port", strconv.Itoa(port), "--socket-dir", dir, "--plugin-dir", filepath.Join(bin, "plugins"),
			"-c", "shared_buffers=512MB", "-c", "am_buffers=256MB", "-c", "max_wal_size=8GB", "-c", "checkpoint_timeout=30min"},
		dsn: fmt.Sprintf("host=%s port=%d user=%s dbname=postgres", dir, port, me.Username),
	}, nil
}

func newPostgres(o options, dir string) (server, error) {
	bin := o.pgbin
	if bin == "" {
		var err error
		if bin, err = findPostgres(); err != nil {
			return nil, err
		}
	}
	cred, err := unprivileged()
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "pg")
	if err := os.Mkdir(data, 0o700); err != nil {
		return nil, err
	}
	if cred != nil {
		if err := errors.Join(os.Chown(data, int(cred.Uid), int(cred.Gid)), os.Chmod(dir, 0o777)); err != nil {
			return nil, err
		}
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "bench", "-k", "--locale=C", "-E", "UTF8", "-A", "trust")
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	args := []string{"-D", data, "-p", strconv.Itoa(port), "-k", dir, "-h", ""}
	for _, s := range []string{"shared_buffers=512MB", "max_wal_size=8GB", "checkpoint_timeout=30min", "autovacuum=off",
		"max_parallel_workers_per_gather=0", "jit=off", "log_min_messages=fatal"} {
		args = append(args, "-c", s)
	}
	return &process{
		// PostgreSQL is many processes; an immediate shutdown ends all of them as a crash would.
		crash: syscall.SIGQUIT,
		title: "PostgreSQL", bin: filepath.Join(bin, "postgres"), log: filepath.Join(dir, "pg.log"), args: args, cred: cred,
		dsn: fmt.Sprintf("host=%s port=%d user=bench dbname=postgres", dir, port),
	}, nil
}

func findPostgres() (string, error) {
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		bin := strings.TrimSpace(string(out))
		if _, err := os.Stat(filepath.Join(bin, "postgres")); err == nil {
			return bin, nil
		}
	}
	for _, pattern := range []string{"/usr/lib/postgresql/15/bin", "/usr/pgsql-15/bin", "/opt/homebrew/opt/postgresql@15/bin"} {
		if _, err := os.Stat(filepath.Join(pattern, "postgres")); err == nil {
			return pattern, nil
		}
	}
	return "", errors.New("no pg_config that leads to a server and no directory of PostgreSQL 15's programs; give one with -pgbin")
}

// unprivileged finds somebody to run PostgreSQL as, which refuses to run as root.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("running as root, and neither a postgres nor a nobody user exists to run PostgreSQL as")
}
