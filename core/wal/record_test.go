package wal

import (
	"encoding/hex"
	"testing"

	"github.com/quiredb/quire/core/page"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// encodeRecord returns a whole record, as Insert lays it out.
func encodeRecord(c codec, r Record) []byte {
	var h header
	h.encode(&c, r.LSN, r.Prev, r.Durable, r.Kind, r.XID, r.Body)
	return append(append([]byte(nil), h.bytes()...), r.Body...)
}

// TestRecordBytes pins the format, with headers that a program of its own computed from the byte ruler: if it fails, logs
// of released versions can no longer be read.
func TestRecordBytes(t *testing.T) {
	c := newCodec(0x0123456789ABCDEF, 3)
	for _, g := range []struct {
		name   string
		rec    Record
		header string
	}{
		{"first", Record{LSN: FirstLSN, Kind: Generic, XID: 3, Body: []byte("page")}, "9f7a549f04000103"},
		{"commit", Record{LSN: 0x1000400, Prev: 0x1000100, Durable: 0x1000100, Kind: Commit, XID: 300}, "8884d38a00800685ac028006"},
		{"far", Record{LSN: 0x16B374D848, Prev: 0x16B374D800, Durable: 0x16B3000000, Kind: CheckpointOnline, Body: make([]byte, 200)}, "93d41641c801488700c8b0d303"},
	} {
		b := encodeRecord(c, g.rec)
		require.Equal(t, g.header, hex.EncodeToString(b[:len(b)-len(g.rec.Body)]), g.name)
	}
}

func drawRecord(t *rapid.T) Record {
	kinds := make([]Kind, 0, len(kindNames))
	for k := Kind(1); k != 0; k++ {
		if k.known() {
			kinds = append(kinds, k)
		}
	}
	r := Record{
		Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
		LSN:  page.LSN(rapid.Uint64Range(1<<24, 1<<62).Draw(t, "lsn")),
		XID:  rapid.Uint64().Draw(t, "xid"),
		Body: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "body"),
	}
	r.Prev = r.LSN - page.LSN(rapid.Uint64Range(minRecord, maxRecord).Draw(t, "distance"))
	if r.Kind.CarriesDurable() {
		r.Durable = r.LSN - page.LSN(rapid.Uint64Range(0, 1<<24).Draw(t, "undurable"))
	}
	return r
}

// TestRecordRoundTrip: what is decoded is what was encoded, at its own place, in its own log and history, and nowhere else.
func TestRecordRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawRecord(t)
		c := newCodec(7, 1)
		b := encodeRecord(c, want)
		want.EndLSN = want.LSN + page.LSN(len(b))
		var got Record
		for _, prev := range []page.LSN{want.Prev, anyPrev} {
			_, err := c.decode(append(b[:len(b):len(b)], 0xFF, 0xFF), want.LSN, prev, &got)
			require.NoError(t, err)
			require.Equal(t, want.Body, append([]byte{}, got.Body...))
			got.Body, want.Body = nil, append([]byte{}, want.Body...)
			cmp := want
			cmp.Body = nil
			require.Equal(t, cmp, got)
		}
		refused := func(c codec, b []byte, lsn, prev page.LSN) {
			_, err := c.decode(b, lsn, prev, &got)
			require.Error(t, err)
		}
		refused(newCodec(8, 1), b, want.LSN, want.Prev)
		refused(newCodec(7, 2), b, want.LSN, want.Prev)
		refused(c, b, want.LSN+SegmentBytes, anyPrev)
		refused(c, b, want.LSN, want.Prev+1)
		refused(c, b, want.LSN, 0)
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		_, err := c.decode(b[:cut], want.LSN, want.Prev, &got)
		require.ErrorIs(t, err, errIncomplete)
		at, bit := rapid.IntRange(0, len(b)-1).Draw(t, "byte"), rapid.IntRange(0, 7).Draw(t, "bit")
		b[at] ^= 1 << bit
		refused(c, b, want.LSN, want.Prev)
	})
}

func TestSegmentNames(t *testing.T) {
	require.Equal(t, "000000010000000000000001", SegmentName(1, FirstLSN))
	require.Equal(t, "000000010000000000000001", SegmentName(1, 2*FirstLSN-1))
	require.Equal(t, "0000000200000016000000B3", SegmentName(2, 0x16B374D848))
	rapid.Check(t, func(t *rapid.T) {
		tli := page.TimelineID(rapid.Uint32Min(1).Draw(t, "timeline"))
		lsn := page.LSN(rapid.Uint64Range(0, 1<<60).Draw(t, "lsn"))
		gotTLI, start, ok := ParseSegmentName(SegmentName(tli, lsn))
		require.True(t, ok)
		require.Equal(t, tli, gotTLI)
		require.Equal(t, lsn&^(SegmentBytes-1), start)
	})
	for _, name := range []string{"", "00000001000000000000000", "000000010000000000000100", "00000001000000000000000g",
		"00000001000000000000000a", "000000000000000000000001", "000000010000000000000001.partial", "00000001.history"} {
		_, _, ok := ParseSegmentName(name)
		require.False(t, ok, name)
	}
}

func TestKinds(t *testing.T) {
	for k := range kindNames {
		require.True(t, k.known(), k)
		require.Equal(t, k.CarriesDurable(), k.provesDamage(), k)
	}
	for k := range 256 {
		_, named := kindNames[Kind(k)]
		require.Equal(t, named, Kind(k).known(), k)
	}
	require.Equal(t, "Kind(0x63)", Kind(99).String())
	require.Equal(t, "CheckpointShutdown", CheckpointShutdown.String())
}
