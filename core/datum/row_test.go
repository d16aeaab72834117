package datum_test

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quiredb/quire/core/datum"
)

func wideRow() datum.RowType {
	return datum.RowType{{OID: datum.Int4}, {OID: datum.Int8}, {OID: datum.Bool}, {OID: datum.Text}, {OID: datum.Timestamptz},
		{OID: datum.UUID}, {OID: datum.Bytea}, {OID: datum.Float4}, {OID: datum.Numeric}, {OID: datum.Int2}}
}

func sampleRow() []datum.Datum {
	return []datum.Datum{datum.NewInt(-7), datum.NewInt(1 << 40), datum.NewBool(true), datum.NewText("a text of some length"), datum.NewInt(1e15),
		datum.NewBytes(make([]byte, 16)), datum.NewBytes([]byte{0, 255}), datum.NewFloat(1.5), datum.NewNumericInt(12345), datum.NewInt(-2)}
}

func TestDatumIsSmall(t *testing.T) {
	require.LessOrEqual(t, unsafe.Sizeof(datum.Datum{}), uintptr(32)) // D1
}

// A row of random types and values comes back as it was, whole and column by column, also into a table that has got
// columns since.
func TestRowRoundTrip(t *testing.T) {
	var types []datum.OID
	for oid := range samples {
		types = append(types, oid)
	}
	rapid.Check(t, func(t *rapid.T) {
		rt := datum.RowType{}
		var row []datum.Datum
		for range rapid.IntRange(0, 20).Draw(t, "columns") {
			oid := rapid.SampledFrom(types).Draw(t, "type")
			rt = append(rt, datum.Type{OID: oid, Mod: -1})
			if rapid.Bool().Draw(t, "null") {
				row = append(row, datum.NewNull())
				continue
			}
			d, err := datum.MustLookup(oid).ParseText(rapid.SampledFrom(samples[oid]).Draw(t, "value"), -1)
			require.NoError(t, err)
			row = append(row, d)
		}
		data := rt.AppendRow(nil, row)
		require.Equal(t, len(data), rt.RowSize(row))
		got := make([]datum.Datum, len(rt))
		require.NoError(t, rt.DecodeRow(data, got))
		same := func(want, got datum.Datum, oid datum.OID) {
			require.Equal(t, want.Null, got.Null)
			require.Zero(t, datum.Compare(oid, want, got))
		}
		for i := range row {
			same(row[i], got[i], rt[i].OID)
		}
		longer := append(rt[:len(rt):len(rt)], datum.Type{OID: datum.Int4}, datum.Type{OID: datum.Text})
		wide := make([]datum.Datum, len(longer))
		require.NoError(t, longer.DecodeRow(data, wide))
		require.True(t, wide[len(rt)].Null && wide[len(rt)+1].Null)
		if len(rt) > 0 {
			need := []int{rapid.IntRange(0, len(rt)-1).Draw(t, "need"), len(rt)}
			wide = make([]datum.Datum, len(longer))
			require.NoError(t, longer.DecodeColumns(data, need, wide))
			same(row[need[0]], wide[need[0]], rt[need[0]].OID)
			require.True(t, wide[need[1]].Null)
			for cut := range data { // a row that ends early is an error, never a panic
				require.ErrorIs(t, rt.DecodeRow(data[:cut], got), datum.ErrRow)
			}
		}
	})
}

func TestRowRefusesMoreColumnsThanTheTable(t *testing.T) {
	data := wideRow().AppendRow(nil, sampleRow())
	require.ErrorIs(t, wideRow()[:3].DecodeRow(data, make([]datum.Datum, 3)), datum.ErrRow)
	require.Panics(t, func() { wideRow().AppendRow(nil, sampleRow()[:2]) })
}

func TestRowCodecDoesNotAllocate(t *testing.T) {
	rt, row := wideRow(), sampleRow()
	buf := make([]byte, 0, 256)
	data := rt.AppendRow(nil, row)
	out := make([]datum.Datum, len(rt))
	need := []int{0, 3}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		buf = rt.AppendRow(buf[:0], row)
		_ = rt.DecodeRow(data, out)
		_ = rt.DecodeColumns(data, need, out)
	}))
}

func BenchmarkAppendRow(b *testing.B) {
	rt, row := wideRow(), sampleRow()
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		buf = rt.AppendRow(buf[:0], row)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkDecodeRow(b *testing.B) {
	rt := wideRow()
	data := rt.AppendRow(nil, sampleRow())
	row := make([]datum.Datum, len(rt))
	b.ReportAllocs()
	for b.Loop() {
		_ = rt.DecodeRow(data, row)
	}
}

func BenchmarkDecodeColumns(b *testing.B) {
	rt := wideRow()
	data := rt.AppendRow(nil, sampleRow())
	row := make([]datum.Datum, len(rt))
	need := []int{1}
	b.ReportAllocs()
	for b.Loop() {
		_ = rt.DecodeColumns(data, need, row)
	}
}

func BenchmarkFormat(b *testing.B) {
	for _, c := range []struct {
		oid  datum.OID
		text string
	}{{datum.Int8, "1234567890123"}, {datum.Float8, "3.141592653589793"}, {datum.Timestamptz, "2024-02-29 12:34:56.789+00"},
		{datum.Numeric, "12345.6789"}, {datum.UUID, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}} {
		info := datum.MustLookup(c.oid)
		d, err := info.ParseText(c.text, -1)
		require.NoError(b, err)
		b.Run("print/"+info.Name, func(b *testing.B) {
			buf := make([]byte, 0, 64)
			b.ReportAllocs()
			for b.Loop() {
				buf = info.AppendText(buf[:0], d)
			}
		})
		b.Run("read/"+info.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = info.ParseText(c.text, -1)
			}
		})
	}
}
