package datum_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/datum"
)

// orderSamples are values of the types whose comparison is worth a figure.
var orderSamples = []struct {
	name string
	typ  datum.OID
	make func(r *rand.Rand) string
}{
	{"int8", datum.Int8, func(r *rand.Rand) string { return fmt.Sprint(r.Int64() - r.Int64()) }},
	{"float8", datum.Float8, func(r *rand.Rand) string { return fmt.Sprint(r.NormFloat64()) }},
	{"text", datum.Text, func(r *rand.Rand) string { return fmt.Sprintf("customer %06d", r.IntN(1e6)) }},
	{"bpchar", datum.BPChar, func(r *rand.Rand) string { return fmt.Sprintf("%-20d", r.IntN(1e6)) }},
	{"numeric", datum.Numeric, func(r *rand.Rand) string { return fmt.Sprintf("%d.%02d", r.IntN(1e6)-5e5, r.IntN(100)) }},
	{"numeric of any scale", datum.Numeric, func(r *rand.Rand) string { return fmt.Sprintf("%.*f", r.IntN(7), r.NormFloat64()*1000) }},
	{"timestamp", datum.Timestamp, func(r *rand.Rand) string { return fmt.Sprintf("2026-11-%02d %02d:00:00", 1+r.IntN(30), r.IntN(24)) }},
	{"interval", datum.Interval, func(r *rand.Rand) string {
		return fmt.Sprintf("%d mons %d days %d hours", r.IntN(9), r.IntN(99), r.IntN(99))
	}},
}

func orderSample(tb testing.TB, typ datum.OID, make func(r *rand.Rand) string) []datum.Datum {
	r := rand.New(rand.NewPCG(1, 2))
	out := []datum.Datum{}
	for range 1 << 13 {
		d, err := datum.MustLookup(typ).ParseText(make(r), -1)
		require.NoError(tb, err)
		out = append(out, d)
	}
	return out
}

func BenchmarkCompare(b *testing.B) {
	for _, s := range orderSamples {
		list := orderSample(b, s.typ, s.make)
		b.Run(s.name, func(b *testing.B) {
			sum := 0
			for i := 0; b.Loop(); i++ {
				sum += datum.Compare(s.typ, list[i%len(list)], list[(i+1)%len(list)])
			}
		})
	}
}

func BenchmarkSort(b *testing.B) {
	for _, s := range orderSamples {
		list := orderSample(b, s.typ, s.make)
		work := make([]datum.Datum, len(list))
		b.Run(s.name, func(b *testing.B) {
			for b.Loop() {
				copy(work, list)
				slices.SortFunc(work, func(x, y datum.Datum) int { return datum.Compare(s.typ, x, y) })
			}
		})
	}
}

func BenchmarkHash(b *testing.B) {
	for _, s := range orderSamples {
		list := orderSample(b, s.typ, s.make)
		b.Run(s.name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				datum.Hash(s.typ, list[i%len(list)])
			}
		})
	}
}
