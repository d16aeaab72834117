package host

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/plugins/btree"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// askedPages counts the calls of a method.
type askedPages struct {
	PageStore
	calls atomic.Int64
}

func (p *askedPages) Open(method string, idx am.Index, xid uint64) CallPages {
	p.calls.Add(1)
	return p.PageStore.Open(method, idx, xid)
}

// quietly runs something that must do without the plugin.
func (p *askedPages) quietly(t *testing.T, do func()) {
	t.Helper()
	before := p.calls.Load()
	do()
	require.Equal(t, before, p.calls.Load(), "the plugin was asked")
}

func found1(t *testing.T, m am.Method, idx am.Index, keys []am.ScanKey, want ...am.Row) {
	t.Helper()
	hits, err := search(m, idx, keys...)
	require.NoError(t, err)
	require.Len(t, hits, len(want))
	for i, row := range want {
		require.Equal(t, row.TID, hits[i].TID)
	}
}

// The host answers what a span covers, keys that are not there as well, whole keys and their first columns, until the page changes.
func TestSpans(t *testing.T) {
	pages := &askedPages{}
	r := newRig(t, func(c *Config) {
		pages.PageStore = c.Pages
		c.Pages = pages
	}, "hostile_tidy")
	m := r.method("hostile_tidy")
	for _, unique := range []bool{true, false} {
		idx := r.index("")
		idx.Unique = unique
		all := named(0, 40)
		all[7].Values[1] = datum.NewNull()
		_, err := m.Build(ctx, idx, in(all))
		require.NoError(t, err)
		found1(t, m, idx, keysOf(all[1]), all[1]) // the first search is alone
		found1(t, m, idx, keysOf(all[2]), all[2]) // this one brings the span
		absent := keysOf(named(99, 1)[0])
		pages.quietly(t, func() {
			for i := range all {
				if i != 7 {
					found1(t, m, idx, keysOf(all[i]), all[i])
				}
				found1(t, m, idx, []am.ScanKey{idEquals(i)}, all[i]) // a NULL behind it does not matter
			}
			found1(t, m, idx, absent)
			hits, err := scan(m, idx, am.ScanOptions{Return: []int{1, 0}}, keysOf(all[5])...)
			require.NoError(t, err)
			require.Equal(t, []datum.Datum{all[5].Values[1], all[5].Values[0]}, hits[0].Values)
			hits, err = scan(m, idx, am.ScanOptions{Return: []int{0}}, idEquals(5))
			require.NoError(t, err)
			require.Equal(t, []datum.Datum{all[5].Values[0]}, hits[0].Values)
		})
		before := pages.calls.Load()
		for _, keys := range [][]am.ScanKey{
			nil, keysOf(all[5])[1:], {{Column: 0, Strategy: "<", Arg: datum.NewInt(3)}}, {idEquals(5), {Column: 1, Strategy: am.IsNull}},
			{idEquals(5), idEquals(6)},
		} { // what a span is not for
			_, err := search(m, idx, keys...)
			require.NoError(t, err)
		}
		_, err = scan(m, idx, am.ScanOptions{Return: []int{1}}, idEquals(5)) // a value that was not given
		require.NoError(t, err)
		require.EqualValues(t, 6, pages.calls.Load()-before)

		late := named(99, 1)
		require.NoError(t, insert(m, idx, 1, late))
		found1(t, m, idx, absent, late[0])
		require.Eventually(t, func() bool { // a span that was of use is soon followed by another
			before := pages.calls.Load()
			found1(t, m, idx, absent, late[0])
			return pages.calls.Load() == before
		}, 20*time.Second, time.Nanosecond)
		_, err = m.BulkDelete(ctx, idx, deadSet(all[3:5]))
		require.NoError(t, err)
		found1(t, m, idx, keysOf(all[3]))
		found1(t, m, idx, keysOf(all[5]), all[5])
	}
}

// What the host knows it answers while the plugin is down, and forgets when another program takes its place.
func TestSpansOutliveTheProcess(t *testing.T) {
	pages := &askedPages{}
	r := newRig(t, func(c *Config) {
		pages.PageStore = c.Pages
		c.Pages = pages
		c.Policy.BackoffMin, c.Policy.BackoffMax = time.Hour, time.Hour
		c.Timeouts.Ready = time.Millisecond
	}, "hostile_tidy")
	var m am.Method
	require.Eventually(t, func() (ok bool) {
		var err error
		m, err = r.reg.Lookup("hostile_tidy")
		return err == nil
	}, 20*time.Second, time.Millisecond)
	idx := r.index("")
	idx.Unique = true
	all := named(0, 40)
	_, err := m.Build(ctx, idx, in(all))
	require.NoError(t, err)
	for range 2 {
		found1(t, m, idx, keysOf(all[1]), all[1])
	}
	k := r.reg.mu.keepers["hostile_tidy"]
	require.NoError(t, syscall.Kill(r.pid("hostile_tidy"), syscall.SIGKILL))
	require.Eventually(t, func() bool { return k.info().State == "backoff" }, 20*time.Second, time.Millisecond)
	pages.quietly(t, func() { found1(t, m, idx, keysOf(all[2]), all[2]) })
	_, err = search(m, idx)
	requireState(t, err, pgerr.ObjectNotInPrerequisiteState, "hostile_tidy")

	path := filepath.Join(r.dir, "hostile_tidy")
	program, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+".new", append(program, 0), 0o755))
	require.NoError(t, os.Rename(path+".new", path))
	old := k.generation()
	k.tell(Event{Kind: EventReset})
	require.Eventually(t, func() bool {
		_, err := r.reg.Lookup("hostile_tidy")
		return err == nil && k.generation() > old
	}, 20*time.Second, time.Millisecond)
	require.Zero(t, k.spans.bytes.Load())
	found1(t, m, idx, keysOf(all[2]), all[2])
}

// A span that is none is the plugin's failure; one that is well formed and wrong is believed about places and nothing else.
func TestHostileSpans(t *testing.T) {
	r := newRig(t, nil, "hostile_lookups")
	m := r.method("hostile_lookups")
	for label, part := range map[string]string{
		"spanunasked": "nobody asked", "spanshort": "keys in 0 bytes", "spanends": "span", "spanorder": "behind", "spanbounds": "within",
		"spanturned": "before it begins", "spankeys": "a column begins with", "spanmore": "behind its columns", "spanfar": "the table has 100 blocks",
		"spanoffset": "which no page can hold", "spanblock": "", "spanversion": "", "spanlie": "",
	} {
		t.Run(label, func(t *testing.T) {
			idx := r.index(label)
			if label == "spanlie" {
				plain := idx
				plain.Options = map[string]string{"label": "", "fill": "100"}
				require.NoError(t, m.(*method).load(plain))
			}
			idx.Unique = true
			row := am.Row{TID: page.TID{Block: 1, Offset: 1}, Values: []datum.Datum{datum.NewInt(1), datum.NewText("")}}
			var err error
			for range 3 {
				if _, err = search(m, idx, keysOf(row)...); err != nil {
					break
				}
			}
			if part != "" {
				state := pgerr.Code("38000")
				if strings.Contains(part, "table") || strings.Contains(part, "page") {
					state = pgerr.IndexCorrupted // rows that cannot be, as with any answer
				}
				requireState(t, err, state, part)
				return
			}
			require.NoError(t, err)
			x, _ := m.(*method).keeper.spans.of(idx.Rel.Rel)
			require.Equal(t, label != "spanlie", x.empty())
			if label == "spanlie" {
				found1(t, m, idx, keysOf(row), row)
			}
		})
	}
}

// load gives an index its first page.
func (m *method) load(idx am.Index) error {
	pages, err := m.BuildEmpty(ctx, idx)
	if err != nil {
		return err
	}
	return m.keeper.cfg.Pages.Open(m.keeper.name, idx, 0).BulkWrite(ctx, 0, pages)
}

// Spans stay within their limit. Those of use stay, and where none is of use they are rarely asked for.
func TestSpanMemory(t *testing.T) {
	r := newRig(t, nil, "hostile")
	idx := r.index("")
	require.NoError(t, r.method("hostile").(*method).load(idx))
	s := newSpans(20 * (stretchBytes + 100))
	x, known := s.of(1)
	require.False(t, known)
	at := func(i int) []byte { return []byte(fmt.Sprintf("%05d", i)) }
	put := func(i int) {
		b := wire.NewSpanBuilder(0, 1, at(i), at(i+1))
		for len(at(i))+b.Span().Size() < 100 {
			require.NoError(t, b.Add(append(at(i), byte(b.Span().Len()+1)), page.TID{Offset: 1}))
		}
		s.put(x, b.Span(), buffer.Watch{})
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 2000 {
		put(rng.IntN(1000))
		for _, good := range []int{1, 500, 999} {
			st := x.at(at(good))
			if st == nil {
				put(good)
				require.Less(t, i, 100)
				continue
			}
			st.used.Store(true)
			st.span.Load().served.Store(true)
		}
		require.LessOrEqual(t, s.bytes.Load(), s.limit)
		require.Len(t, x.mu.stretches, len(s.mu.ring))
	}
	for i, f := range x.mu.stretches {
		require.Equal(t, f.stretch, x.at(f.low))
		require.True(t, i == 0 || string(x.mu.stretches[i-1].high) <= string(f.low))
	}
	due := 0
	for range 1000 {
		if s.room.due() {
			due++
			s.room.disappoint()
		}
	}
	require.Less(t, due, 100)
	s.clear()
	require.Zero(t, s.bytes.Load())
	require.Empty(t, s.mu.ring)
}

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
