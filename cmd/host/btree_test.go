package main_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
)

const checkBTrees = "select bt_index_check(oid::regclass, true) from pg_class where relkind = 'i' order by oid"

// Readers on a standby go through a B-tree in both directions while its leaves are emptied, taken out and used again elsewhere: rows
// wander from one end of the index to the other. They see every row, once, in order.
func TestBTreeReadOnAStandby(t *testing.T) {
	s := newSite(t)
	p := s.serving("p", "--plugin-dir", s.plugins("btree"))
	pc := p.connect()
	const rows, step, rounds = 600, 60, 40
	exec1(t, pc, "create table t (id int8, place int8, k text)",
		fmt.Sprintf("insert into t select g, g, lpad(g::text, 400, '0') from generate_series(1, %d) g", rows),
		"create index t_k on t (k, place)")
	r := s.standby("r", p, "--plugin-dir", s.path("plugins"), "-c", "max_standby_streaming_delay=5s")
	r.start()
	catchUp(t, pc, r.connect())

	stop := make(chan struct{})
	var readers sync.WaitGroup
	var scans, cancelled atomic.Int64
	failed := make(chan error, 3)
	for _, direction := range []string{"asc", "desc"} {
		conn := r.connect()
		exec1(t, conn, "set enable_seqscan = off; set enable_sort = off")
		sql := "select id, place from t order by k " + direction
		require.Contains(t, query(t, conn, "explain (costs off) "+sql), "using t_k on t")
		readers.Go(func() {
			for {
				err := wholeInOrder(conn, sql, rows, direction == "desc")
				var pe *pgconn.PgError
				if errors.As(err, &pe) && pe.Code == "40001" {
					cancelled.Add(1)
				} else if err != nil {
					failed <- fmt.Errorf("%s: %w", direction, err)
					return
				} else {
					scans.Add(1)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	points := r.connect() // by whole keys, which the host answers by itself while a leaf stays what it is
	exec1(t, points, "set enable_seqscan = off")
	readers.Go(func() {
		for id := 1; ; id = id*7%rows + 1 {
			err := rowByKey(points, id)
			var pe *pgconn.PgError
			if errors.As(err, &pe) && pe.Code == "40001" {
				cancelled.Add(1)
			} else if err != nil {
				failed <- fmt.Errorf("row %d: %w", id, err)
				return
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	for i := range rounds {
		exec1(t, pc, fmt.Sprintf("update t set place = place + %d, k = lpad((place + %[1]d)::text, 400, '0') where place <= %d", rows, (i+1)*step), "vacuum t")
	}
	close(stop)
	readers.Wait()
	close(failed)
	for err := range failed {
		require.NoError(t, err)
	}
	t.Logf("%d scans, %d cancelled", scans.Load(), cancelled.Load())
	require.NotZero(t, scans.Load())
	// 2 400 entries of 400 bytes have come to the 600 of the beginning: without blocks that are used again that were 150 pages.
	require.Equal(t, "t", query(t, pc, "select pg_relation_size('t_k') < 80 * 8192"), "blocks are not used again")
	rc := r.connect()
	exec1(t, pc, "checkpoint") // flushes what vacuum logged
	catchUp(t, pc, rc)
	sameBytes(t, pc, rc)
	exec1(t, pc, checkBTrees)
	exec1(t, rc, checkBTrees)
	p.stop()
	r.stop()
	for _, n := range []*node{p, r} {
		require.Contains(t, verify(t, n.dir, "--plugin-dir", s.path("plugins")).stdout, "1 of 1 indexes checked: 0 problems")
	}
}

// rowByKey looks a row up by its number, which has no index, and then, for the same snapshot, several times by its key.
func rowByKey(conn *pgx.Conn, id int) error {
	ctx := context.Background()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	var k string
	var place int
	if err := tx.QueryRow(ctx, "select k, place from t where id = $1", id).Scan(&k, &place); err != nil {
		return err
	}
	for range 5 {
		rows, err := tx.Query(ctx, "select id from t where k = $1 and place = $2", k, place)
		if err != nil {
			return err
		}
		found, err := pgx.CollectRows(rows, pgx.RowTo[int])
		if err != nil {
			return err
		}
		if len(found) != 1 || found[0] != id {
			return fmt.Errorf("key %d leads to rows %v", place, found)
		}
	}
	return nil
}

// wholeInOrder wants every row once, by ascending or descending place.
func wholeInOrder(conn *pgx.Conn, sql string, want int, descending bool) error {
	res, err := conn.Query(context.Background(), sql)
	if err != nil {
		return err
	}
	type row struct{ ID, Place int64 }
	got, err := pgx.CollectRows(res, pgx.RowToStructByPos[row])
	if err != nil {
		return err
	}
	seen := map[int64]bool{}
	for i, r := range got {
		if seen[r.ID] {
			return fmt.Errorf("row %d came twice", r.ID)
		}
		seen[r.ID] = true
		if i > 0 && (r.Place < got[i-1].Place) != descending {
			return fmt.Errorf("place %d came after %d", r.Place, got[i-1].Place)
		}
	}
	if len(got) != want {
		return fmt.Errorf("%d rows", len(got))
	}
	return nil
}

// Clients race for the same keys while plugin and host are killed. No key is there twice, no acknowledged row is lost, and the index has
// exactly the rows of the table.
func TestKillBTree(t *testing.T) {
	s := newSite(t)
	n := s.serving("p", "--plugin-dir", s.plugins("btree"))
	exec1(t, n.connect(), "create table t (k text primary key, client int)")
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	var count atomic.Int64
	var writers sync.WaitGroup
	stop := make(chan struct{})
	surprises := make(chan error, 100)
	start := func() {
		for client := range 4 {
			conn := n.connect()
			rng := rand.New(rand.NewPCG(uint64(client), uint64(count.Load())))
			writers.Go(func() {
				for !conn.IsClosed() {
					select {
					case <-stop:
						return
					default:
					}
					key := fmt.Sprintf("%d%s", rng.IntN(4000), strings.Repeat("k", 300))
					_, err := conn.Exec(context.Background(), "insert into t values ($1, $2)", key, client)
					var pe *pgconn.PgError
					switch {
					case err == nil:
						mu.Lock()
						if acknowledged[key] {
							surprises <- fmt.Errorf("key %.4s went in twice", key)
						}
						acknowledged[key] = true
						mu.Unlock()
						count.Add(1)
					case errors.As(err, &pe) && pe.Severity == "ERROR" && pe.Code != "23505" && pe.Code != "55000" && pe.Code != "38000":
						surprises <- pe
						return
					}
				}
			})
		}
	}
	more := func(rows int64) {
		t.Helper()
		want := count.Load() + rows
		eventually(t, fmt.Sprintf("%d rows", want), func() bool { return len(surprises) > 0 || count.Load() >= want })
	}
	sound := func() {
		t.Helper()
		conn := n.connect()
		exec1(t, conn, checkBTrees)
		keys, err := conn.Query(t.Context(), "select k from t")
		require.NoError(t, err)
		all, err := pgx.CollectRows(keys, pgx.RowTo[string])
		require.NoError(t, err)
		there := map[string]bool{}
		for _, k := range all {
			require.False(t, there[k], "key %.4s is there twice", k)
			there[k] = true
		}
		for k := range acknowledged {
			require.True(t, there[k], "key %.4s was acknowledged and is not there", k)
		}
	}
	start()
	more(150)
	for _, pid := range n.children("btree") {
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	}
	more(150)
	for range 2 {
		more(150)
		n.kill()
		writers.Wait()
		n.start()
		sound()
		start()
	}
	more(100)
	close(stop)
	writers.Wait()
	close(surprises)
	for err := range surprises {
		require.NoError(t, err)
	}
	sound()
	n.stop()
	require.Contains(t, verify(t, n.dir, "--plugin-dir", s.path("plugins")).stdout, "1 of 1 indexes checked: 0 problems")
}

// A B-tree that is not what it should be is told by verify and by bt_index_check in the same words.
func TestBTreeDamage(t *testing.T) {
	s := newSite(t)
	plugins := s.plugins("btree")
	n := s.serving("d", "--plugin-dir", plugins)
	conn := n.connect()
	exec1(t, conn, "create table t (id int4, b text)", "insert into t select i, 'x' || i from generate_series(1, 3000) i", "create index t_id on t (id)")
	index := query(t, conn, "select relfilenode from pg_class where relname = 't_id'")
	n.stop()
	origin := n.dir
	for _, c := range []struct {
		name   string
		change func(p page.Page)
		want   string
	}{
		{"two entries change places", func(p page.Page) {
			a, _ := p.Item(7)
			b, _ := p.Item(9)
			for i := range a {
				a[i], b[i] = b[i], a[i]
			}
		}, "block 1: item 8: the key is not above the one before"},
		{"an entry leads elsewhere", func(p page.Page) {
			item, _ := p.Item(5)
			item[len(item)-3] = 3 // the low byte of its block
		}, `the row at \(0,4\) of table t is not in the index`},
		{"an entry has another key", func(p page.Page) {
			item, _ := p.Item(2)
			item[len(item)-7]-- // the low byte of the number
		}, `the row at \(0,1\) of table t is in the index under another key`},
		{"the left link is gone", func(p page.Page) { clear(p[page.Size-20 : page.Size-16]) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := siteIn(t, "")
			dir := s.path("d")
			copyDir(t, origin, dir)
			blk := page.BlockNumber(1)
			if c.want == "" {
				blk, c.want = 2, "block 2: its left link leads to block 0"
			}
			reseal(t, dir, index, blk, c.change)
			r := verify(t, dir, "--plugin-dir", plugins)
			require.Equal(t, 1, r.code, "%s%s", r.stdout, r.stderr)
			require.Regexp(t, "(?m)^PROBLEM index t_id: .*"+c.want, r.stdout)
			n := s.primary("d", "--plugin-dir", plugins)
			n.start()
			pe := refused(t, n.connect(), "select bt_index_check('t_id', true)")
			require.Equal(t, "XX002", pe.Code)
			require.Regexp(t, "index t_id: .*"+c.want, pe.Message+pe.Detail)
			exec1(t, n.connect(), "reindex index t_id", "select bt_index_check('t_id', true)")
			n.stop()
		})
	}
}
