package wire

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// Every code has a sentinel, and an error made of it is found again by errors.Is after the trip.
func TestErrorsCross(t *testing.T) {
	for n, name := range pb.Code_name {
		code := pb.Code(n)
		if code == pb.Code_UNKNOWN {
			continue
		}
		sentinel := sentinels[code]
		require.NotNil(t, sentinel, name)
		sent := fmt.Errorf("while testing: %w", sentinel)
		m := ErrorToProto(sent)
		require.Equal(t, code, m.GetCode())
		b, err := proto.Marshal(m)
		require.NoError(t, err)
		var got pb.Error
		require.NoError(t, proto.Unmarshal(b, &got))
		back := ErrorFromProto(&got)
		require.ErrorIs(t, back, sentinel)
		require.Equal(t, sent.Error(), back.Error())
		for other, s := range sentinels {
			require.Equal(t, other == code, errors.Is(back, s), "%v as %v", code, other)
		}
		require.ErrorIs(t, fmt.Errorf("again: %w", back), sentinel)
	}
	require.Equal(t, pb.Code_UNKNOWN, CodeOf(errors.New("something else")))
	require.NotErrorIs(t, ErrorFromProto(&pb.Error{Code: 999, Message: "new"}), ErrConflict)
	require.ErrorIs(t, ErrorFromProto(ErrorToProto(context.Canceled)), context.Canceled)

	e := Errorf(ErrInvalidValue, "bad %d", 7)
	e.Detail, e.Hint, e.SQLState, e.Block, e.HasBlock = "d", "h", "22023", 3, true
	back := ErrorFromProto(ErrorToProto(fmt.Errorf("outer: %w", e)))
	require.Equal(t, "outer: bad 7", back.Message)
	back.Message = e.Message
	require.Equal(t, e, back)
}

func TestCleanText(t *testing.T) {
	require.Equal(t, "a b?[31mc d??", CleanText("a\nb\x1b[31mc\td\xff\u202e"))
	long := CleanText(strings.Repeat("é", MaxText))
	require.LessOrEqual(t, len(long), MaxText)
	require.True(t, utf8.ValidString(long))
	rapid.Check(t, func(t *rapid.T) {
		s := CleanText(string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")))
		if strings.ContainsAny(s, "\x00\x1b\r\n\x7f") || !utf8.ValidString(s) {
			t.Fatalf("%q", s)
		}
	})
}

func TestValues(t *testing.T) {
	at := time.Date(2026, 7, 8, 9, 10, 11, 12000, time.UTC)
	b, err := Bool(OfBool(true))
	require.True(t, err == nil && b)
	i2, err := Int2(OfInt2(-7))
	require.True(t, err == nil && i2 == -7)
	i4, err := Int4(OfInt4(math.MinInt32))
	require.True(t, err == nil && i4 == math.MinInt32)
	i8, err := Int8(OfInt8(math.MaxInt64))
	require.True(t, err == nil && i8 == math.MaxInt64)
	f8, err := Float8(OfFloat8(-0.5))
	require.True(t, err == nil && f8 == -0.5)
	f4, err := Float4(Value{0x3f, 0x80, 0, 0})
	require.True(t, err == nil && f4 == 1)
	tz, err := Timestamptz(OfTimestamptz(at))
	require.True(t, err == nil && tz.Equal(at), tz)
	d, err := Date(OfInt4(366))
	require.True(t, err == nil && d.Equal(time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)), d)
	s, err := Text(OfText(""))
	require.True(t, err == nil && s == "" && !OfText("").IsNull())
	u, err := UUID(make(Value, 16))
	require.True(t, err == nil && u == [16]byte{})

	_, err = Int4(nil)
	require.ErrorIs(t, err, ErrInvalidValue)
	require.ErrorContains(t, err, "NULL")
	_, err = Int4(Value{1})
	require.ErrorContains(t, err, "int4 of 1 bytes, it has 4")
	_, err = Text(nil)
	require.ErrorIs(t, err, ErrInvalidValue)
	for _, fn := range []func(Value) error{
		func(v Value) error { _, err := Bool(v); return err }, func(v Value) error { _, err := Int2(v); return err },
		func(v Value) error { _, err := Int8(v); return err }, func(v Value) error { _, err := Float4(v); return err },
		func(v Value) error { _, err := Float8(v); return err }, func(v Value) error { _, err := UUID(v); return err },
		func(v Value) error { _, err := Date(v); return err }, func(v Value) error { _, err := Timestamptz(v); return err },
	} {
		require.ErrorIs(t, fn(Value{1, 2, 3}), ErrInvalidValue)
	}
}

func genTID(t *rapid.T) page.TID {
	return page.TID{Block: page.BlockNumber(rapid.Uint32().Draw(t, "block")), Offset: page.OffsetNumber(rapid.Uint16().Draw(t, "offset"))}
}

func genValue(t *rapid.T) Value {
	if rapid.Bool().Draw(t, "null") {
		return nil
	}
	return append(Value{}, rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "value")...)
}

func TestRowsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(0, MaxColumns).Draw(t, "columns")
		var packed []byte
		want := make([]Row, rapid.IntRange(0, 20).Draw(t, "rows"))
		for i := range want {
			want[i] = Row{TID: genTID(t), Values: make([]Value, columns)}
			for c := range want[i].Values {
				want[i].Values[c] = genValue(t)
			}
			packed = AppendRow(packed, want[i].TID, want[i].Values)
		}
		got, err := DecodeRows(packed, len(want), columns)
		require.NoError(t, err)
		require.Equal(t, want, got)
		if len(packed) > 0 {
			_, err = DecodeRows(packed[:len(packed)-1], len(want), columns)
			require.ErrorIs(t, err, ErrProtocol)
			_, err = DecodeRows(packed, len(want)-1, columns)
			require.ErrorIs(t, err, ErrProtocol)
		}
	})
	_, err := DecodeRows(nil, 1<<40, 3)
	require.ErrorIs(t, err, ErrProtocol)
	_, err = DecodeRows(nil, 0, MaxColumns+1)
	require.ErrorIs(t, err, ErrProtocol)
}

func TestHitsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ordered := rapid.Bool().Draw(t, "ordered")
		want := make([]Hit, rapid.IntRange(0, 50).Draw(t, "hits"))
		var packed []byte
		var orderBy []float64
		for i := range want {
			want[i] = Hit{TID: genTID(t), Recheck: rapid.Bool().Draw(t, "recheck")}
			packed = AppendHit(packed, want[i].TID, want[i].Recheck)
			if ordered {
				want[i].OrderBy = rapid.Float64().Draw(t, "orderBy")
				orderBy = append(orderBy, want[i].OrderBy)
			}
		}
		got, err := DecodeHits(nil, packed, len(want), orderBy)
		require.NoError(t, err)
		require.Equal(t, append([]Hit(nil), want...), got)
	})
	one := AppendHit(nil, page.TID{Block: 1, Offset: 1}, false)
	for _, c := range []struct {
		packed  []byte
		count   int
		orderBy []float64
	}{
		{one, 2, nil}, {one, -1, nil}, {one, MaxHits + 1, nil}, {one[:6], 1, nil},
		{one, 1, []float64{1, 2}}, {one, 1, []float64{math.NaN()}}, {append(one[:6:6], 2), 1, nil},
	} {
		_, err := DecodeHits(nil, c.packed, c.count, c.orderBy)
		require.Error(t, err, c)
	}
}

func TestDeadSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := map[page.TID]bool{}
		d := NewDeadSet()
		for range rapid.IntRange(0, 200).Draw(t, "rows") {
			tid := page.TID{Block: page.BlockNumber(rapid.IntRange(0, 70000).Draw(t, "block")), Offset: page.OffsetNumber(rapid.IntRange(1, 300).Draw(t, "offset"))}
			want[tid] = true
			d.Add(tid)
		}
		b, err := d.MarshalBinary()
		require.NoError(t, err)
		got := NewDeadSet()
		require.NoError(t, got.UnmarshalBinary(b))
		require.Equal(t, len(want), got.Len())
		last := page.TID{}
		got.All(func(tid page.TID) bool {
			require.True(t, want[tid])
			require.True(t, got.Contains(tid))
			require.Positive(t, tid.Compare(last))
			last = tid
			return true
		})
		require.False(t, got.Contains(page.TID{Block: 70001, Offset: 1}))
	})
	n := 0
	NewDeadSet(page.TID{Offset: 1}, page.TID{Offset: 2}).All(func(page.TID) bool { n++; return false })
	require.Equal(t, 1, n)
	require.Error(t, NewDeadSet().UnmarshalBinary([]byte("nonsense")))
}

func TestDescriptionAndIndexRoundTrip(t *testing.T) {
	d := Description{
		Name: "bloom", Version: "1", Summary: "s", SDK: "x", Lanes: "/l", Lookups: 3,
		Options: []OptionDef{{Name: "o", Type: OptionInt, Default: "1", Min: 1, Max: 2, PerColumn: true, Values: []string{"a"}, Help: "h"}},
		Classes: []OpClass{{Name: "c", Type: TypeInt4, Operators: []string{"=", "<"}, Default: true, NoReturn: true}},
		Caps:    Capabilities{Unique: true, Ordered: true, Backward: true, BitmapOnly: true, SearchNulls: true, OrderByDistance: true, OptionalFirstKey: true, AnyEqual: true, ReturnKeys: true, Spans: true, MaxColumns: 3},
		Cost:    Cost{StartupPages: 1, PageFraction: 0.5, PerPage: 2, PerTuple: 3, FalsePositives: 0.25},
	}
	require.Equal(t, d, DescriptionFromProto(DescriptionToProto(d)))

	ix := IndexInfo{
		OID: 1, Name: "i", Rel: 2, Options: map[string]string{"a": "b"}, Unique: true, Unlogged: true,
		Columns: []Column{{Name: "c", Type: 23, OpClass: "o", Descending: true, NullsFirst: true}},
	}
	got, err := IndexFromProto(IndexToProto(ix))
	require.NoError(t, err)
	require.Equal(t, ix, got)
	_, err = IndexFromProto(nil)
	require.ErrorIs(t, err, ErrProtocol)
	_, err = IndexFromProto(&pb.Index{Columns: make([]*pb.Column, MaxColumns+1)})
	require.ErrorIs(t, err, ErrProtocol)

	scan := Scan{
		Keys: []ScanKey{
			{Column: 0, Operator: "=", Arg: OfText("")}, {Column: 1, Operator: IsNull}, {Column: 1, Operator: "<", Arg: OfInt4(1)},
			{Column: 0, Operator: AnyEqual, Args: []Value{OfText(""), OfText("a")}},
		},
		Backward: true, Return: []int{1, 0}, Limit: 7,
	}
	var call, back pb.Call
	ScanToProto(&call, scan)
	b, err := proto.Marshal(&call)
	require.NoError(t, err)
	require.NoError(t, proto.Unmarshal(b, &back))
	again, err := ScanFromProto(&back, 2)
	require.NoError(t, err)
	require.Equal(t, scan, again)
	_, err = ScanFromProto(&back, 1)
	require.ErrorIs(t, err, ErrProtocol)
	for _, bad := range []Scan{{Return: []int{2}}, {Return: make([]int, MaxColumns+1)}} {
		call := pb.Call{}
		ScanToProto(&call, bad)
		_, err = ScanFromProto(&call, 2)
		require.ErrorIs(t, err, ErrProtocol)
	}
}

func TestConflictsAndFates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []Conflict
		for row := rapid.IntRange(0, 3).Draw(t, "first"); row < 20; row += rapid.IntRange(1, 9).Draw(t, "step") {
			want = append(want, Conflict{Row: row, TID: genTID(t), XID: rapid.Uint64().Draw(t, "xid")})
		}
		got, err := DecodeConflicts(AppendConflicts(nil, want), 20)
		require.NoError(t, err)
		require.Equal(t, want, got)

		fates := make([]RowFate, rapid.IntRange(0, 20).Draw(t, "rows"))
		for i := range fates {
			if fates[i].State = RowState(rapid.IntRange(0, 2).Draw(t, "state")); fates[i].State == RowRunning {
				fates[i].XID = rapid.Uint64Min(1).Draw(t, "xid")
			}
		}
		verdicts, err := FatesFromProto(FatesToProto(fates), len(fates))
		require.NoError(t, err)
		require.Equal(t, fates, verdicts)
	})
	for _, bad := range [][]byte{
		make([]byte, conflictSize-1),
		AppendConflicts(nil, []Conflict{{Row: 3}}),
		AppendConflicts(nil, []Conflict{{Row: 1}, {Row: 1}}),
		AppendConflicts(nil, []Conflict{{Row: -1}}),
	} {
		_, err := DecodeConflicts(bad, 3)
		require.ErrorIs(t, err, ErrProtocol)
	}
	for _, bad := range []*pb.RowFatesReply{
		{States: []byte{0}}, {States: []byte{3, 0}}, {States: []byte{2, 0}}, {States: []byte{2, 0}, Xids: []uint64{0}},
		{States: []byte{1, 0}, Xids: []uint64{4}},
	} {
		_, err := FatesFromProto(bad, 2)
		require.ErrorIs(t, err, ErrProtocol)
	}
}

func TestHitValues(t *testing.T) {
	hits := make([]Hit, 2)
	packed := AppendValue(AppendValue(AppendValue(AppendValue(nil, OfInt4(1)), nil), OfText("")), OfText("x"))
	require.NoError(t, SetHitValues(hits, packed, 2))
	require.Equal(t, []Value{OfInt4(1), nil}, hits[0].Values)
	require.Equal(t, []Value{OfText(""), OfText("x")}, hits[1].Values)
	require.ErrorIs(t, SetHitValues(hits, packed, 1), ErrProtocol, "bytes are left")
	require.ErrorIs(t, SetHitValues(hits, packed, 3), ErrProtocol)
	require.ErrorIs(t, SetHitValues(hits, packed[:len(packed)-1], 2), ErrProtocol)
	require.ErrorIs(t, SetHitValues(hits, nil, 2), ErrProtocol)
}

func TestPageMessagesRoundTrip(t *testing.T) {
	refs := []PageRef{{Block: 3}, {Block: 4, Known: 9}, {Block: 5, Known: 10}}
	got, err := RefsFromProto(RefsToProto(refs))
	require.NoError(t, err)
	require.Equal(t, refs, got)
	got, err = RefsFromProto(RefsToProto(refs[:1]))
	require.NoError(t, err)
	require.Equal(t, refs[:1], got)

	p := page.New()
	p[page.HeaderSize] = 7
	reads := []PageRead{{Version: 1, Page: p}, {Version: 9, Unchanged: true}, {Version: 11, Page: page.New()}}
	back, err := ReadsFromProto(ReadsToProto(reads), refs)
	require.NoError(t, err)
	require.Equal(t, reads, back)
	for _, m := range []*pb.ReadReply{
		{}, {Versions: []uint64{1}}, {Versions: []uint64{1, 9, 11}, Unchanged: []bool{true, true, true}},
		{Versions: []uint64{1, 8, 11}, Unchanged: []bool{false, true, false}, Pages: make([]byte, 2*page.Size)},
		{Versions: []uint64{1, 9, 11}, Unchanged: []bool{false, true, false}, Pages: make([]byte, 2*page.Size-1)},
		{Versions: []uint64{1, 9, 11}, Unchanged: []bool{false, true, false}, Pages: make([]byte, 3*page.Size)},
		{Versions: []uint64{1, 9, 11}, Unchanged: []bool{false}},
	} {
		_, err := ReadsFromProto(m, refs)
		require.ErrorIs(t, err, ErrProtocol)
	}

	edits := []BlockEdit{
		{Block: 1, Version: 5, Forward: []byte{1, 2}, ConflictHorizon: 4}, {Block: 2, New: true, FullImage: true, Image: p},
	}
	for _, f := range []Finish{
		{Annotation: "note", Blocks: edits},
		{Blocks: edits, Last: true, Conflicts: []byte{1, 2}, Dead: []page.TID{{Block: 1, Offset: 2}}, DeadTo: []int{3}},
		{Blocks: edits[:1], Dead: []page.TID{{Block: 1, Offset: 2}, {Block: 1, Offset: 3}}},
	} {
		got, err := FinishFromProto(FinishToProto(f))
		require.NoError(t, err)
		require.Equal(t, f, got)
	}
	_, err = FinishFromProto(&pb.Finish{Dead: &pb.RowFates{Tids: []byte{1}}})
	require.ErrorIs(t, err, ErrProtocol)
	_, err = FinishFromProto(FinishToProto(Finish{Blocks: append(edits, edits[0])}))
	require.ErrorIs(t, err, ErrInvalidEdit)

	pages, err := PagesFrom(JoinPages([]page.Page{p, page.New()}), 2)
	require.NoError(t, err)
	require.Equal(t, []page.Page{p, page.New()}, pages)
	_, err = PagesFrom(make([]byte, 3*page.Size), 2)
	require.ErrorIs(t, err, ErrTooLarge)
	_, err = PagesFrom(make([]byte, 3), 2)
	require.ErrorIs(t, err, ErrProtocol)

	lsns, err := LSNsFrom(LSNs([]page.LSN{1, 2}), 2)
	require.NoError(t, err)
	require.Equal(t, []page.LSN{1, 2}, lsns)
	_, err = LSNsFrom(nil, 1)
	require.ErrorIs(t, err, ErrProtocol)
	tids := []page.TID{{Block: 1, Offset: 2}, {Block: 3, Offset: 4}}
	back2, err := DecodeTIDs(AppendTIDs(nil, tids), 2)
	require.NoError(t, err)
	require.Equal(t, tids, back2)
	_, err = DecodeTIDs(AppendTIDs(nil, tids), 1)
	require.ErrorIs(t, err, ErrTooLarge)
}

// A full reply to the largest Read fits into the message limit with room for the framing.
func TestLargestMessagesFit(t *testing.T) {
	reads := make([]PageRead, MaxReadPages)
	for i := range reads {
		reads[i] = PageRead{Version: math.MaxUint64, Page: page.New()}
	}
	require.LessOrEqual(t, proto.Size(&pb.HostMessage{Kind: &pb.HostMessage_Page{Page: &pb.PageReply{Kind: &pb.PageReply_Read{Read: ReadsToProto(reads)}}}}), MaxMessage)
	edits := make([]BlockEdit, MaxFinishBlocks)
	for i := range edits {
		edits[i] = BlockEdit{Block: page.BlockNumber(math.MaxUint32 - i), Version: math.MaxUint64, Image: page.New(), ConflictHorizon: math.MaxUint64}
	}
	require.LessOrEqual(t, proto.Size(FinishToProto(Finish{Annotation: strings.Repeat("x", MaxAnnotation), Blocks: edits})), MaxMessage)
	require.LessOrEqual(t, MaxBulkPages*page.Size+100, MaxMessage)
	require.LessOrEqual(t, MaxHits*(hitSize+9), MaxMessage)
}

func TestPlacesOfRows(t *testing.T) {
	rows, err := rowPlaces(nil, 2)
	require.NoError(t, err)
	require.Nil(t, rows)
	rows, err = rowPlaces([]uint32{3, 0}, 2)
	require.NoError(t, err)
	require.Equal(t, []int{3, 0}, rows)
	_, err = rowPlaces([]uint32{3}, 2)
	require.ErrorIs(t, err, ErrProtocol)
}
