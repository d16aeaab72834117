package wire

import (
	"bytes"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// A span of anything in order comes back as it was, and finds in it what a look at every key would find.
func TestSpanRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOfN(rapid.SampledFrom([]byte{1, 2, 'a', 0xff}), 1, 4)
		keys := rapid.SliceOfNDistinct(some, 0, 30, func(k []byte) string { return string(k) }).Draw(t, "keys")
		slices.SortFunc(keys, bytes.Compare)
		var high []byte
		if rapid.Bool().Draw(t, "bounded") {
			high = []byte{0xff, 0xff, 0xff, 0xff, 0xff}
		}
		b := NewSpanBuilder(7, 9, []byte{1}, high)
		rows := make([][]page.TID, len(keys))
		for i, k := range keys {
			for n := range rapid.IntRange(1, 3).Draw(t, "rows") {
				tid := page.TID{Block: page.BlockNumber(i), Offset: page.OffsetNumber(n + 1)}
				rows[i] = append(rows[i], tid)
				if bounded := high != nil && bytes.HasPrefix(high, k); bounded {
					require.ErrorIs(t, b.Add(k, tid), ErrWrongState)
					return
				}
				require.NoError(t, b.Add(k, tid))
			}
		}
		m, err := proto.Marshal(SpanToProto(b.Span()))
		require.NoError(t, err)
		var p pb.Span
		require.NoError(t, proto.Unmarshal(m, &p))
		s, err := SpanFromProto(&p)
		require.NoError(t, err)
		require.Equal(t, []any{page.BlockNumber(7), page.LSN(9), len(keys)}, []any{s.Block, s.Version, s.Len()})
		for i, k := range keys {
			require.Equal(t, k, s.Key(i))
			require.Equal(t, rows[i], s.AppendTIDs(nil, i, i+1))
		}
		prefix := some.Draw(t, "prefix")
		var want []page.TID
		for i, k := range keys {
			if bytes.HasPrefix(k, prefix) {
				want = append(want, rows[i]...)
			}
		}
		i, j := s.Find(prefix)
		require.Equal(t, want, s.AppendTIDs(nil, i, j))
		require.Equal(t, len(want), s.Rows(i, j))
	})
}

// The builder refuses what the host would, so that the author hears of it.
func TestSpanBuilderRefuses(t *testing.T) {
	at := func(n int) page.TID { return page.TID{Block: 1, Offset: page.OffsetNumber(n)} }
	b := NewSpanBuilder(1, 1, []byte("b"), []byte("xa"))
	require.NoError(t, b.Add([]byte("c"), at(2)))
	for _, c := range []struct {
		key string
		tid page.TID
	}{{"a", at(3)}, {"bb", at(3)}, {"c", at(2)}, {"c", at(1)}, {"", at(3)}, {"x", at(3)}, {"xa", at(3)}, {"z", at(3)}, {"d", page.TID{}}} {
		require.ErrorIs(t, b.Add([]byte(c.key), c.tid), ErrWrongState, "%q", c.key)
	}
	require.NoError(t, b.Add([]byte("c"), at(3)))
	require.Equal(t, 2, b.Span().Rows(0, 1))
	for n := range MaxSpan {
		require.NoError(t, b.Add(append(bytes.Repeat([]byte("d"), 100), byte(n>>8), byte(n)), at(1)))
	}
	require.Nil(t, b.Span()) // too long
	require.Nil(t, SpanToProto(nil))
}

// What a span looks like in a message.
func TestSpanBytes(t *testing.T) {
	b := NewSpanBuilder(1, 2, nil, nil)
	require.NoError(t, b.Add([]byte("ab"), page.TID{Block: 3, Offset: 4}))
	require.NoError(t, b.Add([]byte("ab"), page.TID{Block: 3, Offset: 5}))
	require.NoError(t, b.Add([]byte("c"), page.TID{Block: 0x01020304, Offset: 6}))
	require.Equal(t, "02000200"+"03000300"+"6162"+"63"+"030000000400"+"030000000500"+"040302010600", hex.EncodeToString(SpanToProto(b.Span()).Packed))
}

// FuzzSpan decodes whatever a plugin may call a span. What is accepted can be searched for anything, and says of each of its keys that it covers it.
func FuzzSpan(f *testing.F) {
	b := NewSpanBuilder(1, 2, []byte("a"), []byte("x"))
	for _, k := range []string{"ab", "b", "bc"} {
		if err := b.Add([]byte(k), page.TID{Block: 1, Offset: 2}); err != nil {
			f.Fatal(err)
		}
	}
	p := SpanToProto(b.Span())
	f.Add(p.Low, p.High, false, p.Count, p.Packed, []byte("b"))
	f.Add([]byte{}, []byte{}, true, uint32(0), []byte{}, []byte("b"))
	f.Fuzz(func(t *testing.T, low, high []byte, endless bool, count uint32, packed, find []byte) {
		s, err := SpanFromProto(&pb.Span{Version: 1, Low: low, High: high, Endless: endless, Count: count, Packed: packed})
		if err != nil {
			return
		}
		i, j := s.Find(find)
		if rows := s.AppendTIDs(nil, i, j); len(rows) != s.Rows(i, j) {
			t.Fatalf("%d rows, said to be %d", len(rows), s.Rows(i, j))
		}
		for k := range s.Len() {
			if i, j := s.Find(s.Key(k)); !s.Covers(s.Key(k)) || i != k || j <= i {
				t.Fatalf("key %x is found at %d to %d", s.Key(k), i, j)
			}
		}
	})
}
