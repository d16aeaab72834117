package buffer

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/invariant"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/storage"
	"github.com/quiredb/quire/core/vfs"
)

// never is a clock on which no time passes.
func never(time.Duration) <-chan time.Time { return nil }

func (f *fixture) pin(blk int) *Buffer {
	b, err := f.pool.Pin(tagOf(blk))
	require.NoError(f.t, err)
	return b
}

func (f *fixture) flush(upTo page.LSN) {
	require.NoError(f.t, f.pool.FlushDirty(context.Background(), upTo, nil))
}

// stored reads a page around the pool.
func (f *fixture) stored(blk int) page.LSN {
	p := page.New()
	require.NoError(f.t, f.store.Read(tagOf(blk), p))
	return p.LSN()
}

// TestOneReadForAll: many goroutines want a block that is in no frame, and the disk is slow.
func TestOneReadForAll(t *testing.T) {
	const readers = 20
	f := newFixture(t, Config{Frames: 32, After: never})
	f.set(0, 7)
	f.flush(0)
	require.NoError(t, f.pool.DropRelation(rel.Rel))
	gate := make(chan struct{})
	f.fs.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpRead {
			<-gate
		}
		return nil
	})
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			b, err := f.pool.Pin(tagOf(0))
			if err != nil {
				t.Error(err)
				return
			}
			b.RLock()
			if got := b.Page()[page.Size-1]; got != 7 {
				t.Errorf("read %d before the load was over", got)
			}
			b.RUnlock()
			b.Unpin()
		})
	}
	close(gate)
	wg.Wait()
	require.Equal(t, int64(1), f.pool.Stats().Reads)
	f.fs.SetHook(nil)
	f.close()
}

// TestFailedReadLeavesNothing: everybody gets the error, nobody keeps a pin, and the next one tries again.
func TestFailedReadLeavesNothing(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	f.set(0, 7)
	f.flush(0)
	require.NoError(t, f.pool.DropRelation(rel.Rel))
	f.fs.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpRead {
			return syscall.EIO
		}
		return nil
	})
	for range 20 {
		_, err := f.pool.Pin(tagOf(0))
		require.ErrorIs(t, err, syscall.EIO)
		require.NoError(t, f.pool.Check())
	}
	f.fs.SetHook(nil)
	got, _ := f.get(0)
	require.Equal(t, byte(7), got)
	f.close()
}

func TestAllPinned(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	var pins []*Buffer
	for i := range 9 {
		f.set(i, 1)
	}
	for i := range 8 {
		pins = append(pins, f.pin(i))
	}
	_, err := f.pool.Pin(tagOf(8))
	var none *NoFrameError
	require.ErrorAs(t, err, &none)
	require.Equal(t, "53200", none.SQLState())
	require.ErrorContains(t, err, "all 8 buffers are pinned; raise shared_buffers")
	for _, b := range pins {
		b.Unpin()
	}
	f.get(8)
	f.close()
}

// TestWaitForAFrame: a pin that goes lets a waiting one through.
func TestWaitForAFrame(t *testing.T) {
	waiting := make(chan struct{})
	f := newFixture(t, Config{Frames: 8, After: func(time.Duration) <-chan time.Time {
		close(waiting)
		return nil
	}})
	for i := range 9 {
		f.set(i, byte(i))
	}
	var pins []*Buffer
	for i := range 8 {
		pins = append(pins, f.pin(i))
	}
	done := make(chan error)
	go func() {
		b, err := f.pool.Pin(tagOf(8))
		if err == nil {
			b.Unpin()
		}
		done <- err
	}()
	<-waiting
	pins[3].Unpin()
	require.NoError(t, <-done)
	for i, b := range pins {
		if i != 3 {
			b.Unpin()
		}
	}
	f.close()
}

// TestLogBeforePage: no page is given to storage before the log is durable up to the end of its last record.
func TestLogBeforePage(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	ends := map[page.LSN]page.LSN{} // start to end
	f.fs.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpWrite {
			require.NotZero(t, f.flushed)
		}
		return nil
	})
	for i := range 100 {
		start := f.log
		f.set(i%20, 1)
		ends[start] = f.log
		n, err := f.store.NBlocks(rel)
		require.NoError(t, err)
		for blk := range int(n) {
			if lsn := f.stored(blk); lsn != 0 {
				require.GreaterOrEqual(t, f.flushed, ends[lsn], "block %d was written first", blk)
			}
		}
	}
	f.fs.SetHook(nil)
	f.close()
}

// TestLogRefuses: without the log no page leaves the pool, and nothing is lost.
func TestLogRefuses(t *testing.T) {
	broken := errors.New("no log today")
	f := newFixture(t, Config{Frames: 8, FlushWAL: func(page.LSN) error { return broken }})
	for i := range 8 {
		f.set(i, 1)
	}
	_, err := f.pool.PinNew(tagOf(8))
	require.ErrorIs(t, err, broken)
	require.ErrorIs(t, f.pool.FlushDirty(t.Context(), 0, nil), broken)
	require.Equal(t, int64(8), f.pool.Stats().Dirty)
	require.NoError(t, f.pool.Check())
}

// TestUnloggedPagesNeedNoLog: their LSN field is a counter.
func TestUnloggedPagesNeedNoLog(t *testing.T) {
	f := newFixture(t, Config{Frames: 8, FlushWAL: func(page.LSN) error { return errors.New("must not be called") }})
	b, err := f.pool.PinNew(tagOf(0))
	require.NoError(t, err)
	b.Lock()
	b.MarkDirty()
	b.Install(content(tagOf(0), 1, 5), 1, 0)
	b.Unlock()
	b.Unpin()
	f.flush(500)
	require.Equal(t, page.LSN(1), f.stored(0))
	f.close()
}

// TestChangeDuringWrite: a page that changes between the copy and the end of its write stays dirty, and its next first
// change is the one that was not written.
func TestChangeDuringWrite(t *testing.T) {
	var f *fixture
	changed := false
	f = newFixture(t, Config{Frames: 8, FlushWAL: func(page.LSN) error {
		if !changed {
			changed = true
			f.set(0, 2)
		}
		return nil
	}})
	f.set(0, 1)
	f.flush(0)
	require.Equal(t, page.LSN(1000), f.stored(0))
	require.Equal(t, int64(1), f.pool.Stats().Dirty)
	f.flush(1100)
	require.Equal(t, page.LSN(1000), f.stored(0), "the second change starts at 1100, not before")
	f.flush(1101)
	require.Equal(t, page.LSN(1100), f.stored(0))
	require.Zero(t, f.pool.Stats().Dirty)
	f.close()
}

// TestFailedWriteKeepsFirstChange: a checkpoint must still see the old change.
func TestFailedWriteKeepsFirstChange(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	f.set(0, 1)
	f.fs.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpWrite {
			return syscall.ENOSPC
		}
		return nil
	})
	err := f.pool.FlushDirty(t.Context(), 0, nil)
	var full *storage.FileError
	require.ErrorAs(t, err, &full)
	require.Equal(t, "53100", full.SQLState())
	f.fs.SetHook(nil)
	f.set(0, 2)
	f.flush(1050)
	require.Equal(t, page.LSN(1100), f.stored(0))
	f.close()
}

// TestCheckpointWaitsForRecordUnderWay: marked dirty, not yet installed. The checkpoint begins here and must write it.
func TestCheckpointWaitsForRecordUnderWay(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	f.set(0, 1)
	f.flush(0)
	b := f.pin(0)
	b.Lock()
	b.MarkDirty()
	done := make(chan error)
	go func() { done <- f.pool.FlushDirty(context.Background(), 1100, nil) }()
	b.Install(content(tagOf(0), 1099, 2), 1099, 1100)
	b.Unlock()
	b.Unpin()
	require.NoError(t, <-done)
	require.Equal(t, page.LSN(1099), f.stored(0))
	f.close()
}

// TestFlushGoesInFileOrder: relations, forks and blocks ascend, whatever the order of changes.
func TestFlushGoesInFileOrder(t *testing.T) {
	f := newFixture(t, Config{Frames: 64})
	other := page.RelFile{Rel: 5, Fork: page.InitFork}
	require.NoError(t, f.store.Create(other))
	for _, blk := range []int{30, 3, 17, 4, 5, 29, 0} {
		f.set(blk, 1)
	}
	b, err := f.pool.PinNew(page.Tag{RelFile: other, Block: 2})
	require.NoError(t, err)
	b.Lock()
	f.change(b, 1)
	b.Unlock()
	b.Unpin()
	var writes []string
	f.fs.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpWrite && op.Name != "data/doublewrite" {
			_, what, _ := strings.Cut(op.String(), " ")
			writes = append(writes, what)
		}
		return nil
	})
	var seen []int
	require.NoError(t, f.pool.FlushDirty(t.Context(), 0, func(done, total int) { seen = append(seen, done, total) }))
	require.Equal(t, []string{
		"write data/base/5_init [16384,24576)",
		"write data/base/16384 [0,8192)",
		"write data/base/16384 [24576,49152)",
		"write data/base/16384 [139264,147456)",
		"write data/base/16384 [237568,253952)",
	}, writes)
	require.Equal(t, []int{8, 8}, seen)
	f.fs.SetHook(nil)
	f.close()
}

func TestFlushStopsWithItsContext(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	f.set(0, 1)
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("shutdown")
	cancel(enough)
	require.ErrorIs(t, f.pool.FlushDirty(ctx, 0, nil), enough)
	require.Equal(t, int64(1), f.pool.Stats().Dirty)
	f.close()
}

func TestReservations(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	reserve := func() page.BlockNumber {
		blk, err := f.pool.Reserve(rel)
		require.NoError(t, err)
		return blk
	}
	require.Equal(t, page.BlockNumber(0), reserve())
	require.Equal(t, page.BlockNumber(1), reserve())
	n, err := f.pool.Length(rel)
	require.NoError(t, err)
	require.Zero(t, n, "a reservation is not a block")
	f.set(1, 9)
	n, err = f.pool.Length(rel)
	require.NoError(t, err)
	require.Equal(t, page.BlockNumber(2), n)
	got, _ := f.get(0)
	require.Zero(t, got, "block 0 is a new page now")
	f.pool.Release(rel, 1)
	require.Equal(t, page.BlockNumber(2), reserve(), "block 1 is in use: releasing it changes nothing")
	f.pool.Release(rel, 0)
	f.pool.Release(rel, 2)
	require.Equal(t, page.BlockNumber(0), reserve(), "released blocks come first")
	require.True(t, f.pool.Reserved(rel, 0))
	require.False(t, f.pool.Reserved(rel, 2))

	f.fs.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpReserve {
			return syscall.ENOSPC
		}
		return nil
	})
	require.NoError(t, f.pool.ReserveSpace(rel, 3), "that space is there already")
	require.Error(t, f.pool.ReserveSpace(rel, 3000))
	require.Equal(t, page.BlockNumber(2), reserve())
	_, err = f.pool.Length(page.RelFile{Rel: 999})
	require.ErrorIs(t, err, fs.ErrNotExist)
	f.fs.SetHook(nil)
	f.close()
}

func TestReserveOnAFullDisk(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	f.fs.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpReserve {
			return syscall.ENOSPC
		}
		return nil
	})
	_, err := f.pool.Reserve(rel)
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.ErrorContains(t, err, "reserve space in data/base/16384")
	f.fs.SetHook(nil)
	blk, err := f.pool.Reserve(rel)
	require.NoError(t, err)
	require.Zero(t, blk, "the block was not lost")
	f.close()
}

// TestNewBlockThatIsNotUsedVanishes: pinned, looked at, given up.
func TestNewBlockThatIsNotUsedVanishes(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	for range 30 {
		b, err := f.pool.PinNew(tagOf(4))
		require.NoError(t, err)
		again, err := f.pool.PinNew(tagOf(4))
		require.NoError(t, err)
		require.Same(t, b, again)
		b.Unpin()
		again.Unpin()
	}
	_, err := f.pool.Pin(tagOf(4))
	require.ErrorIs(t, err, ErrBeyondEnd)
	require.ErrorContains(t, err, "page 16384/main 4: block is beyond the end of the relation of 0 blocks")
	f.close()
}

// TestPinNewReplacesADamagedPage: who replaces a page need not read it; who reads it is told.
func TestPinNewReplacesADamagedPage(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	f.set(0, 1)
	f.flush(0)
	require.NoError(t, f.pool.DropRelation(rel.Rel))
	file, err := f.fs.OpenFile("data/base/16384", os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = file.WriteAt([]byte{1, 2, 3}, 5000)
	require.NoError(t, err)
	var corrupt *storage.CorruptPageError
	_, err = f.pool.Pin(tagOf(0))
	require.ErrorAs(t, err, &corrupt)
	b, err := f.pool.PinNew(tagOf(0))
	require.NoError(t, err)
	_, err = f.pool.Pin(tagOf(0))
	require.ErrorAs(t, err, &corrupt, "also while somebody is about to replace it")
	b.Unpin()
	_, err = f.pool.Pin(tagOf(0))
	require.ErrorAs(t, err, &corrupt, "and when it was not replaced after all")
	f.set(0, 3)
	got, _ := f.get(0)
	require.Equal(t, byte(3), got)
	f.flush(0)
	require.Equal(t, page.LSN(1100), f.stored(0))
	f.close()
}

func TestDroppedPagesAreNotWritten(t *testing.T) {
	f := newFixture(t, Config{Frames: 16})
	for i := range 10 {
		f.set(i, 1)
	}
	b := f.pin(7)
	var inUse *InUseError
	require.ErrorAs(t, f.pool.DropRelation(rel.Rel), &inUse)
	require.Equal(t, tagOf(7), inUse.Tag)
	require.Equal(t, "55006", inUse.SQLState())
	require.Equal(t, int64(10), f.pool.Stats().Dirty, "nothing was forgotten")
	b.Unpin()
	require.NoError(t, f.pool.DropRelation(rel.Rel))
	require.Zero(t, f.pool.Stats().Dirty)
	n, err := f.store.NBlocks(rel)
	require.NoError(t, err)
	require.Zero(t, n)
	f.close()
}

// TestDropWaitsForPins: the last one wakes it.
func TestDropWaitsForPins(t *testing.T) {
	waiting := make(chan struct{})
	f := newFixture(t, Config{Frames: 8, After: func(time.Duration) <-chan time.Time {
		close(waiting)
		return nil
	}})
	f.set(0, 1)
	b := f.pin(0)
	done := make(chan error)
	go func() { done <- f.pool.DropRelation(rel.Rel) }()
	<-waiting
	b.Unpin()
	require.NoError(t, <-done)
	f.close()
}

func TestFailedFsyncIsFatal(t *testing.T) {
	var reported error
	f := newFixture(t, Config{Frames: 8, OnFatal: func(err error) { reported = err }})
	f.set(0, 1)
	f.fs.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpSync {
			return syscall.EIO
		}
		return nil
	})
	require.ErrorIs(t, f.pool.FlushDirty(t.Context(), 0, nil), storage.ErrFsync)
	require.ErrorIs(t, reported, storage.ErrFsync)
}

func TestDamageInMemoryIsFatal(t *testing.T) {
	var reported error
	f := newFixture(t, Config{Frames: 8, OnFatal: func(err error) { reported = err }})
	f.set(0, 1)
	b := f.pin(0)
	b.bytes[777] ^= 1
	b.Unpin()
	require.Error(t, f.pool.FlushDirty(t.Context(), 0, nil))
	require.ErrorContains(t, reported, "was damaged in memory")
}

func TestCheckNamesWhatIsLeft(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	f.set(3, 1)
	b := f.pin(3)
	b.RLock()
	var leak *LeakError
	require.ErrorAs(t, f.pool.Check(), &leak)
	require.EqualError(t, leak, "1 buffers are still in use: page 16384/main 3 (1 pins, locked)")
	b.RUnlock()
	b.Unpin()
	require.Panics(t, b.Unpin)
}

func TestClosedPool(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	f.set(0, 1)
	f.flush(0)
	f.close()
	_, err := f.pool.Pin(tagOf(0))
	require.ErrorIs(t, err, ErrClosed)
	require.ErrorIs(t, f.pool.Close(), ErrClosed)
}

func TestInvariantBuildWatchesLocks(t *testing.T) {
	if !invariant.Enabled {
		t.Skip("needs -tags invariants")
	}
	f := newFixture(t, Config{Frames: 8})
	f.set(0, 1)
	b := f.pin(0)
	require.Panics(t, func() { b.Page() })
	require.Panics(t, b.MarkDirty)
	b.RLock()
	require.Panics(t, b.MarkDirty)
	b.RUnlock()
	b.Lock()
	require.Panics(t, func() { b.Install(page.New(), 5, 6) }, "not sealed")
	b.Unlock()
	b.Unpin()
}

// TestBackgroundWriterKeepsAhead: after some allocations it writes what the hand will meet, so that the next misses find
// clean frames.
func TestBackgroundWriterKeepsAhead(t *testing.T) {
	f := newFixture(t, Config{Frames: 32})
	w := NewBackgroundWriter(f.pool, WriterOptions{Delay: time.Second})
	start := time.Unix(100, 0)
	require.Equal(t, Effects{Next: start.Add(time.Second)}, w.Step(start), "nothing is asked for")
	for i := range 32 {
		f.set(i, 1)
	}
	for _, a := range f.pool.allArenas() {
		for i := range a.frames {
			a.frames[i].usage.Store(0)
		}
	}
	e := w.Step(start)
	require.NoError(t, e.Err)
	require.Equal(t, 32, e.Written)
	writes := f.pool.Stats().Writes
	for i := 32; i < 42; i++ {
		f.set(i, 1)
	}
	require.Equal(t, writes, f.pool.Stats().Writes, "evictions found clean frames")
	f.close()
}

func TestAccessMethodsHaveTheirOwnFrames(t *testing.T) {
	f := newFixture(t, Config{Frames: 8, ArenaFrames: func(name string) int {
		require.Equal(t, "bloom", name)
		return 10
	}})
	index := page.RelFile{Rel: 30000}
	require.NoError(t, f.store.Create(index))
	f.pool.AssignArena(index.Rel, "bloom")
	var pins []*Buffer
	for i := range 10 {
		b, err := f.pool.PinNew(page.Tag{RelFile: index, Block: page.BlockNumber(i)})
		require.NoError(t, err)
		require.Equal(t, "bloom", b.arena.name)
		require.NotEqual(t, -1, b.Frame())
		pins = append(pins, b)
	}
	_, err := f.pool.PinNew(page.Tag{RelFile: index, Block: 10})
	require.ErrorContains(t, err, "all 10 buffers of access method bloom are pinned")
	f.set(0, 1) // the host's own frames are free
	for _, b := range pins {
		b.Unpin()
	}
	require.Equal(t, 18, f.pool.Stats().Frames)
	f.close()
}
