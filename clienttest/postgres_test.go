package clienttest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgres is the real PostgreSQL 15 that expectations are checked against. It starts when the first test asks for it.
var postgres oracle

// An oracle is a PostgreSQL of our own: a temporary directory, a unix socket, no TCP.
type oracle struct {
	once  sync.Once
	err   error
	dir   string
	cmd   *exec.Cmd
	ended chan struct{}
}

// errNoPostgres says that there is nothing to compare with.
var errNoPostgres = errors.New("PostgreSQL 15's initdb and postgres are not installed")

// connect returns a connection to the oracle, or nil, after a line that says so, where there is none.
func (o *oracle) connect(t *testing.T) *pgx.Conn {
	t.Helper()
	o.once.Do(func() { o.err = o.start() })
	if errors.Is(o.err, errNoPostgres) {
		t.Logf("LOUD: %v; what follows is compared with the expectations in the file alone", o.err)
		return nil
	}
	if o.err != nil {
		t.Fatalf("start PostgreSQL: %v", o.err)
	}
	return connect(t, o.dsn())
}

func (o *oracle) dsn() string {
	return fmt.Sprintf("host=%s port=5432 user=postgres dbname=postgres sslmode=disable", o.dir)
}

// programs finds the directory of version 15's server programs: $PGBIN, Debian's place, pg_config's answer.
func programs() (string, error) {
	places := []string{os.Getenv("PGBIN"), "/usr/lib/postgresql/15/bin", "/usr/pgsql-15/bin"}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		places = append(places, string(out[:max(0, len(out)-1)]))
	}
	for _, dir := range places {
		out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
		if dir == "" || err != nil || len(out) < 25 || string(out[:25]) != "postgres (PostgreSQL) 15." {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
			return dir, nil
		}
	}
	return "", errNoPostgres
}

// credential is the user that PostgreSQL runs as: it refuses to be root.
func credential() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2)
	}
	return nil, fmt.Errorf("%w for root: there is neither a user postgres nor nobody", errNoPostgres)
}

func (o *oracle) start() (err error) {
	bin, err := programs()
	if err != nil {
		return err
	}
	cred, err := credential()
	if err != nil {
		return err
	}
	if o.dir, err = os.MkdirTemp("", "qoracle"); err != nil {
		return err
	}
	if cred != nil {
		if err := os.Chown(o.dir, int(cred.Uid), int(cred.Gid)); err != nil {
			return err
		}
	}
	data := filepath.Join(o.dir, "data")
	as := &syscall.SysProcAttr{Credential: cred, Pdeathsig: syscall.SIGQUIT}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
	initdb.SysProcAttr, initdb.Dir = as, o.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	log, err := os.Create(filepath.Join(o.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	o.cmd = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", o.dir, "-c", "listen_addresses=", "-c", "port=5432",
		"-c", "timezone=UTC", "-c", "fsync=off", "-c", "autovacuum=off")
	o.cmd.SysProcAttr, o.cmd.Dir, o.cmd.Stdout, o.cmd.Stderr = as, o.dir, log, log
	if err := o.cmd.Start(); err != nil {
		return err
	}
	o.ended = make(chan struct{})
	go func() { _ = o.cmd.Wait(); close(o.ended) }()
	deadline := time.Now().Add(patience)
	for {
		conn, err := pgx.Connect(context.Background(), o.dsn())
		if err == nil {
			return conn.Close(context.Background())
		}
		select {
		case <-o.ended:
			text, _ := os.ReadFile(log.Name())
			return fmt.Errorf("postgres ended at its start: %s", text)
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return err
		}
	}
}

// stop ends the server and removes its directory; nothing is kept.
func (o *oracle) stop() {
	if o.cmd != nil && o.cmd.Process != nil {
		_ = o.cmd.Process.Signal(syscall.SIGINT)
		select {
		case <-o.ended:
		case <-time.After(patience):
			_ = o.cmd.Process.Kill()
			<-o.ended
		}
	}
	if o.dir != "" {
		_ = os.RemoveAll(o.dir)
	}
}
