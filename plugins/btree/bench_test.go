package btree

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/sdk/amtest"
	"github.com/quiredb/quire/plugins/wire"
)

// The benchmarks run the method behind a lane in the same process: what is measured is the method, the messages, and a
// store in memory that checks every change. The way between two processes comes on top.

func benchIndex(b *testing.B, rows int) *amtest.Index {
	ix := newIndex(b, false, intColumn("a"))
	ix.Store = amtest.NewStore(ix.Info.Rel)
	all := make([]sdk.Row, rows)
	for i := range all {
		all[i] = intRow(i, 2*i)
	}
	_, err := ix.Build(context.Background(), all, 1000)
	require.NoError(b, err)
	return ix
}

func BenchmarkInsert(b *testing.B) {
	for _, random := range []bool{false, true} {
		for _, batch := range []int{1, 64, 1000} {
			b.Run(fmt.Sprintf("random=%t/batch=%d", random, batch), func(b *testing.B) {
				const have = 100_000
				ix := benchIndex(b, have)
				rng := rand.New(rand.NewPCG(1, 1))
				rows := make([]sdk.Row, batch)
				next := have
				b.ResetTimer()
				for n := 0; n < b.N; n += batch {
					for i := range rows {
						key := 2 * next
						if random {
							key = rng.IntN(2 * have)
						}
						rows[i] = intRow(next, key)
						next++
					}
					_, err := ix.Insert(context.Background(), rows, 0)
					require.NoError(b, err)
				}
			})
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	const have = 300_000
	ix := benchIndex(b, have)
	rng := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		key := sdk.ScanKey{Operator: "=", Arg: wire.OfInt4(int32(2 * rng.IntN(have)))}
		hits, err := ix.Scan(context.Background(), sdk.Scan{Keys: []sdk.ScanKey{key}}, nil)
		require.NoError(b, err)
		require.Len(b, hits, 1)
	}
}

// What it costs to give a span with an answer, and to look it over.
func BenchmarkLookupWithSpan(b *testing.B) {
	const have = 300_000
	ix := benchIndex(b, have)
	rng := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		key := sdk.ScanKey{Operator: "=", Arg: wire.OfInt4(int32(2 * rng.IntN(have)))}
		hits, span, _, err := ix.Lookup(context.Background(), []sdk.ScanKey{key})
		require.NoError(b, err)
		require.Len(b, hits, 1)
		require.NotNil(b, span)
	}
}

func BenchmarkScan(b *testing.B) {
	const have = 300_000
	ix := benchIndex(b, have)
	for b.Loop() {
		hits, err := ix.Scan(context.Background(), sdk.Scan{}, nil)
		require.NoError(b, err)
		require.Len(b, hits, have)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*have), "ns/row")
}

func BenchmarkBuild(b *testing.B) {
	const have = 300_000
	for _, mem := range []uint64{0, 1 << 20} {
		b.Run(fmt.Sprintf("mem=%d", mem), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			rows := make([]sdk.Row, have)
			for i := range rows {
				rows[i] = intRow(i, int(rng.Int32()))
			}
			ix := newIndex(b, false, intColumn("a"))
			ix.WorkMem = mem
			for b.Loop() {
				ix.Store = amtest.NewStore(ix.Info.Rel)
				_, err := ix.Build(context.Background(), rows, 1000)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*have), "ns/row")
		})
	}
}
