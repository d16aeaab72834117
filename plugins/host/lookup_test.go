package host

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
)

// heldPages lets the calls of one index begin when it is told to, and counts them.
type heldPages struct {
	PageStore
	index atomic.Uint32
	calls atomic.Int32
	begin chan struct{}
}

func (p *heldPages) Open(method string, idx am.Index, xid uint64) CallPages {
	if uint32(idx.Rel.Rel) == p.index.Load() {
		p.calls.Add(1)
		<-p.begin
	}
	return p.PageStore.Open(method, idx, xid)
}

// named are rows without NULLs.
func named(first, n int) []am.Row {
	out := rows(first, n)
	for i := range out {
		out[i].Values[1] = datum.NewText(fmt.Sprintf("name %d", first+i))
	}
	return out
}

// keysOf are the conditions that only this row meets.
func keysOf(row am.Row) []am.ScanKey {
	var keys []am.ScanKey
	for i, v := range row.Values {
		keys = append(keys, am.ScanKey{Column: i, Strategy: "=", Arg: v})
	}
	return keys
}

// waiting is the number of lookups that wait for a call of others to end.
func (r *rig) waiting(name string, idx am.Index) int {
	d := r.reg.mu.keepers[name].desks
	d.mu.Lock()
	defer d.mu.Unlock()
	u := d.mu.byRel[idx.Rel.Rel]
	if u == nil {
		return 0
	}
	u.desk.mu.Lock()
	defer u.desk.mu.Unlock()
	return len(u.desk.mu.queue)
}

// Lookups that arrive while others are under way share a call; what they found and what they wanted of it is each one's own. One that
// is cancelled costs nobody else anything, be it in the queue or at the head of a call.
func TestLookupsTogether(t *testing.T) {
	pages := &heldPages{begin: make(chan struct{})}
	r := newRig(t, func(c *Config) {
		pages.PageStore = c.Pages
		c.Pages = pages
	}, "hostile_tidy")
	m, idx := r.method("hostile_tidy"), r.index("")
	idx.Unique = true
	all := named(0, 100)
	_, err := m.Build(ctx, idx, in(all))
	require.NoError(t, err)
	pages.index.Store(uint32(idx.Rel.Rel))

	type asked struct {
		hits []am.Hit
		err  error
	}
	ask := func(ctx context.Context, row am.Row, opts am.ScanOptions) chan asked {
		answer := make(chan asked, 1)
		go func() {
			cur, err := m.Scan(ctx, idx, keysOf(row), opts)
			a := asked{err: err}
			if err == nil {
				a.hits, a.err = cur.Next()
			}
			answer <- a
		}()
		return answer
	}
	leaders := 0
	var first []chan asked
	firstCtx, cancelFirst := newCause(t)
	for r.waiting("hostile_tidy", idx) == 0 { // until no more calls are begun
		first = append(first, ask(firstCtx, all[0], am.ScanOptions{}))
		leaders++
		require.Eventually(t, func() bool {
			return int(pages.calls.Load()) == leaders || r.waiting("hostile_tidy", idx) > 0
		}, 20*time.Second, time.Millisecond)
	}
	leaders--
	require.Equal(t, leaders, int(pages.calls.Load()))
	impatient, cancel := newCause(t)
	gone := ask(impatient, all[1], am.ScanOptions{})
	var answers, values []chan asked
	for i := range 20 {
		answers = append(answers, ask(ctx, all[10+i], am.ScanOptions{}))
		values = append(values, ask(ctx, all[40+i], am.ScanOptions{Return: []int{1, 0}}))
	}
	require.Eventually(t, func() bool { return r.waiting("hostile_tidy", idx) == 42 }, 20*time.Second, time.Millisecond)
	cancel()
	requireState(t, (<-gone).err, pgerr.QueryCanceled, "because I said so")
	cancelFirst()
	require.Eventually(t, func() bool { return r.waiting("hostile_tidy", idx) == 40 }, 20*time.Second, time.Millisecond)
	close(pages.begin)
	for _, answer := range first { // the one whose call had begun may have been answered all the same
		if a := <-answer; a.err != nil {
			requireState(t, a.err, pgerr.QueryCanceled, "because I said so")
		}
	}
	for i := range answers {
		a := <-answers[i]
		require.NoError(t, a.err)
		require.Equal(t, []am.Hit{{TID: all[10+i].TID}}, a.hits)
		a = <-values[i]
		require.NoError(t, a.err)
		require.Len(t, a.hits, 1)
		require.Equal(t, all[40+i].TID, a.hits[0].TID)
		require.Equal(t, []datum.Datum{all[40+i].Values[1], all[40+i].Values[0]}, a.hits[0].Values)
	}
	require.Less(t, int(pages.calls.Load()), leaders+40)
	require.Empty(t, r.reg.mu.keepers["hostile_tidy"].desks.mu.byRel)

	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 100 {
				row := all[(i*7+w)%100]
				hits, err := search(m, idx, keysOf(row)...)
				require.NoError(t, err)
				require.Equal(t, []am.Hit{{TID: row.TID}}, hits)
			}
			hits, err := search(m, idx, keysOf(named(5000, 1)[0])...)
			require.NoError(t, err)
			require.Empty(t, hits)
		})
	}
	wg.Wait()
}

// Answers that do not fit the lookups are the plugin's failure; "again" is followed by a call for that one alone.
func TestHostileLookups(t *testing.T) {
	r := newRig(t, nil, "hostile_lookups")
	m := r.method("hostile_lookups")
	for label, part := range map[string]string{
		"nofound": "0 answers to 1 lookups", "foundfew": "0 answers to 1", "foundbig": "1001 answers to 1",
		"foundfar": "the table has 100 blocks",
	} {
		idx := r.index(label)
		idx.Unique = true
		_, err := search(m, idx, keysOf(named(1, 1)[0])...)
		require.ErrorContains(t, err, part, label)
		var wg sync.WaitGroup
		for i := range 8 { // those that share a failed call are asked again each on its own, to which this plugin says nothing wrong
			wg.Go(func() { _, _ = search(m, idx, keysOf(named(i, 1)[0])...) })
		}
		wg.Wait()
	}
	idx := r.index("foundagain")
	idx.Unique = true
	hits, err := search(m, idx, keysOf(named(1, 1)[0])...)
	require.NoError(t, err)
	require.Equal(t, []am.Hit{{TID: page.TID{Block: 1, Offset: 1}}}, hits)
}

// One lookup at a time, and as many as eight sessions make.
func BenchmarkUniqueLookup(b *testing.B) {
	r := newRig(b, nil, "hostile_tidy")
	m, idx := r.method("hostile_tidy"), r.index("")
	idx.Unique = true
	all := named(0, 50)
	_, err := m.Build(ctx, idx, in(all))
	require.NoError(b, err)
	for _, sessions := range []int{1, 8} {
		b.Run(fmt.Sprintf("sessions=%d", sessions), func(b *testing.B) {
			var wg sync.WaitGroup
			var next atomic.Int64
			for range sessions {
				wg.Go(func() {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						if hits, err := search(m, idx, keysOf(all[i%50])...); err != nil || len(hits) != 1 {
							b.Error(hits, err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}
