package datum_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// FuzzParseText reads any text as every type: it never panics, an error has one of PostgreSQL's codes, and by D3 what was read
// prints, reads back as the same value and prints the same again, in text and in binary.
func FuzzParseText(f *testing.F) {
	for oid, texts := range samples {
		for _, text := range texts {
			f.Add(uint32(oid), text, int32(-1))
		}
	}
	for _, s := range []string{"{1,2,NULL}", "{\"a\\\"b\"}", "1e1000", "P1Y2M3DT4H5M6S", "2024-02-30", "12:00 PM Jan 1 2000", "0x1p-3", "\\xzz", "J2451545",
		"2024-01-01 00:00:00+15:59:59", "1 mon -1 day", "-1-2", "+", "{", "99999999999999999999999-01-01", "1e-16383", "\xff"} {
		f.Add(uint32(0), s, int32(10))
	}
	f.Fuzz(func(t *testing.T, oid uint32, s string, mod int32) {
		if info := datum.Lookup(datum.OID(oid)); info != nil {
			checkText(t, info, s, mod)
			return
		}
		for _, info := range datum.Types() {
			checkText(t, info, s, mod)
		}
	})
}

func checkText(t *testing.T, info *datum.TypeInfo, s string, mod int32) {
	d, err := info.ParseText(s, mod)
	if err != nil {
		require.NotEqual(t, pgerr.InternalError, pgerr.CodeOf(err), "%s: %v", info.Name, err)
		return
	}
	require.False(t, d.Null)
	text := string(info.AppendText(nil, d))
	if info.OID == datum.Void || info.OID == datum.Char {
		return
	}
	again, err := info.ParseText(text, -1)
	require.NoError(t, err, "%s %q from %q", info.Name, text, s)
	require.Equal(t, text, string(info.AppendText(nil, again)), info.Name)
	require.Zero(t, info.Compare(d, again), "%s %q", info.Name, text)
	require.Equal(t, info.Hash(d), info.Hash(again))
	binary := info.AppendBinary(nil, d)
	back, err := info.ParseBinary(binary)
	require.NoError(t, err, "%s %q", info.Name, text)
	require.Equal(t, text, string(info.AppendText(nil, back)), info.Name)
	require.Equal(t, binary, info.AppendBinary(nil, back))
}

// FuzzParseBinary does the same from the binary side.
func FuzzParseBinary(f *testing.F) {
	for oid, texts := range samples {
		info := datum.MustLookup(oid)
		for _, text := range texts {
			d, err := info.ParseText(text, -1)
			require.NoError(f, err)
			f.Add(uint32(oid), info.AppendBinary(nil, d))
		}
	}
	f.Add(uint32(1007), datum.NewArray(datum.Int4, []datum.Datum{datum.NewInt(1), datum.NewNull()}).Bytes())
	f.Fuzz(func(t *testing.T, oid uint32, b []byte) {
		info := datum.Lookup(datum.OID(oid))
		if info == nil {
			return
		}
		d, err := info.ParseBinary(b)
		if err != nil {
			require.NotEqual(t, pgerr.InternalError, pgerr.CodeOf(err), "%s: %v", info.Name, err)
			return
		}
		text := string(info.AppendText(nil, d))
		back, err := info.ParseBinary(info.AppendBinary(nil, d))
		require.NoError(t, err, "%s %q", info.Name, text)
		require.Equal(t, text, string(info.AppendText(nil, back)))
		require.Zero(t, info.Compare(d, back))
	})
}

// FuzzDecodeRow decodes any bytes as rows: it never panics, and what it accepts survives another round.
func FuzzDecodeRow(f *testing.F) {
	rt := wideRow()
	row := sampleRow()
	f.Add(rt.AppendRow(nil, row))
	row[3], row[6] = datum.NewNull(), datum.NewNull()
	f.Add(rt.AppendRow(nil, row))
	f.Add([]byte{4, 1, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		row, part := make([]datum.Datum, len(rt)), make([]datum.Datum, len(rt))
		err := rt.DecodeRow(data, row)
		need := []int{1, 6}
		errPart := rt.DecodeColumns(data, need, part)
		if err != nil {
			require.ErrorIs(t, err, datum.ErrRow)
			return
		}
		require.NoError(t, errPart)
		for _, i := range need {
			require.Equal(t, row[i], part[i])
		}
		again := make([]datum.Datum, len(rt))
		encoded := rt.AppendRow(nil, row)
		require.Equal(t, len(encoded), rt.RowSize(row))
		require.NoError(t, rt.DecodeRow(encoded, again))
		require.Equal(t, rt.AppendRow(nil, again), encoded)
	})
}

// FuzzTimestampZones: printing an instant in any zone and reading it back in that zone gives the instant, but for the hour that
// occurs twice, which the printed offset settles.
func FuzzTimestampZones(f *testing.F) {
	for _, zone := range []string{"UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Europe/Dublin", "Pacific/Apia"} {
		f.Add(zone, int64(0))
		f.Add(zone, int64(757_382_400_000_000))
		f.Add(zone, int64(-6_000_000_000_000_000))
	}
	info := datum.MustLookup(datum.Timestamptz)
	f.Fuzz(func(t *testing.T, zone string, micros int64) {
		loc, err := time.LoadLocation(zone)
		if err != nil || !datum.TimestampInRange(micros) || !datum.TimestampInRange(micros-datum.MicrosPerDay) ||
			!datum.TimestampInRange(micros+datum.MicrosPerDay) {
			return
		}
		env := &datum.Env{Location: loc}
		text := string(info.AppendTextIn(env, nil, datum.NewInt(micros)))
		d, err := info.ParseTextIn(env, text, -1)
		require.NoError(t, err, text)
		require.Equal(t, micros, d.I, text)
	})
}
