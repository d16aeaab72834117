package engine_test

import (
	"fmt"
	"math/rand"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/engine"
)

// A lane is the ledger of one of several writers: transaction i adds the rows i and i' to the writer's own table.
type lane struct{ begun, acked atomic.Int64 }

// Several writers, checkpoints all the time, and the power goes at any moment: each writer finds a first part of its
// transactions, whole, with every acknowledged one.
func TestCrashUnderConcurrentWritersAndCheckpoints(t *testing.T) {
	const writers, transactions = 4, 120
	m := newDirectory(t)
	opts := small()
	opts.Frames = 96
	e, err := engine.Open(ctx, m, "data", opts)
	require.NoError(t, err)
	setup := newWorkload(t, e, 0)
	lanes := make([]*lane, writers)
	for i := range lanes {
		lanes[i] = &lane{}
		setup.createTable(fmt.Sprintf("t%d", i), false, false)
	}

	type shot struct {
		fs           *vfs.MemFS
		begun, acked [writers]int64
	}
	var mu sync.Mutex
	var shots []shot
	rng := rand.New(rand.NewSource(5))
	var ops atomic.Int64
	m.SetHook(func(op vfs.Op) error {
		if !op.Kind.Mutates() || ops.Add(1)%23 != 0 {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		var s shot
		for i, l := range lanes {
			s.acked[i] = l.acked.Load() // before the image: what is acknowledged must be in it
		}
		s.fs = m.CrashClone(rng, []vfs.CrashMode{vfs.DropUnsynced, vfs.KeepAll, vfs.Random}[len(shots)%3])
		for i, l := range lanes {
			s.begun[i] = l.begun.Load() // after it: nothing else can be in it
		}
		shots = append(shots, s)
		return nil
	})

	var wait sync.WaitGroup
	for i, l := range lanes {
		wait.Go(func() { writeLane(t, e, l, fmt.Sprintf("t%d", i), transactions) })
	}
	done := make(chan struct{})
	go func() { wait.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
			require.NoError(t, e.Checkpoint(ctx, engine.CheckpointOnline))
		}
	}
	m.SetHook(nil)
	require.NoError(t, e.Shutdown(ctx))

	for n, s := range shots {
		e, err := engine.Open(ctx, s.fs, "data", opts)
		require.NoError(t, err, "shot %d", n)
		found := read(t, e)
		for i := range lanes {
			rows := found[fmt.Sprintf("t%d", i)]
			require.Zero(t, len(rows)%2, "shot %d: half a transaction in lane %d: %v", n, i, rows)
			require.GreaterOrEqual(t, int64(len(rows)/2), s.acked[i], "shot %d lane %d", n, i)
			require.LessOrEqual(t, int64(len(rows)/2), s.begun[i], "shot %d lane %d", n, i)
			for k := range len(rows) / 2 {
				require.Equal(t, []string{fmt.Sprintf("%04da", k), fmt.Sprintf("%04db", k)}, rows[2*k:2*k+2], "shot %d lane %d", n, i)
			}
		}
		require.NoError(t, e.Shutdown(ctx))
	}
	t.Logf("%d crashes", len(shots))
}

func writeLane(t testing.TB, e *engine.Engine, l *lane, name string, transactions int) {
	session := e.Xact.NewSession(2)
	for k := range transactions {
		x := session.Begin(xact.ReadCommitted)
		c, err := e.Catalog.Current(x)
		require.NoError(t, err)
		rel := relation(c.Table(name))
		for _, half := range []string{"a", "b"} {
			_, err := e.Heap.Insert(ctx, x, rel, [][]byte{fmt.Appendf(nil, "%04d%s %0200d", k, half, k)})
			require.NoError(t, err)
		}
		l.begun.Add(1)
		_, err = x.Commit(ctx, xact.CommitOptions{})
		require.NoError(t, err)
		l.acked.Add(1)
	}
}
