package wal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestGroupCommit holds the first sync until others have gathered behind it: they all share the second.
func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs, l := newLog(t)
		gate := make(chan struct{})
		fs.SetHook(func(op vfs.Op) error {
			if op.Kind == vfs.OpSync {
				<-gate
			}
			return nil
		})
		var wg sync.WaitGroup
		commit := func(xid uint64) {
			wg.Go(func() {
				_, end := l.Insert(Commit, xid, nil)
				require.NoError(t, l.Flush(context.Background(), end))
				require.GreaterOrEqual(t, l.FlushedLSN(), end)
			})
		}
		commit(1)
		synctest.Wait() // the first leads and is in the sync
		for xid := range uint64(20) {
			commit(xid)
		}
		synctest.Wait() // the others wait for it
		close(gate)
		wg.Wait()
		require.Equal(t, uint64(2), l.Stats().Flushes)
		require.NoError(t, l.Close())
	})
}

// TestFailedSyncReachesEveryWaiter: the leader's error is everybody's, at once and for good.
func TestFailedSyncReachesEveryWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fatal []error
		fs, l := newLog(t, func(c *Config) { c.OnFatal = func(err error) { fatal = append(fatal, err) } })
		gate := make(chan struct{})
		fs.SetHook(func(op vfs.Op) error {
			if op.Kind == vfs.OpSync {
				<-gate
				return faults["EIO"]
			}
			return nil
		})
		errs := make(chan error, 20)
		for xid := range uint64(10) {
			_, end := l.Insert(Commit, xid, nil)
			go func() { errs <- l.Flush(context.Background(), end) }()
			go func() {
				_, err := l.WaitFlushed(context.Background(), end-1)
				errs <- err
			}()
		}
		synctest.Wait()
		close(gate)
		for range 20 {
			err := <-errs
			require.ErrorIs(t, err, ErrHalted)
			require.ErrorIs(t, err, faults["EIO"])
		}
		require.Len(t, fatal, 1)
		require.ErrorIs(t, l.EnsureSpace(1), ErrHalted)
		require.ErrorIs(t, l.Recycle(l.InsertLSN()), ErrHalted)
		// Insertion goes on without anyone noticing, even beyond the ring; nothing of it counts.
		fs.SetHook(nil)
		for range 10 {
			l.Insert(Generic, 1, body(1, 20000))
		}
		require.ErrorIs(t, l.Flush(context.Background(), l.InsertLSN()), ErrHalted)
		require.Equal(t, page.LSN(tinySegment), l.FlushedLSN())
		require.NoError(t, l.Close())
	})
}

// TestWaitersLeave: a cancelled follower goes, a closed log wakes the rest.
func TestWaitersLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs, l := newLog(t)
		gate := make(chan struct{})
		fs.SetHook(func(op vfs.Op) error {
			if op.Kind == vfs.OpSync {
				<-gate
			}
			return nil
		})
		_, end := l.Insert(Commit, 1, nil)
		led, closed, waited := make(chan error, 1), make(chan error, 1), make(chan error, 1)
		go func() { led <- l.Flush(context.Background(), end) }()
		synctest.Wait()
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errors.New("statement timeout"))
		require.ErrorContains(t, l.Flush(ctx, end), "statement timeout")
		_, err := l.WaitFlushed(ctx, end)
		require.ErrorContains(t, err, "statement timeout")
		go func() {
			_, err := l.WaitFlushed(context.Background(), end)
			waited <- err
		}()
		synctest.Wait()
		go func() { closed <- l.Close() }()
		synctest.Wait()
		close(gate) // Close waits for the leader
		require.NoError(t, <-led)
		require.NoError(t, <-closed)
		require.ErrorIs(t, <-waited, ErrClosed)
		require.NoError(t, l.Close())
		_, end = l.Insert(Commit, 2, nil)
		require.ErrorIs(t, l.Flush(context.Background(), end), ErrClosed)
	})
}

// TestRun: commits that do not wait become durable at the next tick, and a half full ring does not wait for it.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, l := newLog(t)
		tick := make(chan time.Time)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- l.Run(ctx, tick) }()
		_, end := l.Insert(Commit, 1, nil)
		synctest.Wait()
		require.Less(t, l.FlushedLSN(), end)
		tick <- time.Time{}
		synctest.Wait()
		require.Equal(t, end, l.FlushedLSN())
		_, end = l.Insert(Generic, 1, body(1, 30000))
		_, end = l.Insert(Generic, 1, body(1, int(tinyRing/2-(end-l.FlushedLSN()))))
		synctest.Wait()
		require.Equal(t, end, l.FlushedLSN())
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, l.Close())
	})
}

// TestManyAtOnce runs committers, a follower that copies the durable log, and recycling side by side. The follower's copy
// is the log, in order and complete. (Run it with -race.)
func TestManyAtOnce(t *testing.T) {
	_, l := newLog(t, func(c *Config) { c.Go = nil; c.SpareSegments = 3 })
	const committers, each = 6, 150
	ctx, cancel := context.WithCancel(context.Background())
	var writers, others sync.WaitGroup
	for w := range committers {
		writers.Go(func() {
			for i := range each {
				require.NoError(t, l.EnsureSpace(2000))
				l.Insert(Generic, uint64(w), body(int64(w), i*7))
				_, end := l.Insert(Commit, uint64(w), func(dst []byte, _ page.LSN) []byte { return fmt.Appendf(dst, "%d/%d", w, i) })
				require.NoError(t, l.Flush(ctx, end))
				require.GreaterOrEqual(t, l.FlushedLSN(), end)
			}
		})
	}
	received := make([]byte, 0, 1<<20)
	followed := make(chan struct{})
	var kept, end page.LSN = tinySegment, 0
	var mu sync.Mutex
	others.Go(func() {
		defer close(followed)
		at := page.LSN(tinySegment)
		buf := make([]byte, 3000)
		for {
			n, err := l.ReadDurable(buf, at)
			require.NoError(t, err)
			received = append(received, buf[:n]...)
			at += page.LSN(n)
			mu.Lock()
			kept = at
			done := end != 0 && at == end
			mu.Unlock()
			if done {
				return
			}
			if n == 0 {
				if _, err := l.WaitFlushed(ctx, at); err != nil {
					require.ErrorIs(t, err, context.Canceled)
					return
				}
			}
		}
	})
	others.Go(func() {
		for {
			select {
			case <-followed:
				return
			default:
			}
			mu.Lock()
			keep := kept
			mu.Unlock()
			require.NoError(t, l.Recycle(keep))
		}
	})
	writers.Wait()
	mu.Lock()
	_, end = l.Insert(CheckpointShutdown, 0, nil)
	mu.Unlock()
	flushAll(t, l)
	others.Wait()
	cancel()
	require.NoError(t, l.Close())
	verifyStream(t, received, committers, each)
}

// verifyStream decodes a copied log and counts each committer's commits in order.
func verifyStream(t *testing.T, b []byte, committers, each int) {
	c := newCodec(testSystem, 1)
	seen := make([]int, committers)
	at, prev := page.LSN(tinySegment), page.LSN(0)
	var rec Record
	for len(b) > 0 {
		_, err := c.decode(b, at, prev, &rec)
		require.NoError(t, err, "record at %v", at)
		if rec.Kind == Commit {
			require.Equal(t, fmt.Sprintf("%d/%d", rec.XID, seen[rec.XID]), string(rec.Body))
			seen[rec.XID]++
		}
		b = b[rec.EndLSN-at:]
		at, prev = rec.EndLSN, rec.LSN
	}
	for w := range seen {
		require.Equal(t, each, seen[w])
	}
	require.Equal(t, CheckpointShutdown, rec.Kind)
}

// TestInsertPanics: a panic in build is the caller's, and leaves the log as it was.
func TestInsertPanics(t *testing.T) {
	fs, l := newLog(t)
	require.PanicsWithValue(t, "bug", func() {
		l.Insert(Generic, 1, func([]byte, page.LSN) []byte { panic("bug") })
	})
	require.Panics(t, func() { l.Insert(Generic, 1, body(1, l.MaxBody()+1)) })
	require.Panics(t, func() { l.Insert(Kind(77), 1, nil) })
	l.Insert(Generic, 1, body(1, l.MaxBody()))
	flushAll(t, l)
	records, err := readAll(testReader(fs, tinySegment))
	require.NoError(t, err)
	require.Len(t, records, 1)
	require.NoError(t, l.Close())
}

// TestFollow reads a log while it grows, under a limit that moves with what is durable: as a standby replays.
func TestFollow(t *testing.T) {
	fs, l := newLog(t)
	r := testReader(fs, tinySegment)
	defer r.Close()
	r.SetLimit(l.FlushedLSN())
	for i := range 50 {
		_, err := r.Next()
		require.ErrorIs(t, err, io.EOF)
		start, end := l.Insert(Commit, uint64(i), body(3, i*40))
		_, err = r.Next()
		require.ErrorIs(t, err, io.EOF)
		flushAll(t, l)
		r.SetLimit(end - 1) // received, but for a byte
		_, err = r.Next()
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, start, r.Position())
		r.SetLimit(end)
		rec, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, start, rec.LSN)
		require.Equal(t, content(3, start, i*40), append([]byte{}, rec.Body...))
	}
	require.NoError(t, l.Close())
}
