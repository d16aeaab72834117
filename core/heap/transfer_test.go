package heap_test

import (
	"fmt"
	"math/rand"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/core/xact/xacttest"
)

// Accounts are rows "name=balance". Sessions move money between them, wait for each other, deadlock and fail; a vacuum
// runs all the time. No snapshot may ever see another sum than the one at the start, nor an account twice.
func TestTransfers(t *testing.T) {
	const accounts, sessions, each, start = 12, 4, 150, 1000
	r := newRig(t, xacttest.Options{Frames: 32})
	x := r.Xact.Begin(xact.ReadCommitted)
	for i := range accounts {
		_, err := r.heap.Insert(ctx, x, r.rel, [][]byte{fmt.Appendf(nil, "a%d=%d", i, start)})
		require.NoError(t, err)
	}
	r.commit(t, x)

	var moved, deadlocks, conflicts atomic.Int64
	var working, watching sync.WaitGroup
	stop := make(chan struct{})
	for i := range sessions {
		working.Add(1)
		go func() {
			defer working.Done()
			s := r.Xact.NewSession(int32(i + 1))
			rng := rand.New(rand.NewSource(int64(i)))
			for range each {
				iso := xact.Isolation(rng.Intn(2))
				err := r.transfer(s.Begin(iso), rng.Intn(accounts), rng.Intn(accounts), rng.Intn(50), rng.Intn(4) == 0)
				switch {
				case err == nil:
					moved.Add(1)
				case pgerr.Is(err, pgerr.DeadlockDetected):
					deadlocks.Add(1)
				case pgerr.Is(err, pgerr.SerializationFailure):
					conflicts.Add(1)
				default:
					t.Error(err)
				}
			}
		}()
	}
	watch := func(f func() error) {
		watching.Add(1)
		go func() {
			defer watching.Done()
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := f(); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	watch(func() error { return r.audit(accounts, accounts*start) })
	watch(func() error {
		_, err := r.vacuum(nil)
		return err
	})
	working.Wait()
	close(stop)
	watching.Wait()
	t.Logf("%d transfers, %d deadlocks, %d conflicts", moved.Load(), deadlocks.Load(), conflicts.Load())
	require.NoError(t, r.audit(accounts, accounts*start))
	require.NotZero(t, moved.Load())
	r.check(t)
}

// transfer moves an amount and ends the transaction.
func (r *rig) transfer(x *xact.Txn, from, to, amount int, async bool) error {
	err := r.adjust(x, from, -amount)
	if err == nil {
		x.NextCommand()
		runtime.Gosched() // with the first row changed: give others a chance to wait for it
		err = r.adjust(x, to, amount)
	}
	if err != nil {
		_ = x.Abort()
		return err
	}
	_, err = x.Commit(ctx, xact.CommitOptions{Async: async})
	return err
}

// adjust changes one balance, following the row to where concurrent transactions have taken it.
func (r *rig) adjust(x *xact.Txn, account, by int) error {
	snap := x.Snapshot()
	defer snap.Release()
	name := fmt.Sprint("a", account)
	rows, tids, err := r.find(snap, name)
	if err != nil {
		return err
	}
	if len(rows) != 1 {
		return fmt.Errorf("%v sees account %s %d times", snap, name, len(rows))
	}
	row, tid := rows[0], tids[0]
	for {
		var result heap.Result
		result, err = r.heap.Update(ctx, x, snap, r.rel, tid, fmt.Appendf(nil, "%s=%d", name, balance(row)+by), by%2 == 0)
		if err != nil || result.Outcome == heap.OK {
			return err
		}
		if result.Outcome != heap.Changed {
			return fmt.Errorf("account %s: outcome %v", name, result.Outcome)
		}
		version, found, err := r.heap.FetchVersion(r.rel, result.TID, nil)
		if err != nil || !found {
			return fmt.Errorf("account %s: successor %v found %v: %w", name, result.TID, found, err)
		}
		row, tid = string(version), result.TID
	}
}

func balance(row string) int {
	_, value, _ := strings.Cut(row, "=")
	n, _ := strconv.Atoi(value)
	return n
}

func (r *rig) audit(accounts, total int) error {
	x := r.Xact.Begin(xact.RepeatableRead)
	defer func() { _ = x.Abort() }()
	snap := x.Snapshot()
	rows, _, err := r.find(snap, "")
	if err != nil {
		return err
	}
	sum := 0
	for _, row := range rows {
		sum += balance(row)
	}
	if len(rows) != accounts || sum != total {
		return fmt.Errorf("%v sees %d accounts with %d in all: %v", snap, len(rows), sum, rows)
	}
	return nil
}
