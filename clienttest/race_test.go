package clienttest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

var keyExists = regexp.MustCompile(`^Key \(k\)=\(\d+\) already exists\.$`)

// Sixteen clients insert, move, delete and upsert the same few keys through the B-tree plugin, two keys a transaction, and roll half of it
// back; one more looks all the while. No key is ever there twice, no acknowledged change is lost, and the only errors are duplicate
// keys, told with the key, and deadlocks. Each transaction writes down what it does to each key, so at the end the sums say which
// keys are there.
func TestUniqueKeysUnderRacingClients(t *testing.T) {
	quire.watch(t)
	quire.table(t, "race_keys", "k int primary key, who int not null")
	quire.table(t, "race_log", "k int not null, change int not null")
	const clients, rounds, keys = 16, 40, 10
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()

	var wg sync.WaitGroup
	var committed, refused, dead atomic.Int64
	failed := make(chan error, clients+1)
	for client := range clients {
		conn := quire.connect(t)
		wg.Add(1)
		go func() {
			defer wg.Done()
			r := racer{conn: conn, rng: rand.New(rand.NewPCG(uint64(client), 1)), who: client, keys: keys}
			for range rounds {
				logged, err := r.transaction(ctx)
				var e *pgconn.PgError
				switch {
				case err == nil:
					committed.Add(int64(logged))
				case asPg(err, &e) && e.Code == "23505" && keyExists.MatchString(e.Detail) && e.ConstraintName == "race_keys_pkey":
					refused.Add(1)
				case asPg(err, &e) && e.Code == "40P01":
					dead.Add(1)
				default:
					failed <- fmt.Errorf("client %d: %w", client, err)
					return
				}
			}
		}()
	}
	looker := quire.connect(t)
	exec1(t, looker, "set enable_indexscan = off; set enable_bitmapscan = off; set enable_indexonlyscan = off")
	over := make(chan struct{})
	go func() { wg.Wait(); close(over) }()
	looks := 0
	for running := true; running; looks++ {
		select {
		case <-over:
			running = false
		default:
		}
		var twice int
		require.NoError(t, looker.QueryRow(ctx, "select count(*) from (select k from race_keys group by k having count(*) > 1) s").Scan(&twice))
		require.Zero(t, twice, "keys are there twice")
	}
	close(failed)
	for err := range failed {
		require.NoError(t, err)
	}
	t.Logf("%d changes committed, %d duplicate keys, %d deadlocks, %d looks", committed.Load(), refused.Load(), dead.Load(), looks)
	require.Positive(t, refused.Load())

	var logged int64
	require.NoError(t, looker.QueryRow(ctx, "select count(*) from race_log").Scan(&logged))
	require.Equal(t, committed.Load(), logged, "changes that were committed are gone, or others are there")
	var wrong int
	require.NoError(t, looker.QueryRow(ctx, `select count(*) from (select k, sum(change) as n from race_log group by k) l left join race_keys r on r.k = l.k
		where n <> case when r.k is null then 0 else 1 end`).Scan(&wrong))
	require.Zero(t, wrong, "keys are there that should not be, or the other way round")
	var problems string
	require.NoError(t, looker.QueryRow(ctx, "select quire_check('race_keys')").Scan(&problems))
	require.Empty(t, problems)
}

// racer is one client.
type racer struct {
	conn      *pgx.Conn
	rng       *rand.Rand
	who, keys int
}

// transaction changes two keys and commits or rolls back. It returns how many changes were committed.
func (r *racer) transaction(ctx context.Context) (int, error) {
	tx, err := r.conn.Begin(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	logged := 0
	for range 2 {
		n, err := r.change(ctx, tx, r.rng.IntN(r.keys))
		if err != nil {
			return 0, err
		}
		logged += n
	}
	if r.rng.IntN(2) == 0 {
		return 0, tx.Rollback(ctx)
	}
	return logged, tx.Commit(ctx)
}

// change does one thing to a key and writes it down.
func (r *racer) change(ctx context.Context, tx pgx.Tx, k int) (int, error) {
	note := func(k, change int) error {
		_, err := tx.Exec(ctx, "insert into race_log values ($1, $2)", k, change)
		return err
	}
	switch r.rng.IntN(4) {
	case 0:
		if _, err := tx.Exec(ctx, "insert into race_keys values ($1, $2)", k, r.who); err != nil {
			return 0, err
		}
		return 1, note(k, 1)
	case 1:
		tag, err := tx.Exec(ctx, "insert into race_keys values ($1, $2) on conflict do nothing", k, r.who)
		if err != nil || tag.RowsAffected() == 0 {
			return 0, err
		}
		return 1, note(k, 1)
	case 2:
		tag, err := tx.Exec(ctx, "delete from race_keys where k = $1", k)
		if err != nil || tag.RowsAffected() == 0 {
			return 0, err
		}
		return 1, note(k, -1)
	}
	to := (k + 1 + r.rng.IntN(r.keys-1)) % r.keys
	tag, err := tx.Exec(ctx, "update race_keys set k = $2, who = $3 where k = $1", k, to, r.who)
	if err != nil || tag.RowsAffected() == 0 {
		return 0, err
	}
	if err := note(k, -1); err != nil {
		return 0, err
	}
	return 2, note(to, 1)
}
