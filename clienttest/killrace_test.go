package clienttest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

const racers = 16

// Sixteen clients fight for a dozen keys of two unique indexes, by INSERT, UPDATE, DELETE and ON CONFLICT, with savepoints and rollbacks, and
// the host is killed twice meanwhile. No key is ever there twice, no sequence gives a committed transaction a value that another
// had, and what was committed is there.
func TestKeysAndSequencesThroughKills(t *testing.T) {
	h := own(t)
	exec1(t, h.connect(t), `create table race (k int primary key, a int, b text, unique (a, b));
		create table race_counts (k int primary key, n bigint not null);
		create table race_log (id bigserial primary key, token bigint unique, client int);
		create sequence race_s cache 5`)
	r := &race{t: t, h: h, tokens: map[int64]bool{}, ids: map[int64]bool{}}
	for round := range 3 {
		r.run(round, round < 2, 400)
		if round < 2 {
			require.NoError(t, h.start())
		}
		r.check()
	}
}

// A race is what its clients know for certain.
type race struct {
	t         *testing.T
	h         *host
	mu        sync.Mutex
	tokens    map[int64]bool // of race_s, of transactions whose COMMIT was answered
	ids       map[int64]bool // of race_log.id, likewise
	doubt     int            // commits without an answer
	committed atomic.Int64
	stop      atomic.Bool
}

// run lets the clients race until so many transactions are committed, and kills the host or waits for the clients.
func (r *race) run(round int, kill bool, transactions int64) {
	r.committed.Store(0)
	r.stop.Store(false)
	errs := make(chan error, racers)
	for i := range racers {
		conn, err := pgx.Connect(ctx, r.h.dsn())
		require.NoError(r.t, err)
		defer conn.Close(ctx)
		go func() { errs <- r.client(conn, i, rand.New(rand.NewPCG(uint64(round), uint64(i))), kill, transactions) }()
	}
	for range racers {
		require.NoError(r.t, <-errs)
	}
	if kill {
		<-r.h.ended
	}
}

// client works until enough is done; the client that does the last of it kills the host, under the others' hands.
func (r *race) client(conn *pgx.Conn, number int, rng *rand.Rand, kill bool, transactions int64) error {
	for !r.stop.Load() {
		err := r.transaction(conn, number, rng)
		var pe *pgconn.PgError
		switch {
		case err == nil:
		case errors.As(err, &pe) && pe.Code == "40P01":
			if _, err := conn.Exec(ctx, "rollback"); err != nil && !conn.IsClosed() {
				return err
			}
		case kill && conn.IsClosed():
			return nil
		default:
			return err
		}
		if r.committed.Load() >= transactions && !r.stop.Swap(true) && kill {
			return r.h.cmd.Process.Kill()
		}
	}
	return nil
}

// transaction takes numbers, changes keys behind a savepoint, counts, and ends one way or the other.
func (r *race) transaction(conn *pgx.Conn, number int, rng *rand.Rand) error {
	var token, id int64
	if _, err := conn.Exec(ctx, "begin"); err != nil {
		return err
	}
	if err := conn.QueryRow(ctx, "select nextval('race_s')").Scan(&token); err != nil {
		return err
	}
	for range 1 + rng.IntN(3) {
		if err := change(conn, rng); err != nil {
			return err
		}
	}
	if _, err := conn.Exec(ctx, `insert into race_counts values ($1, 1) on conflict (k) do update set n = race_counts.n + 1`, rng.IntN(8)); err != nil {
		return err
	}
	if err := conn.QueryRow(ctx, "insert into race_log (token, client) values ($1, $2) returning id", token, number).Scan(&id); err != nil {
		return err
	}
	if rng.IntN(3) == 0 {
		_, err := conn.Exec(ctx, "rollback")
		return err
	}
	if _, err := conn.Exec(ctx, "commit"); err != nil {
		r.mu.Lock()
		r.doubt++
		r.mu.Unlock()
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tokens[token] || r.ids[id] {
		return fmt.Errorf("a sequence gave a value twice: token %d or id %d", token, id)
	}
	r.tokens[token], r.ids[id] = true, true
	r.committed.Add(1)
	return nil
}

// change does something to a key. A key that is there already costs what was done since the savepoint, no more.
func change(conn *pgx.Conn, rng *rand.Rand) error {
	if _, err := conn.Exec(ctx, "savepoint s"); err != nil {
		return err
	}
	k, a, b := rng.IntN(12), rng.IntN(6), string(rune('a'+rng.IntN(2)))
	var err error
	switch rng.IntN(6) {
	case 0:
		_, err = conn.Exec(ctx, "delete from race where k = $1", k)
	case 1:
		_, err = conn.Exec(ctx, "update race set k = $2 where k = $1", k, rng.IntN(12))
	case 2:
		_, err = conn.Exec(ctx, "update race set a = $2, b = $3 where k = $1", k, a, b)
	case 3:
		_, err = conn.Exec(ctx, "insert into race values ($1, $2, $3) on conflict do nothing", k, a, b)
	default:
		_, err = conn.Exec(ctx, "insert into race values ($1, $2, $3)", k, a, b)
	}
	var pe *pgconn.PgError
	switch {
	case err == nil && rng.IntN(4) > 0:
		_, err = conn.Exec(ctx, "release s")
	case err == nil || errors.As(err, &pe) && pe.Code == "23505":
		_, err = conn.Exec(ctx, "rollback to s")
	}
	return err
}

// check compares the tables, read without their indexes, with themselves and with what the clients know.
func (r *race) check() {
	t, conn := r.t, r.h.connect(r.t)
	exec1(t, conn, "set enable_indexscan = off; set enable_bitmapscan = off; set enable_indexonlyscan = off")
	for _, key := range []string{"race group by k", "race group by a, b", "race_counts group by k", "race_log group by id", "race_log group by token"} {
		var twice int
		require.NoError(t, conn.QueryRow(ctx, "select count(*) from (select 1 from "+key+" having count(*) > 1) x").Scan(&twice))
		require.Zero(t, twice, key)
	}
	var counted int
	require.NoError(t, conn.QueryRow(ctx, "select sum(n) from race_counts").Scan(&counted))
	rows, err := conn.Query(ctx, "select id, token from race_log")
	require.NoError(t, err)
	there := map[int64]int64{}
	var id, token int64
	_, err = pgx.ForEachRow(rows, []any{&id, &token}, func() error { there[id] = token; return nil })
	require.NoError(t, err)
	require.Len(t, there, counted)
	for id := range r.ids {
		require.Contains(t, there, id, "a committed row is gone")
		require.True(t, r.tokens[there[id]])
	}
	require.LessOrEqual(t, len(there), len(r.ids)+r.doubt)
	whole(t, conn, 5)
}
