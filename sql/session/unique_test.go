package session_test

import (
	"context"
	"fmt"
	"math/rand"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/session"
)

// race runs f in n sessions at the same time.
func race(t *testing.T, r *rig, n int, f func(client int, s *session.Session) error) {
	sessions := make([]*session.Session, n)
	for i := range sessions {
		sessions[i] = r.session()
	}
	errs := make(chan error, n)
	for i, s := range sessions {
		go func() { errs <- f(i, s) }()
	}
	for range n {
		require.NoError(t, <-errs)
	}
}

// quietly runs statements and returns the error.
func quietly(s *session.Session, sql string) error {
	return s.Query(context.Background(), sql, &capture{s: s, quiet: true})
}

// allowed are the errors that racing for a key may end in.
func allowed(err error) bool {
	return err == nil || pgerr.Is(err, pgerr.UniqueViolation) || pgerr.Is(err, pgerr.DeadlockDetected)
}

// Sixteen clients insert, move and delete the same few keys and roll half of it back: no key is ever there twice, and a key whose
// transactions all failed is free again.
func TestKeysStayUniqueUnderRacingClients(t *testing.T) {
	r := newRig(t)
	main := r.session()
	must(t, main, "create table t (k int primary key, u int unique, who int)")
	var inserted atomic.Int64
	race(t, r, 16, func(client int, s *session.Session) error {
		rng := rand.New(rand.NewSource(int64(client)))
		for range 40 {
			k, u := rng.Intn(12), rng.Intn(12)
			if err := quietly(s, "begin"); err != nil {
				return err
			}
			var err error
			switch rng.Intn(4) {
			case 0:
				err = quietly(s, fmt.Sprintf("update t set k = %d where k = %d", rng.Intn(12), k))
			case 1:
				err = quietly(s, fmt.Sprintf("delete from t where k = %d", k))
			default:
				err = quietly(s, fmt.Sprintf("insert into t values (%d, %d, %d)", k, u, client))
			}
			if !allowed(err) {
				return err
			}
			end := "commit"
			if rng.Intn(2) == 0 {
				end = "rollback"
			} else if err == nil {
				inserted.Add(1)
			}
			if err := quietly(s, end); err != nil {
				return err
			}
		}
		return nil
	})
	require.Positive(t, inserted.Load())
	out := run(main, "select k, count(*) from t group by k having count(*) > 1; select u, count(*) from t group by u having count(*) > 1")
	require.Equal(t, "k|count\nSELECT 0\nu|count\nSELECT 0\n", out)
	must(t, main, "insert into t select g, g, 99 from generate_series(100, 110) g")
}

// Racing upserts count every client once: whoever loses the race for a key adds to the winner's row.
func TestRacingUpsertsLoseNothing(t *testing.T) {
	r := newRig(t)
	main := r.session()
	must(t, main, "create table t (k int primary key, n int not null)")
	const clients, rounds, keys = 8, 40, 5
	var done [keys]atomic.Int64
	race(t, r, clients, func(client int, s *session.Session) error {
		rng := rand.New(rand.NewSource(int64(client)))
		for range rounds {
			k := rng.Intn(keys)
			undo := rng.Intn(3) == 0
			if err := quietly(s, "begin"); err != nil {
				return err
			}
			err := quietly(s, fmt.Sprintf("insert into t values (%d, 1) on conflict (k) do update set n = t.n + excluded.n", k))
			if err != nil {
				return err
			}
			if undo {
				if err := quietly(s, "rollback"); err != nil {
					return err
				}
				continue
			}
			if err := quietly(s, "commit"); err != nil {
				return err
			}
			done[k].Add(1)
		}
		return nil
	})
	var want strings.Builder
	want.WriteString("k|n\n")
	rows := 0
	for k := range done {
		if n := done[k].Load(); n > 0 {
			fmt.Fprintf(&want, "%d|%d\n", k, n)
			rows++
		}
	}
	fmt.Fprintf(&want, "SELECT %d\n", rows)
	require.Equal(t, want.String(), run(main, "select k, n from t order by k"))
}

// DO NOTHING lets one client win each key, whatever the others do.
func TestRacingInsertsThatDoNothing(t *testing.T) {
	r := newRig(t)
	main := r.session()
	must(t, main, "create table t (k int primary key, who int)")
	var mu sync.Mutex
	wins := map[string]int{}
	race(t, r, 8, func(client int, s *session.Session) error {
		for k := range 30 {
			out := &capture{s: s}
			if err := s.Query(context.Background(), fmt.Sprintf("insert into t values (%d, %d) on conflict do nothing", k, client), out); err != nil {
				return err
			}
			mu.Lock()
			wins[out.b.String()]++
			mu.Unlock()
		}
		return nil
	})
	require.Equal(t, map[string]int{"INSERT 0 1\n": 30, "INSERT 0 0\n": 7 * 30}, wins)
	require.Equal(t, "count|count\n30|30\nSELECT 1\n", run(main, "select count(*), count(distinct k) from t"))
}

// A wait for a key ends with a cancel, lock_timeout and a deadlock like any other.
func TestWaitsForKeysEnd(t *testing.T) {
	r := newRig(t)
	a, b := r.session(), r.session()
	must(t, a, "create table t (k int primary key)")
	must(t, a, "begin; insert into t values (1)")
	must(t, b, "set lock_timeout = '20ms'")
	require.True(t, pgerr.Is(quietly(b, "insert into t values (1)"), pgerr.LockNotAvailable))
	must(t, b, "reset lock_timeout; set statement_timeout = '20ms'")
	require.True(t, pgerr.Is(quietly(b, "insert into t values (1)"), pgerr.QueryCanceled))
	must(t, b, "reset statement_timeout; begin; insert into t values (2)")
	result := make(chan error)
	go func() { result <- quietly(b, "insert into t values (1)") }()
	mine := quietly(a, "insert into t values (2)")
	must(t, a, "rollback")
	theirs := <-result
	require.True(t, pgerr.Is(mine, pgerr.DeadlockDetected) != pgerr.Is(theirs, pgerr.DeadlockDetected), "%v, %v", mine, theirs)
	must(t, b, "rollback")
	require.Equal(t, "count\n0\nSELECT 1\n", run(a, "select count(*) from t"))
}

// Clients that add the same row at the same time meet in the table's first unique index: one adds it, the others hear of that index,
// and nobody of a deadlock, as they would if one went first in the first index and another in the second.
func TestTheSameRowFromSeveralClients(t *testing.T) {
	r := newRig(t)
	main := r.session()
	must(t, main, "create table t (k int primary key, u int unique, v int); create index on t (v)")
	const clients, rows = 6, 40
	var added atomic.Int64
	race(t, r, clients, func(_ int, s *session.Session) error {
		for row := range rows {
			switch err := quietly(s, fmt.Sprintf("insert into t values (%d, %d, %d)", row, row, row)); {
			case err == nil:
				added.Add(1)
			case !pgerr.Is(err, pgerr.UniqueViolation) || !strings.Contains(err.Error(), "t_pkey"):
				return err
			}
		}
		return nil
	})
	require.EqualValues(t, rows, added.Load())
	err := quietly(main, "insert into t values (1000, 7, 7)")
	require.True(t, pgerr.Is(err, pgerr.UniqueViolation), err)
	require.ErrorContains(t, err, "t_u_key")
	must(t, main, "insert into t values (1000, 1000, 7)")
}
