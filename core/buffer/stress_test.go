package buffer

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
)

const counterAt = page.HeaderSize

// increment adds one to the counter in a block.
func increment(p *Pool, log *atomic.Uint64, tag page.Tag) error {
	b, err := p.PinForRedo(tag)
	if err != nil {
		return err
	}
	defer b.Unpin()
	b.Lock()
	defer b.Unlock()
	next := append(page.Page(nil), b.Page()...)
	if b.Version() == 0 {
		next = content(tag, 0, 1)
		binary.LittleEndian.PutUint64(next[counterAt:], 0)
	}
	binary.LittleEndian.PutUint64(next[counterAt:], binary.LittleEndian.Uint64(next[counterAt:])+1)
	b.MarkDirty()
	end := log.Add(100)
	next.Seal(tag, page.LSN(end-100), next.ContentCRC())
	b.Install(next, page.LSN(end-100), page.LSN(end))
	return nil
}

func counterIn(p *Pool, tag page.Tag) (uint64, error) {
	b, err := p.Pin(tag)
	if errors.Is(err, ErrBeyondEnd) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer b.Unpin()
	b.RLock()
	defer b.RUnlock()
	if err := b.Page().Verify(tag); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b.Page()[counterAt:]), nil
}

// TestConcurrentCounters: many goroutines count in more blocks than there are frames, while others flush and write in the
// background, and one relation comes and goes. No count is lost.
func TestConcurrentCounters(t *testing.T) {
	const workers, rounds, blocks = 8, 300, 40
	f := newFixture(t, Config{Frames: 24, PrivateMemory: true, After: time.After,
		FlushWAL: func(page.LSN) error { return nil }})
	temporary := page.RelFile{Rel: 77}
	require.NoError(t, f.store.Create(temporary))
	var log atomic.Uint64
	log.Store(1000)
	var counted [blocks]atomic.Uint64
	stop := make(chan struct{})
	var work, side sync.WaitGroup
	errs := make(chan error, 100)
	run := func(wg *sync.WaitGroup, seed int64, fn func(rng *rand.Rand) error) {
		wg.Go(func() {
			rng := rand.New(rand.NewSource(seed))
			if err := fn(rng); err != nil {
				errs <- err
			}
		})
	}
	untilStopped := func(step func() error) func(*rand.Rand) error {
		return func(*rand.Rand) error {
			for {
				select {
				case <-stop:
					return nil
				default:
				}
				if err := step(); err != nil {
					return err
				}
			}
		}
	}
	for i := range workers {
		run(&work, int64(i), func(rng *rand.Rand) error {
			for range rounds {
				blk := rng.Intn(blocks)
				if err := increment(f.pool, &log, tagOf(blk)); err != nil {
					return err
				}
				counted[blk].Add(1)
				if _, err := counterIn(f.pool, tagOf(rng.Intn(blocks))); err != nil {
					return err
				}
			}
			return nil
		})
	}
	writer := NewBackgroundWriter(f.pool, WriterOptions{MaxPages: 8})
	run(&side, 0, untilStopped(func() error { return writer.Step(time.Time{}).Err }))
	run(&side, 0, untilStopped(func() error {
		return errors.Join(f.pool.FlushDirty(context.Background(), page.LSN(log.Load()), nil), f.store.Sync())
	}))
	run(&side, 0, untilStopped(func() error {
		for i := range 3 {
			if err := increment(f.pool, &log, page.Tag{RelFile: temporary, Block: page.BlockNumber(i)}); err != nil {
				return err
			}
		}
		return errors.Join(f.pool.TruncateRelation(temporary, 1), f.store.Truncate(temporary, 1))
	}))
	work.Wait()
	close(stop)
	side.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	for i := range blocks {
		got, err := counterIn(f.pool, tagOf(i))
		require.NoError(t, err)
		require.Equal(t, counted[i].Load(), got, "block %d", i)
	}
	f.close()
}

// TestEveryCallFails lets each file operation of a workload fail. Whatever comes back, no pin or lock is left behind, and once
// the disk works again every block has its count.
func TestEveryCallFails(t *testing.T) {
	for _, kind := range []struct {
		name  string
		err   error
		count int64
	}{{"EIO", syscall.EIO, 1}, {"ENOSPC", syscall.ENOSPC, 8}, {"short", &vfs.PartialError{Bytes: 3000, Err: syscall.EIO}, 1}} {
		t.Run(kind.name, func(t *testing.T) {
			for nth, reached := int64(1), true; reached; nth++ {
				reached = failingWorkload(t, nth, kind.count, kind.err)
			}
		})
	}
}

func failingWorkload(t *testing.T, nth, count int64, failure error) (reached bool) {
	const blocks = 20
	f := newFixture(t, Config{Frames: 8})
	first := f.fs.Ops() + nth
	f.fs.SetHook(func(op vfs.Op) error {
		reached = reached || op.N >= first
		if op.N >= first && op.N < first+count && op.Kind != vfs.OpSync && op.Kind != vfs.OpSyncDir {
			return failure
		}
		return nil
	})
	var log atomic.Uint64
	log.Store(1000)
	var counted [blocks]uint64
	rng := rand.New(rand.NewSource(nth))
	for i := range 60 {
		blk := rng.Intn(blocks)
		if increment(f.pool, &log, tagOf(blk)) == nil {
			counted[blk]++
		}
		require.NoError(t, f.pool.Check(), "operation %d", nth)
		if i%20 == 19 {
			_ = f.pool.FlushDirty(context.Background(), 0, nil)
			require.NoError(t, f.pool.Check(), "operation %d", nth)
		}
	}
	f.fs.SetHook(nil)
	require.NoError(t, f.pool.FlushDirty(context.Background(), 0, nil), "operation %d", nth)
	require.NoError(t, f.store.Sync())
	f.close()
	f.open(Config{Frames: 8})
	for i := range blocks {
		got, err := counterIn(f.pool, tagOf(i))
		require.NoError(t, err, "operation %d", nth)
		require.Equal(t, counted[i], got, "operation %d, block %d", nth, i)
	}
	f.close()
	return reached
}
