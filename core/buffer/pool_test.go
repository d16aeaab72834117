package buffer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/storage"
	"github.com/quiredb/quire/core/vfs"
)

// fixture is a pool over an in-memory disk, with a log that is a counter.
type fixture struct {
	t       require.TestingT
	fs      *vfs.MemFS
	store   *storage.Manager
	pool    *Pool
	log     page.LSN // end of the last record
	flushed page.LSN
}

var rel = page.RelFile{Rel: 16384}

func newFixture(t require.TestingT, cfg Config) *fixture {
	f := &fixture{t: t, fs: vfs.NewMem(), log: 1000}
	f.open(cfg)
	require.NoError(t, f.store.Create(rel))
	return f
}

func (f *fixture) open(cfg Config) {
	store, err := storage.OpenWith(f.fs, "data", storage.Options{SegmentBlocks: 64, DoubleWriteBytes: 256 << 10})
	require.NoError(f.t, err)
	f.store = store
	cfg.Storage = store
	if cfg.FlushWAL == nil {
		cfg.FlushWAL = func(upTo page.LSN) error {
			f.flushed = max(f.flushed, upTo)
			return nil
		}
	}
	if cfg.After == nil {
		cfg.After = expired
	}
	f.pool, err = New(cfg)
	require.NoError(f.t, err)
}

// expired is a clock on which every wait is over at once.
func expired(time.Duration) <-chan time.Time {
	c := make(chan time.Time, 1)
	c <- time.Time{}
	return c
}

func (f *fixture) close() {
	require.NoError(f.t, f.pool.Check())
	require.NoError(f.t, f.pool.Close())
	require.NoError(f.t, f.store.Close())
}

func tagOf(blk int) page.Tag { return page.Tag{RelFile: rel, Block: page.BlockNumber(blk)} }

// content makes a page that says which block and version it is.
func content(tag page.Tag, lsn page.LSN, fill byte) page.Page {
	p := page.New()
	for i := page.HeaderSize; i < page.Size; i++ {
		p[i] = fill
	}
	p.Seal(tag, lsn, p.ContentCRC())
	return p
}

// change gives a block new content in the way genericxlog does.
func (f *fixture) change(b *Buffer, fill byte) {
	b.MarkDirty()
	start := f.log
	f.log += 100
	b.Install(content(b.Tag(), start, fill), start, f.log)
}

// set pins, locks and changes a block, extending the relation if need be.
func (f *fixture) set(blk int, fill byte) {
	b, err := f.pool.PinNew(tagOf(blk))
	require.NoError(f.t, err)
	b.Lock()
	f.change(b, fill)
	b.Unlock()
	b.Unpin()
}

// get returns the byte that a block is filled with, and its version.
func (f *fixture) get(blk int) (byte, page.LSN) {
	b, err := f.pool.Pin(tagOf(blk))
	require.NoError(f.t, err)
	defer b.Unpin()
	b.RLock()
	defer b.RUnlock()
	return b.Page()[page.Size-1], b.Version()
}

func TestPagesSurviveEviction(t *testing.T) {
	f := newFixture(t, Config{Frames: 8})
	for i := range 50 {
		f.set(i, byte(i+1))
	}
	for i := range 50 {
		got, lsn := f.get(i)
		require.Equal(t, byte(i+1), got)
		require.Equal(t, page.LSN(1000+100*i), lsn)
	}
	s := f.pool.Stats()
	require.Positive(t, s.Evictions)
	require.GreaterOrEqual(t, f.flushed, page.LSN(1000+100*40), "evicted pages need the log first")
	f.close()
}
