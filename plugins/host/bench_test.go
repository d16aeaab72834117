package host

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/page"
)

// The time is for a row: of a call that carries one, and of a call that carries 64. The sample method keeps its last
// page in memory, so a call is two messages each way: the rows, and Finish.
func BenchmarkInsert1(b *testing.B)  { benchmarkInsert(b, 1) }
func BenchmarkInsert64(b *testing.B) { benchmarkInsert(b, 64) }

func benchmarkInsert(b *testing.B, batch int) {
	r := newRig(b, nil, "hostile")
	m, idx := r.method("hostile"), r.index("")
	all := make([][]am.Row, 64)
	for i := range all {
		all[i] = rows(i*batch, batch)
	}
	require.NoError(b, insert(m, idx, 1, all[0]))
	b.ResetTimer()
	for i := 0; i < b.N; i += batch {
		if err := insert(m, idx, 1, all[i/batch%len(all)]); err != nil {
			b.Fatal(err)
		}
	}
}

// Sessions that insert one row each at the same time share calls.
func BenchmarkInsertConcurrent(b *testing.B) {
	r := newRig(b, nil, "hostile")
	m, idx := r.method("hostile"), r.index("")
	batch := rows(0, 1)
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := insert(m, idx, 1, batch); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// A scan reads every page of the index: the first in bulk, later ones as confirmations that nothing changed.
func BenchmarkScanPage(b *testing.B) {
	for _, c := range []struct {
		name string
		cold bool
	}{{"cold", true}, {"unchanged", false}} {
		b.Run(c.name, func(b *testing.B) {
			r := newRig(b, nil, "hostile")
			m, idx := r.method("hostile"), r.index("")
			stats, err := m.Build(ctx, idx, in(rows(0, 9000), rows(9000, 9000), rows(18000, 9000)))
			require.NoError(b, err)
			key := idEquals(77)
			pages := int(stats.Pages)
			_, err = search(m, idx, key)
			require.NoError(b, err)
			b.ResetTimer()
			for i := 0; i < b.N; i += pages {
				if c.cold { // another file number: the plugin's cache does not know it
					b.StopTimer()
					fresh := r.index("")
					copyRelation(b, r, idx, fresh, stats.Pages)
					b.StartTimer()
					_, err = search(m, fresh, key)
				} else {
					_, err = search(m, idx, key)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func copyRelation(b *testing.B, r *rig, from, to am.Index, n page.BlockNumber) {
	for blk := range n {
		buf, err := r.engine.Pool.Pin(from.Rel.Tag(blk))
		require.NoError(b, err)
		p := append(page.Page(nil), buf.Page()...)
		buf.Unpin()
		require.NoError(b, r.engine.GX.BulkWrite(to.Rel, blk, []page.Page{p}))
	}
}

// A start, from the file to the answer to Describe.
func BenchmarkStart(b *testing.B) {
	r := newRig(b, nil, "hostile")
	for b.Loop() {
		_, err := r.reg.Lookup("hostile")
		require.NoError(b, err)
		k := r.reg.mu.keepers["hostile"]
		gen := k.generation()
		k.kill("benchmark")
		for k.generation() == gen {
			k.mu.Lock()
			changed := k.mu.changed
			k.mu.Unlock()
			<-changed
		}
	}
}

// A point lookup in an index of one page: one call, in which the plugin asks for the length of the index and for the page.
func BenchmarkLookup(b *testing.B) {
	for carrier, name := range carriers {
		b.Run(carrier, func(b *testing.B) {
			r := newRig(b, nil, name)
			m, idx := r.method(name), r.index("")
			_, err := m.Build(ctx, idx, in(rows(0, 50)))
			require.NoError(b, err)
			b.ResetTimer()
			for i := range b.N {
				hits, err := search(m, idx, idEquals(i%50))
				if err != nil || len(hits) != 1 {
					b.Fatal(hits, err)
				}
			}
		})
	}
}
