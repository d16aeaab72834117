package session_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/pgerr"
)

// Sixteen sessions add to the same rows under read committed: no increment may be lost, whoever had to wait for whom.
func TestNoLostUpdates(t *testing.T) {
	r := newRig(t)
	s := r.session()
	must(t, s, "create extension bloom; create table t (id int, n int)")
	must(t, s, "insert into t select i, 0 from generate_series(1, 3) i; create index on t using bloom (id)")
	const workers, rounds = 16, 20
	var wg sync.WaitGroup
	errs := make(chan error, workers*rounds)
	for w := range workers {
		other := r.session()
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range rounds {
				sql := fmt.Sprintf("update t set n = n + 1 where id = %d", (w+i)%3+1)
				errs <- other.Query(background, sql, &capture{s: other})
			}
		}()
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, fmt.Sprintf("sum|count\n%d|3\nSELECT 1\n", workers*rounds), must(t, s, "select sum(n), count(*) from t"))
	must(t, s, "set enable_seqscan = off")
	require.Equal(t, "count\n1\nSELECT 1\n", must(t, s, "select count(*) from t where id = 2"))
}

// A row that no longer meets the condition after the wait is left alone; one that was deleted is passed over.
func TestRecheckAfterWaiting(t *testing.T) {
	r := newRig(t)
	a, b := r.session(), r.session()
	must(t, a, "create table t (id int, n int); insert into t values (1, 1), (2, 1), (3, 1)")
	must(t, a, "begin; update t set n = 2 where id = 1; delete from t where id = 2")
	done := make(chan string)
	go func() { done <- run(b, "update t set n = n + 10 where n = 1 returning id, n") }()
	waitForWaiter(t, r)
	must(t, a, "commit")
	require.Equal(t, "id|n\n3|11\nUPDATE 1\n", <-done)
}

// A joined update or delete that has waited for a row looks at its condition again, with the row that it was joined with.
func TestRecheckOfJoinedRows(t *testing.T) {
	r := newRig(t)
	a, b := r.session(), r.session()
	must(t, a, "create table t (id int, n int, w text); create table s (id int, lim int, w text)")
	must(t, a, "insert into t values (1, 1, ''), (2, 1, ''), (3, 1, ''); insert into s values (1, 5, 'a'), (2, 5, 'b'), (3, 5, 'c')")
	must(t, a, "begin; update t set n = 4 where id = 1; update t set n = 9 where id = 2; delete from t where id = 3")
	result := make(chan string)
	go func() {
		result <- run(b, "update t set w = s.w, n = t.n + lim from s where s.id = t.id and n < lim returning t.id, n, s.w")
	}()
	waitForWaiter(t, r)
	must(t, a, "commit")
	require.Equal(t, "id|n|w\n1|9|a\nUPDATE 1\n", <-result)
	must(t, a, "begin; update t set n = 0 where id = 1; update t set n = 6 where id = 2")
	go func() { result <- run(b, "delete from t using s where s.id = t.id and n > lim returning *") }()
	waitForWaiter(t, r)
	must(t, a, "commit")
	require.Equal(t, "id|n|w|id|lim|w\n2|6||2|5|b\nDELETE 1\n", <-result)
}

// FOR UPDATE waits for a writer and tests the row it leaves, the join's condition included.
func TestLockRowsRecheck(t *testing.T) {
	r := newRig(t)
	a, b := r.session(), r.session()
	must(t, a, "create table t (id int, n int); insert into t values (1, 1), (2, 1), (3, 1); create table s (id int, lim int); insert into s values (1, 5), (2, 5), (3, 5)")
	must(t, a, "begin; update t set n = 4 where id = 1; update t set n = 9 where id = 2; delete from t where id = 3")
	result := make(chan string)
	go func() {
		result <- run(b, "select t.id, n + lim as sum from t join s on s.id = t.id and n < lim order by 1 for update of t")
	}()
	waitForWaiter(t, r)
	must(t, a, "commit")
	require.Equal(t, "id|sum\n1|9\nSELECT 1\n", <-result)
	must(t, a, "begin; update t set n = 0 where id = 1")
	require.Equal(t, "id\n2\nSELECT 1\n", run(b, "select id from t order by n for update skip locked"))
	go func() {
		result <- run(b, "begin isolation level repeatable read; select id from t where id = 1 for update")
	}()
	waitForWaiter(t, r)
	must(t, a, "commit")
	require.Contains(t, <-result, "ERROR 40001: could not serialize access due to concurrent update")
	must(t, b, "rollback")
}

// Two sessions that wait for each other: one is told, the other goes on.
func TestDeadlock(t *testing.T) {
	r := newRig(t)
	a, b := r.session(), r.session()
	must(t, a, "create table t (id int, n int); insert into t values (1, 0), (2, 0)")
	must(t, a, "begin; update t set n = 1 where id = 1")
	must(t, b, "begin; update t set n = 2 where id = 2")
	done := make(chan error, 1)
	go func() { done <- a.Query(background, "update t set n = 1 where id = 2", &capture{s: a}) }()
	waitForWaiter(t, r)
	err := b.Query(background, "update t set n = 2 where id = 1", &capture{s: b})
	require.Equal(t, pgerr.DeadlockDetected, pgerr.CodeOf(err))
	require.NoError(t, <-done)
	must(t, a, "commit")
	must(t, b, "rollback")
	require.Equal(t, "sum\n2\nSELECT 1\n", must(t, a, "select sum(n) from t"))
}

// DDL waits for readers, and a reader that waited for DDL sees the new state (S4).
func TestReadersAndDDL(t *testing.T) {
	r := newRig(t)
	a, b := r.session(), r.session()
	must(t, a, "create table t (id int); insert into t values (1)")
	must(t, a, "begin; drop table t; create table t (id int, more text); insert into t values (2, 'x')")
	done := make(chan string)
	go func() { done <- run(b, "select * from t") }()
	waitForWaiter(t, r)
	must(t, a, "commit")
	require.Equal(t, "id|more\n2|x\nSELECT 1\n", <-done)

	must(t, b, "begin; select * from t")
	must(t, a, "set lock_timeout = '10ms'")
	err := a.Query(background, "drop table t", &capture{s: a})
	require.Equal(t, pgerr.LockNotAvailable, pgerr.CodeOf(err))
}

// waitForWaiter returns once some session waits for a lock.
func waitForWaiter(t testing.TB, r *rig) {
	t.Helper()
	for range 1_000_000 {
		for _, l := range r.engine.Locks.List() {
			if !l.Granted {
				return
			}
		}
	}
	require.Fail(t, "nobody waits")
}
