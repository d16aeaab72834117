package bloom

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire"
)

// Signatures are on disk: these bytes may never change while the format is version 1.
func TestSignaturesAreStable(t *testing.T) {
	p := params{words: 5, bits: []int{2, 2, 4}}
	for _, c := range []struct {
		values []sdk.Value
		want   string
	}{
		{[]sdk.Value{wire.OfInt4(42), nil, nil}, goldenInt},
		{[]sdk.Value{nil, wire.OfInt4(42), nil}, goldenOtherColumn},
		{[]sdk.Value{nil, nil, sdk.Value("quire")}, goldenText},
		{[]sdk.Value{nil, nil, nil}, "00000000000000000000"},
	} {
		e := p.appendEntry(nil, sdk.Row{TID: page.TID{Block: 1, Offset: 2}, Values: c.values})
		require.Len(t, e, p.width())
		require.Equal(t, c.want, hex.EncodeToString(e[tidBytes:]))
	}
}

// A signature is made of a value's bytes, so it takes types whose equal values have equal bytes only.
func TestEqualValuesHaveEqualBytes(t *testing.T) {
	for _, c := range (Method{}).Describe().Classes {
		require.True(t, ordkey.Exact(c.Type), c.Name)
	}
}

func TestAColumnSetsAsManyBitsAsItWasTold(t *testing.T) {
	for _, length := range []int{16, 80, 4096} {
		for _, want := range []int{1, 2, 15, 1000} {
			p := params{words: length / wordBits, bits: []int{want}}
			sig := make([]byte, length/8)
			p.addValue(sig, 0, wire.OfInt8(7))
			got := 0
			for _, b := range sig {
				got += bits.OnesCount8(b)
			}
			require.Equal(t, min(want, length), got, "length %d", length)
		}
	}
}

// The query of a row's own values matches that row, whatever the shape of the signature.
func TestNoFalseNegatives(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		p := params{words: 1 + rng.IntN(40), bits: []int{1 + rng.IntN(5), 1 + rng.IntN(5)}}
		row := sdk.Row{Values: []sdk.Value{wire.OfInt4(rng.Int32()), sdk.Value(binary.BigEndian.AppendUint64(nil, rng.Uint64()))}}
		e := p.appendEntry(nil, row)
		q, ok := p.queryOf([]sdk.ScanKey{{Column: 0, Operator: "=", Arg: row.Values[0]}, {Column: 1, Operator: "=", Arg: row.Values[1]}})
		require.True(t, ok)
		require.True(t, q.matches(e))
	}
}

// With 6 columns of 2 bits in 80, about (1-(1-1/80)^12)^4 of the other rows pass a query of two columns: 0.04 %.
func TestFalsePositivesAreAsManyAsTheFormulaSays(t *testing.T) {
	p := params{words: 5, bits: []int{2, 2, 2, 2, 2, 2}}
	rng := rand.New(rand.NewPCG(3, 4))
	values := func() (v []sdk.Value) {
		for range 6 {
			v = append(v, wire.OfInt4(rng.Int32()))
		}
		return v
	}
	const rows = 200_000
	q, _ := p.queryOf([]sdk.ScanKey{{Column: 1, Arg: wire.OfInt4(11)}, {Column: 3, Arg: wire.OfInt4(12)}})
	passed := 0
	for range rows {
		e := p.appendEntry(nil, sdk.Row{Values: values()})
		if q.matches(e) {
			passed++
		}
	}
	require.InDelta(t, 0.0004, float64(passed)/rows, 0.0002)
}

func TestNullKeyMatchesNothing(t *testing.T) {
	_, ok := params{words: 5, bits: []int{2}}.queryOf([]sdk.ScanKey{{Column: 0, Operator: "="}})
	require.False(t, ok)
}

func TestMetapageRoundTrip(t *testing.T) {
	m := meta{params: params{words: 5, bits: []int{2, 4}}, list: []page.BlockNumber{3, 9}}
	pg, err := metaPage(m)
	require.NoError(t, err)
	require.NoError(t, pg.Validate())
	got, err := decodeMeta(pg, 2)
	require.NoError(t, err)
	require.Equal(t, m, got)
	_, err = decodeMeta(pg, 3)
	require.ErrorIs(t, err, sdk.ErrCorruptIndex)

	ed := page.NewEditor(pg)
	for _, want := range [][]page.BlockNumber{{3, 9, 10}, {}, {1}, {1, 2, 3}, {2}} {
		have, err := decodeMeta(ed.Page(), 2)
		require.NoError(t, err)
		require.NoError(t, setList(ed, have.list, want))
		have, err = decodeMeta(ed.Page(), 2)
		require.NoError(t, err)
		require.Equal(t, len(want), len(have.list))
		for i := range want {
			require.Equal(t, want[i], have.list[i])
		}
	}
}

func TestPageCapacityIsPostgreSQLs(t *testing.T) {
	p := params{words: 5}
	require.Equal(t, 16, p.width())
	require.Equal(t, 510, p.perPage())
}

func FuzzDecodeMeta(f *testing.F) {
	pg, _ := metaPage(meta{params: params{words: 5, bits: []int{2}}, list: []page.BlockNumber{1}})
	f.Add([]byte(pg))
	f.Add(make([]byte, page.Size))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) != page.Size {
			t.Skip("not a page")
		}
		m, err := decodeMeta(page.Page(b), 1)
		if err == nil && (m.words < 1 || len(m.bits) != 1) {
			t.Fatalf("accepted %+v", m)
		}
	})
}

func BenchmarkScanPage(b *testing.B) {
	p := params{words: 5, bits: []int{2, 2}}
	ed := page.NewEditor(page.New())
	require.NoError(b, initPage(ed, 0))
	require.NoError(b, ed.ArrayInsert(dataStart, p.width(), 0, 0, make([]byte, p.perPage()*p.width())))
	pg := ed.Page()
	q, _ := p.queryOf([]sdk.ScanKey{{Column: 0, Arg: wire.OfInt4(11)}, {Column: 1, Arg: wire.OfInt4(12)}})
	hits := sdk.NewHitWriter(sdk.Scan{}, func([]sdk.Hit) error { b.Fatal("an empty entry matched"); return nil })
	b.SetBytes(page.Size)
	for b.Loop() {
		if err := p.scanPage(pg, &q, hits); err != nil {
			b.Fatal(err)
		}
	}
}

const (
	goldenInt         = "00000010000000200000"
	goldenOtherColumn = "00000000100020000000"
	goldenText        = "00001000400000000208"
)
