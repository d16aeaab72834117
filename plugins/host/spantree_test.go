package host

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/btree"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// attachTree serves the B-tree from this process, as debuggers do.
func attachTree(t testing.TB, r *rig, pages PageStore) am.Method {
	listener := bufconn.Listen(256 << 10)
	server := grpc.NewServer(sdk.ServerOptions()...)
	pb.RegisterAccessMethodServer(server, sdk.NewServer(btree.Method{}))
	go func() { _ = server.Serve(listener) }()
	a, err := Attach(ctx, AttachConfig{
		Name: "btree", Log: zerolog.Nop(), Pages: pages,
		Dial: func(ctx context.Context) (net.Conn, error) { return listener.DialContext(ctx) },
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		a.Detach()
		server.Stop()
	})
	m, err := a.Lookup("btree")
	require.NoError(t, err)
	return m
}

// treeIndex is an empty B-tree.
func (r *rig) treeIndex(m am.Method, unique bool) am.Index {
	idx := r.index("")
	idx.Options, idx.Unique = map[string]string{"fillfactor": "90"}, unique
	require.NoError(r.t, m.(*method).load(idx))
	return idx
}

// entries are the rows that an index should have, by key. Whoever adds or removes some says so before it does, and again
// afterwards: in between they may be found or not.
type entries struct {
	sync.Mutex
	rows    map[int]map[page.TID]bool // true: in the index; false: on its way in or out
	changes map[int]int
}

func (e *entries) mark(key int, tid page.TID, in, gone bool) {
	e.Lock()
	defer e.Unlock()
	if e.rows[key] == nil {
		e.rows[key] = make(map[page.TID]bool)
	}
	e.changes[key]++
	if e.rows[key][tid] = in; gone {
		delete(e.rows[key], tid)
	}
}

// state is what must be found, what may be, and a number that changes with either.
func (e *entries) state(key int) (must, may []page.TID, changes int) {
	e.Lock()
	defer e.Unlock()
	for tid, in := range e.rows[key] {
		if may = append(may, tid); in {
			must = append(must, tid)
		}
	}
	return must, may, e.changes[key]
}

// While rows come and go, leaves divide, empty and are used again, and frames are taken for other pages, every search finds what was in
// the index when it began and not what was gone, whoever answers it.
func TestSpansWhileTheTreeChanges(t *testing.T) {
	pages := &askedPages{}
	r := newRig(t, func(c *Config) {
		pages.PageStore = c.Pages
		c.Pages = pages
	}, "hostile")
	m := attachTree(t, r, pages)
	for _, unique := range []bool{false, true} {
		idx := r.treeIndex(m, unique)
		const keys, writers, rounds = 400, 3, 40
		model := &entries{rows: make(map[int]map[page.TID]bool), changes: make(map[int]int)}
		values := func(key int) []datum.Datum {
			return []datum.Datum{datum.NewInt(int64(key)), datum.NewText(fmt.Sprintf("%0200d", key))}
		}
		var searches, asked atomic.Int64
		look := func(key int) error {
			must, may, before := model.state(key)
			searches.Add(1)
			hits, err := search(m, idx, keysOf(am.Row{Values: values(key)})...)
			if err != nil {
				return err
			}
			if _, _, after := model.state(key); after != before {
				return nil
			}
			for _, tid := range must {
				if !slices.ContainsFunc(hits, func(h am.Hit) bool { return h.TID == tid }) {
					return fmt.Errorf("key %d: row %v is missing", key, tid)
				}
			}
			for _, h := range hits {
				if !slices.Contains(may, h.TID) {
					return fmt.Errorf("key %d: row %v is not there", key, h.TID)
				}
			}
			return nil
		}
		calls := pages.calls.Load()
		errs := make(chan error, 16)
		var working, reading sync.WaitGroup
		var done atomic.Bool
		for w := range writers {
			working.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(w), 7))
				for round := range rounds {
					var batch []am.Row
					at := rng.IntN(keys)
					for i := range 1 + rng.IntN(30) {
						key := (at+i)%keys/writers*writers + w // each writer has keys of its own
						tid := page.TID{Block: page.BlockNumber(30*w + round*30/rounds), Offset: page.OffsetNumber(i + 1 + round%7*31)}
						if _, may, _ := model.state(key); key >= keys || unique && len(may) > 0 || slices.Contains(may, tid) {
							continue
						}
						batch = append(batch, am.Row{TID: tid, Values: values(key)})
						model.mark(key, tid, false, false)
					}
					if err := insert(m, idx, 1, batch); err != nil {
						errs <- err
						return
					}
					for _, row := range batch {
						key := int(row.Values[0].I)
						model.mark(key, row.TID, true, false)
						if err := look(key); err != nil {
							errs <- fmt.Errorf("after insert: %w", err)
							return
						}
					}
					asked.Add(1)
					if round%3 == 0 {
						continue
					}
					for _, row := range batch {
						model.mark(int(row.Values[0].I), row.TID, false, false)
					}
					_, err := m.BulkDelete(ctx, idx, deadSet(batch))
					if err == nil && w == 0 {
						_, err = m.Cleanup(ctx, idx)
					}
					if err != nil {
						errs <- err
						return
					}
					asked.Add(2)
					for _, row := range batch {
						key := int(row.Values[0].I)
						model.mark(key, row.TID, false, true)
						if err := look(key); err != nil {
							errs <- fmt.Errorf("after vacuum: %w", err)
							return
						}
					}
				}
			})
		}
		for i := range 3 {
			reading.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(i), 8))
				for !done.Load() {
					if err := look(rng.IntN(keys)); err != nil {
						errs <- err
						return
					}
				}
			})
		}
		working.Wait()
		done.Store(true)
		reading.Wait()
		close(errs)
		require.NoError(t, <-errs)
		t.Logf("%d searches, %d calls", searches.Load(), pages.calls.Load()-calls-asked.Load())
		require.Less(t, pages.calls.Load()-calls, searches.Load(), "no search was answered from a span")
		problems := 0
		require.NoError(t, m.Check(ctx, idx, func(p string) { problems++; t.Log(p) }))
		require.Zero(t, problems)
	}
}

// A search that a span answers.
func BenchmarkSpanHit(b *testing.B) {
	r := newRig(b, nil, "hostile")
	m := attachTree(b, r, r.reg.cfg.Pages)
	idx := r.index("")
	idx.Options, idx.Unique, idx.Columns = map[string]string{"fillfactor": "90"}, true, idx.Columns[:1]
	const have = 20000
	all := make([]am.Row, have)
	for i := range all {
		all[i] = am.Row{TID: page.TID{Block: page.BlockNumber(i / 200), Offset: page.OffsetNumber(i%200 + 1)}, Values: []datum.Datum{datum.NewInt(int64(i))}}
	}
	_, err := m.Build(ctx, idx, in(all))
	require.NoError(b, err)
	for i := range all {
		found1Of(b, m, idx, i)
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		keys := make([]am.ScanKey, 1)
		for i := rand.IntN(have); p.Next(); i = (i + 7919) % have {
			keys[0] = idEquals(i)
			cur, err := m.Scan(ctx, idx, keys, am.ScanOptions{})
			if err != nil {
				b.Error(err)
				return
			}
			if hits, err := cur.Next(); err != nil || len(hits) != 1 || hits[0].TID != all[i].TID {
				b.Error(hits, err)
				return
			}
		}
	})
}

func found1Of(b *testing.B, m am.Method, idx am.Index, i int) {
	hits, err := search(m, idx, idEquals(i))
	require.NoError(b, err)
	require.Len(b, hits, 1)
}
