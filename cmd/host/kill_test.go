package main_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// A ledger holds what the server said of each row: acknowledged ones must be there, refused ones must not, and those whose
// answer never came may be either.
type ledger struct {
	mu                             sync.Mutex
	acknowledged, unknown, refused map[int64]bool
	first                          *pgconn.PgError // refusal
}

func newLedger() *ledger {
	return &ledger{acknowledged: map[int64]bool{}, unknown: map[int64]bool{}, refused: map[int64]bool{}}
}

func (l *ledger) note(id int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var pe *pgconn.PgError
	switch {
	case err == nil:
		l.acknowledged[id] = true
	case errors.As(err, &pe) && pe.Code == "40003": // committed, and not waited for until it was durable
		l.unknown[id] = true
	case errors.As(err, &pe) && pe.Severity == "ERROR":
		l.refused[id] = true
		if l.first == nil {
			l.first = pe
		}
	default:
		l.unknown[id] = true
	}
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acknowledged)
}

// check holds the ledger against a table: acknowledged ⊆ visible ⊆ acknowledged ∪ unknown, and no row twice.
func (l *ledger) check(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	rows, err := conn.Query(t.Context(), "select id from t")
	require.NoError(t, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(t, err)
	visible := map[int64]bool{}
	for _, id := range ids {
		require.False(t, visible[id], "row %d is there twice", id)
		visible[id] = true
		require.True(t, l.acknowledged[id] || l.unknown[id], "row %d is there and was not acknowledged (refused: %t; first refusal: %v)", id, l.refused[id], l.first)
	}
	for id := range l.acknowledged {
		require.True(t, visible[id], "row %d was acknowledged and is not there", id)
	}
}

// A load is clients that insert rows, each its own transaction, until they are stopped or lose their connection.
type load struct {
	*ledger
	t    *testing.T
	next atomic.Int64
	stop chan struct{}
	wg   sync.WaitGroup
}

func startLoad(n *node, clients int) *load {
	n.t.Helper()
	l := &load{ledger: newLedger(), t: n.t, stop: make(chan struct{})}
	l.join(n, clients)
	return l
}

// join adds clients.
func (l *load) join(n *node, clients int) {
	l.t.Helper()
	ctx := l.t.Context()
	for range clients {
		conn := n.connect()
		stop := l.stop
		l.wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-ctx.Done():
					return
				default:
				}
				id := l.next.Add(1)
				_, err := conn.Exec(ctx, "insert into t values ($1, $2)", id, int32(id*7919))
				l.note(id, err)
				if conn.IsClosed() {
					return
				}
			}
		})
	}
}

// more waits for so many further acknowledgements.
func (l *load) more(n int) {
	l.t.Helper()
	want := l.count() + n
	eventually(l.t, fmt.Sprintf("%d rows acknowledged", want), func() bool { return l.count() >= want })
}

func (l *load) end() {
	close(l.stop)
	l.wg.Wait()
	l.stop = make(chan struct{})
}

const makeBloom = "create extension bloom; create table t (id int8, a int4); create index t_bloom on t using bloom (a)"

// found asks the index for every acknowledged row.
func (l *load) found(conn *pgx.Conn) {
	l.t.Helper()
	exec1(l.t, conn, "set enable_seqscan = off")
	require.Contains(l.t, query(l.t, conn, "explain (costs off) select id from t where a = 7919"), "Bitmap Index Scan on t_bloom")
	n := 0
	for id := range l.acknowledged {
		if n++; n > 100 {
			break
		}
		require.Equal(l.t, fmt.Sprint(id), query(l.t, conn, fmt.Sprintf("select id from t where a = %d and id = %d", int32(id*7919), id)))
	}
	exec1(l.t, conn, "reset enable_seqscan")
}

// A plugin that is killed costs statements, not sessions, and no row.
func TestKillPlugin(t *testing.T) {
	s := newSite(t)
	n := s.serving("p", "--plugin-dir", s.plugins("bloom"))
	conn := n.connect()
	exec1(t, conn, makeBloom)
	l := startLoad(n, 3)
	l.more(100)
	old := n.children("bloom")
	require.Len(t, old, 1)
	require.NoError(t, syscall.Kill(old[0], syscall.SIGKILL))
	l.more(100)
	l.end()
	require.Empty(t, l.unknown, "a plugin's death must not cost a session")
	if l.first != nil {
		require.Contains(t, []string{"55000", "38000"}, l.first.Code, "%s", l.first.Message)
		require.Contains(t, l.first.Message, "bloom")
	}
	fresh := n.children("bloom")
	require.Len(t, fresh, 1)
	require.NotEqual(t, old, fresh)
	l.check(t, conn)
	l.found(conn)
	n.stop()
	requireSound(t, n.dir)
}

// A host that is killed loses no acknowledged row, and leaves no plugin behind.
func TestKillPrimary(t *testing.T) {
	s := newSite(t)
	n := s.serving("p", "--plugin-dir", s.plugins("bloom"))
	exec1(t, n.connect(), makeBloom)
	l := startLoad(n, 4)
	for range 2 {
		l.more(150)
		plugins := n.children("bloom")
		require.Len(t, plugins, 1)
		n.kill()
		l.end()
		for _, pid := range plugins {
			eventually(t, "the plugin has gone with its host", func() bool { return syscall.Kill(pid, 0) == syscall.ESRCH })
		}
		n.start()
		require.Contains(t, n.log(), `"message":"recovered"`)
		l.check(t, n.connect())
		l.join(n, 4)
	}
	l.more(50)
	l.end()
	conn := n.connect()
	l.check(t, conn)
	l.found(conn)
	n.stop()
	requireSound(t, n.dir)
}

// A standby that is killed catches up and ends with the primary's bytes; so does it when its primary is killed.
func TestKillStandby(t *testing.T) {
	s := newSite(t)
	p := s.serving("p", "--plugin-dir", s.plugins("bloom"))
	exec1(t, p.connect(), makeBloom)
	l := startLoad(p, 2)
	l.more(50)
	r := s.standby("r", p)
	r.start()
	for range 2 {
		l.more(100)
		r.kill()
		l.more(50)
		r.start()
	}
	l.more(50)
	p.kill()
	l.end()
	p.start()
	l.join(p, 2)
	l.more(50)
	l.end()
	pc, rc := p.connect(), r.connect()
	l.check(t, pc)
	catchUp(t, pc, rc)
	l.check(t, rc)
	sameBytes(t, pc, rc)
	pe := refused(t, rc, "insert into t values (0, 0)")
	require.Equal(t, "25006", pe.Code)
	r.stop()
	p.stop()
	requireSound(t, p.dir)
	requireSound(t, r.dir)
}

// catchUp waits until r has replayed what p has logged.
func catchUp(t *testing.T, p, r *pgx.Conn) {
	t.Helper()
	lsn := query(t, p, "select pg_current_wal_flush_lsn()")
	eventually(t, "the standby has replayed "+lsn, func() bool {
		return query(t, r, fmt.Sprintf("select pg_last_wal_replay_lsn() >= '%s'::pg_lsn", lsn)) == "t"
	})
}

// sameBytes compares every page of every relation of both nodes.
func sameBytes(t *testing.T, p, r *pgx.Conn) {
	t.Helper()
	const digests = "select oid, relname, pg_relation_size(oid::regclass), quire_relation_digest(oid::regclass) from pg_class where relkind in ('r', 'i') order by oid"
	onPrimary := query(t, p, digests)
	require.Equal(t, onPrimary, query(t, r, digests))
	require.GreaterOrEqual(t, strings.Count(onPrimary, "\n"), 1)
}

// requireSound verifies a data directory that nobody has open.
func requireSound(t *testing.T, dir string) {
	t.Helper()
	r := quire(t, "verify", "-D", dir)
	require.Zero(t, r.code, "verify: %s%s", r.stdout, r.stderr)
	require.Contains(t, r.stdout, ": 0 problems\n")
}
