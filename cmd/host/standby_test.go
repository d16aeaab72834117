package main_test

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// A standby that is pointed at another system stops and says so; its directory stays usable.
func TestStandbyOfAnotherSystem(t *testing.T) {
	s := newSite(t)
	p := s.serving("p")
	other := s.serving("o")
	r := s.standby("r", p)
	r.start()
	r.stop()
	mistaken := s.standby("r", other)
	mistaken.sock, mistaken.logs = r.sock, 10
	mistaken.launch()
	require.Equal(t, 1, mistaken.wait())
	log := mistaken.log()
	last := log[strings.LastIndex(strings.TrimSpace(log), "\n")+1:]
	require.Contains(t, last, "quire: ")
	require.Contains(t, last, "primary has another system identifier")
	require.Contains(t, last, dumpControl(t, p.dir)["system identifier"])
	require.Contains(t, last, dumpControl(t, other.dir)["system identifier"])
	require.Contains(t, last, "--primary")
	r.start()
	pc, rc := p.connect(), r.connect()
	exec1(t, pc, "create table t (id int8)")
	catchUp(t, pc, rc)
	sameBytes(t, pc, rc)
}

// A gate stands between a standby and its primary. After so many bytes from the primary it acts.
type gate struct {
	dir     string
	mu      sync.Mutex
	budget  int64 // bytes that still pass; negative = no limit
	stall   bool  // at the end of the budget: wait instead of closing
	stalled chan struct{}
}

func (s *site) gate(to *node) *gate {
	s.t.Helper()
	g := &gate{dir: s.path("gate"), budget: -1, stalled: make(chan struct{}, 16)}
	require.NoError(s.t, os.Mkdir(g.dir, 0o700))
	l, err := net.Listen("unix", filepath.Join(g.dir, ".s.PGSQL.5433"))
	require.NoError(s.t, err)
	var wg sync.WaitGroup
	var conns sync.Map
	wg.Go(func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			b, err := net.Dial("unix", filepath.Join(to.sock, ".s.PGSQL.5433"))
			if err != nil {
				_ = a.Close()
				continue
			}
			conns.Store(a, nil)
			conns.Store(b, nil)
			wg.Go(func() { _, _ = io.Copy(b, a); _ = b.Close() })
			wg.Go(func() { g.pass(a, b); _ = a.Close(); _ = b.Close() })
		}
	})
	s.t.Cleanup(func() {
		_ = l.Close()
		conns.Range(func(c, _ any) bool { _ = c.(net.Conn).Close(); return true })
		wg.Wait()
	})
	return g
}

func (g *gate) set(budget int64, stall bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.budget, g.stall = budget, stall
}

func (g *gate) pass(to, from net.Conn) {
	buf := make([]byte, 8192)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		g.mu.Lock()
		over := g.budget >= 0 && int64(n) > g.budget
		if over {
			n = int(g.budget)
		}
		if g.budget >= 0 {
			g.budget -= int64(n)
		}
		stall := g.stall
		g.mu.Unlock()
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
		if over && stall {
			g.stalled <- struct{}{}
			_, _ = io.Copy(io.Discard, to) // until the standby has gone
			return
		}
		if over {
			return
		}
	}
}

// A base copy whose connection breaks leaves nothing; one whose process is killed is told apart from a data directory.
func TestBaseCopyInterrupted(t *testing.T) {
	s := newSite(t)
	p := s.serving("p")
	pc := p.connect()
	exec1(t, pc, "create table t (id int8, a int4)", "insert into t select i, i from generate_series(1, 3000) i")
	g := s.gate(p)
	r := s.node("r", "standby", []string{"--primary", "host=" + g.dir + " port=5433 user=" + osUser(t)})

	for _, after := range []int64{0, 300, 5000, 100_000, 1 << 20} {
		g.set(after, false)
		r.launch()
		require.Equal(t, 1, r.wait())
		require.Contains(t, r.log(), "quire: ")
		names, err := os.ReadDir(r.dir)
		if err == nil {
			require.Empty(t, names, "after %d bytes", after)
		}
	}

	g.set(400_000, true)
	r.launch()
	<-g.stalled
	eventually(t, "some of the copy is there", func() bool {
		names, _ := os.ReadDir(filepath.Join(r.dir, "base"))
		return len(names) > 0
	})
	r.kill()
	before := fingerprint(t, r.dir)
	r.launch()
	require.Equal(t, 1, r.wait())
	require.Contains(t, r.log(), "an interrupted base copy?")
	require.Contains(t, r.log(), "rm -r "+r.dir)
	require.Equal(t, before, fingerprint(t, r.dir))

	require.NoError(t, os.RemoveAll(r.dir))
	g.set(-1, false)
	r.start()
	rc := r.connect()
	catchUp(t, pc, rc)
	sameBytes(t, pc, rc)

	// A stream that breaks now and then is taken up again.
	for _, after := range []int64{0, 5000, 50_000} {
		g.set(after, false)
		exec1(t, pc, "insert into t select i, i from generate_series(1, 2000) i")
		g.set(-1, false)
		catchUp(t, pc, rc)
	}
	sameBytes(t, pc, rc)
	r.stop()
	requireSound(t, r.dir)
}

// Replication asks for a role that may, and says so to one that may not.
func TestReplicationNeedsARole(t *testing.T) {
	s := newSite(t)
	p := s.serving("p")
	exec1(t, p.connect(), "create role guest login")
	r := s.node("r", "standby", []string{"--primary", "host=" + p.sock + " port=5433 user=guest"})
	r.launch()
	require.Equal(t, 1, r.wait())
	require.Contains(t, r.log(), "must be superuser or replication role to start walsender")
	require.NoDirExists(t, r.dir)
}

// Replay does not wait for ever for a query that needs what the primary has removed.
func TestStandbyConflict(t *testing.T) {
	s := newSite(t)
	p := s.serving("p")
	pc := p.connect()
	exec1(t, pc, "create table t (id int8)", "insert into t select i from generate_series(1, 500) i")
	r := s.standby("r", p, "-c", "max_standby_streaming_delay=10ms")
	r.start()
	idle, busy, bystander := r.connect(), r.connect(), r.connect()
	catchUp(t, pc, bystander)
	for _, conn := range []*pgx.Conn{idle, busy} {
		exec1(t, conn, "begin isolation level repeatable read")
		require.Equal(t, "500", query(t, conn, "select count(*) from t"))
	}
	ended := make(chan error, 1)
	go func() {
		_, err := busy.PgConn().Exec(context.Background(), "select pg_sleep(600)").ReadAll()
		ended <- err
	}()
	eventually(t, "the query runs", func() bool {
		return query(t, bystander, "select count(*) from pg_stat_activity where query like 'select pg_sleep(600)%' and state = 'active'") == "1"
	})
	exec1(t, pc, "delete from t", "vacuum t")
	var pe *pgconn.PgError
	require.ErrorAs(t, <-ended, &pe)
	require.Equal(t, "40001", pe.Code)
	require.Equal(t, "canceling statement due to conflict with recovery", pe.Message)
	require.Contains(t, pe.Detail, "must be removed")
	_, err := idle.PgConn().Exec(t.Context(), "select count(*) from t").ReadAll()
	require.Error(t, err, "its rows have gone")
	catchUp(t, pc, bystander)
	require.Equal(t, "0", query(t, bystander, "select count(*) from t"))
	sameBytes(t, pc, bystander)
}
