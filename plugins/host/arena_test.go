package host

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/shm"
)

// countedPages counts the pages that plugins ask for by message.
type countedPages struct {
	PageStore
	reads atomic.Int64
}

type countedCall struct {
	CallPages
	store *countedPages
}

func (p *countedPages) Open(method string, idx am.Index, xid uint64) CallPages {
	return countedCall{p.PageStore.Open(method, idx, xid), p}
}

func (c countedCall) ReadPages(ctx context.Context, refs []wire.PageRef) ([]wire.PageRead, error) {
	c.store.reads.Add(int64(len(refs)))
	return c.CallPages.ReadPages(ctx, refs)
}

func countedRig(t testing.TB, name string) (*rig, *countedPages) {
	if !shm.Supported || runtime.GOARCH != "amd64" {
		t.Skip("LOUD: plugins read pages by message on this system")
	}
	pages := &countedPages{}
	return newRig(t, func(c *Config) {
		pages.PageStore = c.Pages
		c.Pages = pages
	}, name), pages
}

// A page that the plugin has been told of once is read without a message, also after it has changed, as it is now.
func TestPagesAreReadInPlace(t *testing.T) {
	r, pages := countedRig(t, "hostile_tidy")
	m, idx := r.method("hostile_tidy"), r.index("")
	_, err := m.Build(ctx, idx, in(rows(0, 3000)))
	require.NoError(t, err)
	all := func() int {
		hits, err := search(m, idx, am.ScanKey{Strategy: ">=", Arg: datum.NewInt(0)})
		require.NoError(t, err)
		return len(hits)
	}
	require.Equal(t, 3000, all())
	require.Positive(t, pages.reads.Load())
	pages.reads.Store(0)
	require.Equal(t, 3000, all())
	require.Zero(t, pages.reads.Load())

	require.NoError(t, insert(m, idx, 1, rows(3000, 100)))
	require.Equal(t, 3100, all())
	length, err := r.engine.Pool.Length(idx.Rel.File())
	require.NoError(t, err)
	require.Less(t, pages.reads.Load(), int64(length), "those that were new")

	// Frames that went to other blocks are found out, and the host is asked.
	other := r.index("")
	_, err = m.Build(ctx, other, in(rows(0, 9000), rows(9000, 9000), rows(18000, 9000), rows(27000, 9000)))
	require.NoError(t, err)
	length, err = r.engine.Pool.Length(other.Rel.File())
	require.NoError(t, err)
	for blk := range length {
		b, err := r.engine.Pool.Pin(other.Rel.Tag(blk))
		require.NoError(t, err)
		b.Unpin()
	}
	require.Equal(t, 3100, all())
	require.NoError(t, r.engine.Pool.DropRelation(other.Rel.Rel))
	require.Equal(t, 3100, all())
}

// Readers find what was there when they began, whatever writers do to the pages they are reading.
func TestReadersInPlaceBesideWriters(t *testing.T) {
	r, _ := countedRig(t, "hostile_tidy")
	m, idx := r.method("hostile_tidy"), r.index("")
	_, err := m.Build(ctx, idx, in(rows(0, 500)))
	require.NoError(t, err)
	var sure atomic.Int64
	sure.Store(500)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for n := int64(0); n < 700; {
				n = sure.Load()
				hits, err := search(m, idx, am.ScanKey{Strategy: ">=", Arg: datum.NewInt(0)})
				require.NoError(t, err)
				require.GreaterOrEqual(t, int64(len(hits)), n)
				seen := make(map[page.TID]bool, len(hits))
				for _, h := range hits {
					seen[h.TID] = true
				}
				require.GreaterOrEqual(t, int64(len(seen)), n)
			}
		})
	}
	for i := range 50 {
		require.NoError(t, insert(m, idx, 1, rows(500+4*i, 4)))
		sure.Add(4)
	}
	wg.Wait()
}
