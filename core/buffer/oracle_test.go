package buffer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quiredb/quire/core/page"
)

// twin is the pool as a map: what each block holds, which blocks are reserved, how long the forks are.
type twin struct {
	*fixture
	rels     []page.RelFile
	pages    map[page.Tag]byte
	length   map[page.RelFile]page.BlockNumber
	reserved map[page.Tag]bool
	pinned   []*Buffer
	writer   *BackgroundWriter
}

// TestTwin runs random operations on pools of few frames and compares everything that can be seen with a map.
func TestTwin(t *testing.T) {
	for _, frames := range []int{8, 13, 64} {
		for _, private := range []bool{true, false} {
			t.Run(fmt.Sprintf("frames=%d private=%v", frames, private), func(t *testing.T) {
				rapid.Check(t, func(r *rapid.T) { runTwin(r, Config{Frames: frames, PrivateMemory: private}) })
			})
		}
	}
}

func runTwin(r *rapid.T, cfg Config) {
	w := &twin{
		fixture:  newFixture(r, cfg),
		rels:     []page.RelFile{rel, {Rel: 20000}, {Rel: 20000, Fork: page.InitFork}},
		pages:    make(map[page.Tag]byte),
		length:   make(map[page.RelFile]page.BlockNumber),
		reserved: make(map[page.Tag]bool),
	}
	for _, rf := range w.rels {
		require.NoError(r, w.store.Create(rf))
	}
	w.pool.AssignArena(20000, "bloom")
	w.writer = NewBackgroundWriter(w.pool, WriterOptions{})
	actions := map[string]func(*rapid.T){
		"change":     w.doChange,
		"change2":    w.doChange,
		"read":       w.doRead,
		"readBeyond": w.doReadBeyond,
		"look":       w.doLookAtNew,
		"reserve":    w.doReserve,
		"release":    w.doRelease,
		"pin":        w.doPin,
		"unpin":      w.doUnpin,
		"flush":      func(*rapid.T) { require.NoError(r, w.pool.FlushDirty(context.Background(), 0, nil)) },
		"background": func(*rapid.T) { require.NoError(r, w.writer.Step(time.Time{}).Err) },
		"truncate":   w.doTruncate,
		"restart":    func(*rapid.T) { w.restart(cfg) },
		"":           func(*rapid.T) { w.compare() },
	}
	r.Repeat(actions)
	w.restart(cfg)
	for tag := range w.pages {
		w.expect(tag)
	}
	w.close()
}

func (w *twin) tag(r *rapid.T) page.Tag {
	return page.Tag{RelFile: rapid.SampledFrom(w.rels).Draw(r, "rel"), Block: page.BlockNumber(rapid.IntRange(0, 30).Draw(r, "block"))}
}

func (w *twin) existing(r *rapid.T) (page.Tag, bool) {
	if len(w.pages) == 0 {
		return page.Tag{}, false
	}
	tags := slices.SortedFunc(maps.Keys(w.pages), func(a, b page.Tag) int {
		if lessTag(a, b) {
			return -1
		}
		return 1
	})
	return rapid.SampledFrom(tags).Draw(r, "tag"), true
}

func (w *twin) doChange(r *rapid.T) {
	tag, fill := w.tag(r), byte(rapid.IntRange(1, 255).Draw(r, "fill"))
	b, err := w.pool.PinForRedo(tag)
	require.NoError(w.t, err)
	b.Lock()
	w.change(b, fill)
	b.Unlock()
	b.Unpin()
	w.pages[tag] = fill
	w.length[tag.RelFile] = max(w.length[tag.RelFile], tag.Block+1)
	delete(w.reserved, tag)
}

func (w *twin) doRead(r *rapid.T) {
	if tag, ok := w.existing(r); ok {
		w.expect(tag)
	}
}

func (w *twin) expect(tag page.Tag) {
	b, err := w.pool.Pin(tag)
	require.NoError(w.t, err)
	b.RLock()
	require.NoError(w.t, b.Page().Verify(tag))
	require.Equal(w.t, w.pages[tag], b.Page()[page.Size-1], "content of %v", tag)
	require.Equal(w.t, b.Page().LSN(), b.Version())
	b.RUnlock()
	b.Unpin()
}

func (w *twin) doReadBeyond(r *rapid.T) {
	rf := rapid.SampledFrom(w.rels).Draw(r, "rel")
	tag := page.Tag{RelFile: rf, Block: w.length[rf] + page.BlockNumber(rapid.IntRange(0, 3).Draw(r, "beyond"))}
	for _, b := range w.pinned {
		if b.Tag() == tag {
			return // somebody looks at it as a new block just now
		}
	}
	_, err := w.pool.Pin(tag)
	require.ErrorIs(w.t, err, ErrBeyondEnd)
}

// doLookAtNew pins a block as new and does nothing with it: afterwards it is as if that had not been.
func (w *twin) doLookAtNew(r *rapid.T) {
	tag := w.tag(r)
	b, err := w.pool.PinNew(tag)
	require.NoError(w.t, err)
	b.RLock()
	require.Equal(w.t, w.pages[tag], b.Page()[page.Size-1])
	b.RUnlock()
	b.Unpin()
}

func (w *twin) doReserve(r *rapid.T) {
	rf := rapid.SampledFrom(w.rels).Draw(r, "rel")
	blk, err := w.pool.Reserve(rf)
	require.NoError(w.t, err)
	tag := page.Tag{RelFile: rf, Block: blk}
	require.False(w.t, w.reserved[tag], "%v was handed out twice", tag)
	require.NotContains(w.t, w.pages, tag, "%v was handed out although it is in use", tag)
	w.reserved[tag] = true
}

func (w *twin) doRelease(r *rapid.T) {
	tag := w.tag(r)
	w.pool.Release(tag.RelFile, tag.Block)
	delete(w.reserved, tag)
}

func (w *twin) doPin(r *rapid.T) {
	if tag, ok := w.existing(r); ok && len(w.pinned) < 4 {
		b, err := w.pool.Pin(tag)
		require.NoError(w.t, err)
		w.pinned = append(w.pinned, b)
	}
}

func (w *twin) doUnpin(r *rapid.T) {
	if n := len(w.pinned); n > 0 {
		i := rapid.IntRange(0, n-1).Draw(r, "pin")
		w.pinned[i].Unpin()
		w.pinned = slices.Delete(w.pinned, i, i+1)
	}
}

func (w *twin) unpinAll() {
	for _, b := range w.pinned {
		b.Unpin()
	}
	w.pinned = nil
}

func (w *twin) doTruncate(r *rapid.T) {
	tag := w.tag(r)
	gone := func(other page.Tag) bool { return other.RelFile == tag.RelFile && other.Block >= tag.Block }
	busy := slices.ContainsFunc(w.pinned, func(b *Buffer) bool { return gone(b.Tag()) })
	err := w.pool.TruncateRelation(tag.RelFile, tag.Block)
	if busy {
		var inUse *InUseError
		require.True(w.t, errors.As(err, &inUse))
		w.unpinAll()
		err = w.pool.TruncateRelation(tag.RelFile, tag.Block)
	}
	require.NoError(w.t, err)
	require.NoError(w.t, w.store.Truncate(tag.RelFile, tag.Block))
	maps.DeleteFunc(w.pages, func(other page.Tag, _ byte) bool { return gone(other) })
	maps.DeleteFunc(w.reserved, func(other page.Tag, _ bool) bool { return gone(other) })
	w.length[tag.RelFile] = tag.Block
}

// restart flushes, closes and opens everything. Reservations do not survive it, pages and lengths do.
func (w *twin) restart(cfg Config) {
	w.unpinAll()
	require.NoError(w.t, w.pool.FlushDirty(context.Background(), 0, nil))
	require.Zero(w.t, w.pool.Stats().Dirty)
	w.close()
	w.open(cfg)
	w.pool.AssignArena(20000, "bloom")
	w.writer = NewBackgroundWriter(w.pool, WriterOptions{})
	clear(w.reserved)
}

func (w *twin) compare() {
	for _, rf := range w.rels {
		n, err := w.pool.Length(rf)
		require.NoError(w.t, err)
		require.Equal(w.t, w.length[rf], n, "length of %v", rf)
		for blk := range page.BlockNumber(31) {
			tag := page.Tag{RelFile: rf, Block: blk}
			require.Equal(w.t, w.reserved[tag], w.pool.Reserved(rf, blk), "reservation of %v", tag)
		}
	}
}
