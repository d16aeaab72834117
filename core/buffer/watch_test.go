package buffer

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
)

// A watch holds until the page changes or leaves its frame, and can be set again on a page that came back as it was.
func TestWatch(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	defer f.close()
	var none Watch
	require.False(t, none.Holds())
	for blk := range 20 {
		f.set(blk, byte(blk))
	}
	_, version := f.get(3)
	w, ok, err := f.pool.Watch(tagOf(3), version)
	require.NoError(t, err)
	require.True(t, ok)
	require.True(t, w.Holds())
	_, ok, err = f.pool.Watch(tagOf(3), version+1)
	require.NoError(t, err)
	require.False(t, ok)
	_, ok, err = f.pool.Watch(tagOf(999), version)
	require.NoError(t, err)
	require.False(t, ok, "there is no such page")

	for round := 0; w.Holds(); round++ { // each look is a use, and yet the hand comes round
		require.Less(t, round, 1000)
		for blk := 10; blk < 20; blk++ {
			f.get(blk)
		}
	}
	w, ok, err = f.pool.Watch(tagOf(3), version)
	require.NoError(t, err)
	require.True(t, ok, "it was read again, and is what it was")

	b, err := f.pool.Pin(tagOf(3))
	require.NoError(t, err)
	b.Lock()
	f.change(b, 77)
	require.False(t, w.Holds(), "it is being changed")
	_, ok, err = f.pool.Watch(tagOf(3), b.Version())
	require.NoError(t, err)
	require.False(t, ok)
	b.Unlock()
	b.Unpin()
	require.False(t, w.Holds())
	_, version = f.get(3)
	w, ok, err = f.pool.Watch(tagOf(3), version)
	require.NoError(t, err)
	require.True(t, ok)
	require.NoError(t, f.pool.DropRelation(rel.Rel))
	require.False(t, w.Holds())
}

// Whoever sees a change in any way does not see a watch from before it hold.
func TestWatchSeesWhatOthersSaw(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	defer f.close()
	f.set(0, 0)
	var changed atomic.Uint64 // version that was there before the last change
	var done atomic.Bool
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for !done.Load() {
				b, err := f.pool.Pin(tagOf(0))
				if err != nil {
					t.Error(err)
					return
				}
				version := b.Version()
				b.Unpin()
				w, ok, err := f.pool.Watch(tagOf(0), version)
				if err != nil {
					t.Error(err)
					return
				}
				for ok && !done.Load() {
					gone := changed.Load()
					if !w.Holds() {
						break
					}
					if page.LSN(gone) >= version {
						t.Errorf("version %v holds, %v is gone", version, page.LSN(gone))
						return
					}
				}
			}
		})
	}
	for range 2000 {
		b, err := f.pool.Pin(tagOf(0))
		require.NoError(t, err)
		before := b.Version()
		b.Lock()
		f.change(b, 1)
		b.Unlock()
		b.Unpin()
		changed.Store(uint64(before))
	}
	done.Store(true)
	wg.Wait()
}
