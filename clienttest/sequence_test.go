package clienttest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

func asPg(err error, e **pgconn.PgError) bool { return errors.As(err, e) }

// Values that a client has got from a sequence never come again after the host was killed in the middle of it, more than once. A replica
// stands at the last one or beyond it.
func TestSequencesNeverRepeat(t *testing.T) {
	h := own(t)
	conn := h.connect(t)
	exec1(t, conn, "create sequence s; create sequence c cache 7; create table t (id serial primary key, v int)")
	replica := h.replica(t)
	got := map[string]map[int64]bool{"s": {}, "c": {}, "t": {}}
	take := func(h *host, atLeast int, stop func()) {
		t.Helper()
		var mu sync.Mutex
		var wg sync.WaitGroup
		total, repeated := 0, 0
		for range 4 {
			conn, err := pgx.Connect(ctx, h.dsn())
			require.NoError(t, err)
			wg.Add(1)
			go func() {
				defer wg.Done()
				defer func() { _ = conn.Close(context.Background()) }()
				for {
					for name, query := range map[string]string{"s": "select nextval('s')", "c": "select nextval('c')", "t": "insert into t (v) values (1) returning id"} {
						var v int64
						if conn.QueryRow(ctx, query).Scan(&v) != nil {
							return // the host is gone
						}
						mu.Lock()
						if got[name][v] {
							repeated++
						}
						got[name][v] = true
						total++
						mu.Unlock()
					}
				}
			}()
		}
		for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
			mu.Lock()
			n := total
			mu.Unlock()
			if n >= atLeast {
				break
			}
			require.True(t, time.Now().Before(deadline), "%d values, %d wanted", n, atLeast)
		}
		stop()
		wg.Wait()
		require.Zero(t, repeated)
	}
	for range 3 {
		take(h, 200, func() { h.kill(t) })
		require.NoError(t, h.start())
	}
	caughtUp(t, h.connect(t), replica.connect(t))
	for query, values := range map[string]map[int64]bool{"select last_value from s": got["s"], "select last_value from c": got["c"], "select last_value from t_id_seq": got["t"]} {
		var stands int64
		require.NoError(t, replica.connect(t).QueryRow(ctx, query).Scan(&stands))
		require.GreaterOrEqual(t, stands, slices.Max(slices.Collect(maps.Keys(values))), "%s", query)
	}
}
