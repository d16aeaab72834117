package ordkey_test

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/ordkey"
)

// draw makes values of every type, with a liking for the ends of its range and for values that lie close together.
var draw = map[datum.OID]func(t *rapid.T) datum.Datum{
	datum.Bool:        func(t *rapid.T) datum.Datum { return datum.NewBool(rapid.Bool().Draw(t, "v")) },
	datum.Int2:        integer(math.MinInt16, math.MaxInt16),
	datum.Int4:        integer(math.MinInt32, math.MaxInt32),
	datum.Int8:        integer(math.MinInt64, math.MaxInt64),
	datum.Date:        integer(math.MinInt32, math.MaxInt32),
	datum.Timestamp:   integer(math.MinInt64, math.MaxInt64),
	datum.Timestamptz: integer(math.MinInt64, math.MaxInt64),
	datum.OIDType:     integer(0, math.MaxUint32),
	datum.PgLSN:       integer(math.MinInt64, math.MaxInt64),
	datum.Float4: func(t *rapid.T) datum.Datum {
		return datum.NewFloat(float64(rapid.OneOf(rapid.Float32(), rapid.SampledFrom([]float32{
			0, float32(math.Copysign(0, -1)), float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 1, -1,
		})).Draw(t, "v")))
	},
	datum.Float8: func(t *rapid.T) datum.Datum {
		return datum.NewFloat(rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{
			0, math.Copysign(0, -1), math.NaN(), -math.NaN(), math.Inf(1), math.Inf(-1), 1, -1,
		})).Draw(t, "v"))
	},
	datum.Text: text, datum.Varchar: text, datum.Name: text,
	datum.Bytea: func(t *rapid.T) datum.Datum {
		return datum.NewBytes(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 2, 'a', 0xfe, 0xff}), 0, 6).Draw(t, "v"))
	},
	datum.UUID: func(t *rapid.T) datum.Datum {
		return datum.NewBytes(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "v"))
	},
	datum.Interval: func(t *rapid.T) datum.Datum {
		const day = 24 * 60 * 60 * 1000 * 1000
		return datum.NewInterval(datum.IntervalValue{
			Micros: rapid.OneOf(rapid.Int64(), rapid.Int64Range(-2, 2), rapid.SampledFrom([]int64{day, -day, 30 * day})).Draw(t, "micros"),
			Days:   rapid.OneOf(rapid.Int32(), rapid.Int32Range(-31, 31)).Draw(t, "days"),
			Months: rapid.OneOf(rapid.Int32(), rapid.Int32Range(-1, 1)).Draw(t, "months"),
		})
	},
	datum.Numeric: func(t *rapid.T) datum.Datum {
		s := rapid.OneOf(
			rapid.StringMatching(`-?[0-9]{1,6}(\.[0-9]{1,6})?`), rapid.StringMatching(`-?[0-9]{1,30}(\.[0-9]{1,30})?`),
			rapid.StringMatching(`-?[0-9]e-?[0-9]{1,3}`),
			rapid.SampledFrom([]string{"NaN", "Infinity", "-Infinity", "0", "-0.0", "1", "1.000", "10000", "9999", "0.0001", "1e131071", "1e-16383"}),
		).Draw(t, "v")
		d, err := datum.MustLookup(datum.Numeric).ParseText(s, -1)
		require.NoError(t, err)
		return d
	},
}

func integer(lo, hi int64) func(t *rapid.T) datum.Datum {
	return func(t *rapid.T) datum.Datum {
		return datum.NewInt(rapid.OneOf(rapid.Int64Range(lo, hi), rapid.Int64Range(max(lo, -3), 3), rapid.SampledFrom([]int64{lo, hi})).Draw(t, "v"))
	}
}

func text(t *rapid.T) datum.Datum {
	return datum.NewText(strings.ReplaceAll(rapid.OneOf(
		rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune{'a', 'b', 1, ' ', 0x10ffff, 0x80, 'é'}), 0, 4, -1),
	).Draw(t, "v"), "\x00", ""))
}

func binary(typ datum.OID, d datum.Datum) []byte {
	if d.Null {
		return nil
	}
	return datum.MustLookup(typ).AppendBinary([]byte{}, d)
}

func sign(i int) int { return cmp.Compare(i, 0) }

// The order of encodings is datum's order, which the executor sorts and merges by. Both come from this package; this holds the two
// ways in which it reads values together.
func TestEncodingsOrderAsDatumsDo(t *testing.T) {
	for typ, make := range draw {
		t.Run(datum.MustLookup(typ).Name, func(t *testing.T) {
			require.True(t, ordkey.Supported(uint32(typ)))
			rapid.Check(t, func(t *rapid.T) {
				a, b := make(t), make(t)
				desc, nullsFirst := rapid.Bool().Draw(t, "desc"), rapid.Bool().Draw(t, "nulls first")
				if rapid.IntRange(0, 9).Draw(t, "null") == 0 {
					a = datum.NewNull()
				}
				want := sign(datum.Compare(typ, a, b))
				switch {
				case a.Null && nullsFirst:
					want = -1
				case !a.Null && desc:
					want = -want
				}
				ka, err := ordkey.Append(nil, uint32(typ), binary(typ, a), desc, nullsFirst)
				require.NoError(t, err)
				kb, err := ordkey.Append(nil, uint32(typ), binary(typ, b), desc, nullsFirst)
				require.NoError(t, err)
				require.Equal(t, want, bytes.Compare(ka, kb), "%x and %x", ka, kb)
				if want != 0 { // by O2
					require.False(t, bytes.HasPrefix(ka, kb) || bytes.HasPrefix(kb, ka), "%x and %x", ka, kb)
				}
				if !a.Null && !desc {
					c, err := ordkey.Compare(uint32(typ), binary(typ, a), binary(typ, b))
					require.NoError(t, err)
					require.Equal(t, want, sign(c))
				}
			})
		})
	}
}

// A column can be found and had back in a key of several, whatever follows it.
func TestColumnsComeBack(t *testing.T) {
	for typ, make := range draw {
		t.Run(datum.MustLookup(typ).Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				d := make(t)
				if rapid.IntRange(0, 9).Draw(t, "null") == 0 {
					d = datum.NewNull()
				}
				v := binary(typ, d)
				desc := rapid.Bool().Draw(t, "desc")
				key, err := ordkey.Append([]byte("before"), uint32(typ), v, desc, false)
				require.NoError(t, err)
				key = key[len("before"):]
				size := len(key)
				key = append(key, rapid.SliceOfN(rapid.Byte(), 0, 4).Draw(t, "behind")...)
				n, err := ordkey.Length(uint32(typ), key, desc)
				require.NoError(t, err)
				require.Equal(t, size, n)
				if !ordkey.Exact(uint32(typ)) {
					return
				}
				got, n, err := ordkey.Decode(uint32(typ), key, desc)
				require.NoError(t, err)
				require.Equal(t, size, n)
				require.Equal(t, v, got)
				require.Equal(t, v == nil, got == nil)
			})
		})
	}
}

// Blanks at the end of a char(n) do not count.
func TestBpchar(t *testing.T) {
	c, err := ordkey.Compare(1042, []byte("a  "), []byte("a"))
	require.NoError(t, err)
	require.Zero(t, c)
	c, err = ordkey.Compare(1042, []byte("a \x01"), []byte("a"))
	require.NoError(t, err)
	require.Positive(t, c)
	require.False(t, ordkey.Exact(1042))
}

func TestWhatIsNoValueIsRefused(t *testing.T) {
	for _, c := range []struct {
		typ  uint32
		v    []byte
		want error
	}{
		{23, []byte{1, 2, 3}, ordkey.ErrValue}, {25, []byte("a\x00b"), ordkey.ErrValue}, {1700, []byte{1}, ordkey.ErrValue},
		{1700, []byte{0, 1, 0, 0, 0x12, 0x34, 0, 0, 0, 1}, ordkey.ErrValue}, {1700, []byte{0, 2, 0, 0, 0, 0, 0, 0, 0, 1}, ordkey.ErrValue},
		{1700, []byte{0, 1, 0, 0, 0, 0, 0, 0, 0x27, 0x10}, ordkey.ErrValue}, {114, []byte("{}"), ordkey.ErrType},
	} {
		_, err := ordkey.Append(nil, c.typ, c.v, false, false)
		require.ErrorIs(t, err, c.want, "%d %x", c.typ, c.v)
	}
	_, _, err := ordkey.Decode(1700, []byte{2, 3}, false)
	require.ErrorIs(t, err, ordkey.ErrType)
}

// Encodings are stored: what these values are stored as must not change (O5).
func TestEncodingsAreStable(t *testing.T) {
	for _, c := range []struct {
		typ  datum.OID
		text string
		want string
	}{
		{datum.Bool, "true", "0201"}, {datum.Int2, "-2", "027ffe"}, {datum.Int4, "1", "0280000001"}, {datum.Int8, "-1", "027fffffffffffffff"},
		{datum.OIDType, "4294967295", "02ffffffff"}, {datum.Float4, "-1.5", "02403fffff"}, {datum.Float8, "1.5", "02bff8000000000000"},
		{datum.Float8, "-0", "028000000000000000"}, {datum.Text, "quire", "02717569726500"}, {datum.Text, "", "0200"},
		{datum.Bytea, `\x6100ff`, "026100ffff0001"}, {datum.Date, "2000-01-02", "0280000001"}, {datum.PgLSN, "1/2", "020000000100000002"},
		{datum.Interval, "1 mon", "0280000000001e0000000000"}, {datum.Interval, "-1 us", "027fffffffffff141dd75fff"},
		{datum.Numeric, "0.00", "0203"}, {datum.Numeric, "12.340", "0204800000000d0d490000"}, {datum.Numeric, "-12.34", "02027ffffffff2f2b6ffff"},
		{datum.Numeric, "NaN", "0206"},
	} {
		d, err := datum.MustLookup(c.typ).ParseText(c.text, -1)
		require.NoError(t, err)
		key, err := ordkey.Append(nil, uint32(c.typ), binary(c.typ, d), false, false)
		require.NoError(t, err)
		require.Equal(t, c.want, hex.EncodeToString(key), "%s %s", datum.MustLookup(c.typ).Name, c.text)
	}
}

// Whatever the bytes are, they are a column or an error.
func FuzzDecode(f *testing.F) {
	for _, typ := range []uint32{16, 17, 19, 20, 21, 23, 25, 26, 700, 701, 1042, 1043, 1082, 1114, 1184, 1186, 1700, 2950, 3220} {
		f.Add(typ, []byte("\x02abc\x00\x01\x00\x00"), false)
		f.Add(typ, []byte("\x02\xfd\xff\x00\xff\xfe\xff\xff"), true)
		f.Add(typ, []byte("\x01"), true)
	}
	f.Fuzz(func(t *testing.T, typ uint32, key []byte, desc bool) {
		n, err := ordkey.Length(typ, key, desc)
		if err != nil {
			return
		}
		if n < 1 || n > len(key) {
			t.Fatalf("a column of %d bytes in %d", n, len(key))
		}
		if _, m, err := ordkey.Decode(typ, key, desc); err == nil && m != n {
			t.Fatalf("%d and %d bytes", n, m)
		}
	})
}

func ExampleAppend() {
	key, _ := ordkey.Append(nil, 23, []byte{0, 0, 0, 7}, false, false)
	key, _ = ordkey.Append(key, 25, []byte("ab"), true, true)
	fmt.Printf("% x\n", key)
	// Output: 02 80 00 00 07 02 9e 9d ff
}
