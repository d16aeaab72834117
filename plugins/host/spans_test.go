package host

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/plugins/wire"
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
			found1(t, m, idx, []am.ScanKey{anyOf(0, 3, 9, 77)}, all[3], all[9])
			found1(t, m, idx, []am.ScanKey{idEquals(4), {Column: 1, Strategy: am.AnyEqual, Args: []datum.Datum{all[3].Values[1], all[4].Values[1]}}}, all[4])
			hits, err := scan(m, idx, am.ScanOptions{Return: []int{0}}, anyOf(0, 3, 9))
			require.NoError(t, err)
			require.Equal(t, [][]datum.Datum{{all[3].Values[0]}, {all[9].Values[0]}}, [][]datum.Datum{hits[0].Values, hits[1].Values})
			hits, err = scan(m, idx, am.ScanOptions{Return: []int{1, 0}}, keysOf(all[5])...)
			require.NoError(t, err)
			require.Equal(t, []datum.Datum{all[5].Values[1], all[5].Values[0]}, hits[0].Values)
			hits, err = scan(m, idx, am.ScanOptions{Return: []int{0}}, idEquals(5))
			require.NoError(t, err)
			require.Equal(t, []datum.Datum{all[5].Values[0]}, hits[0].Values)
		})
		before := pages.calls.Load()
		for _, keys := range [][]am.ScanKey{
			nil, keysOf(all[5])[1:], {{Column: 0, Strategy: "<", Arg: datum.NewInt(3)}}, {idEquals(5), {Column: 1, Strategy: am.IsNull}},
			{idEquals(5), idEquals(6)}, {anyOf(0, 3, 9), keysOf(all[3])[1]},
		} { // what a span is not for
			_, err := search(m, idx, keys...)
			require.NoError(t, err)
		}
		_, err = scan(m, idx, am.ScanOptions{Return: []int{1}}, idEquals(5)) // a value that was not given
		require.NoError(t, err)
		require.EqualValues(t, 7, pages.calls.Load()-before)

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

func anyOf(column int, values ...int) am.ScanKey {
	k := am.ScanKey{Column: column, Strategy: am.AnyEqual}
	for _, v := range values {
		k.Args = append(k.Args, datum.NewInt(int64(v)))
	}
	return k
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
