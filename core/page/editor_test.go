package page

import (
	"errors"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReplaceImage(t *testing.T) {
	base := itemPage(rand.New(rand.NewSource(1)), 20, 30)
	base.Seal(Tag{}, 42, base.ContentCRC())
	img := itemPage(rand.New(rand.NewSource(2)), 25, 30)
	img.SetLSN(666)
	copy(img[img.Lower():], "rubbish in the hole")

	e := NewEditor(base)
	check(e.InsertItem(1, []byte("dropped")))
	e.ReplaceImage(img)
	_, ok := e.ForwardEdits()
	require.False(t, ok)
	c, _ := checkChange(t, base, e, false)
	require.NotEqual(t, ModeEdits, c.Mode)
	require.Equal(t, LSN(42), e.Page().LSN(), "P1")
	require.Equal(t, base.Checksum(), e.Page().Checksum(), "P1")
	require.NoError(t, e.Page().Validate(), "the hole is zeroed")
}

func TestNothingChanged(t *testing.T) {
	base := itemPage(rand.New(rand.NewSource(1)), 20, 30)
	e := NewEditor(base)
	for _, force := range []bool{false, true} {
		_, changed := e.Change(force)
		require.False(t, changed)
	}
	check(e.SetFlags(7)) // there and back
	check(e.SetFlags(0))
	e.Page().SetLSN(5)
	_, changed := e.Change(false)
	require.False(t, changed)
	_, changed = e.Change(true)
	require.False(t, changed)
	e.Raw()
	_, changed = e.Change(false)
	require.False(t, changed)
}

// TestLongLists: what no record would take is not kept.
func TestLongLists(t *testing.T) {
	base := New()
	e := NewEditor(base)
	check(e.Init(0, FlagArray))
	check(e.SetBounds(Size, Size))
	b := make([]byte, 4000)
	rng := rand.New(rand.NewSource(1))
	for range 40 {
		rng.Read(b)
		check(e.Write(HeaderSize, b))
		check(e.Move(4100, HeaderSize, 4000))
	}
	require.LessOrEqual(t, cap(e.logged), 4*maxLogged)
	require.LessOrEqual(t, cap(e.forward), 4*MaxForward)
	_, ok := e.ForwardEdits()
	require.False(t, ok, "the image is shorter")
	c, _ := checkChange(t, base, e, false)
	require.NotEqual(t, ModeEdits, c.Mode)

	require.ErrorIs(t, e.Replay(make([]byte, MaxForward+1)), ErrMalformed)
	check(e.Init(0, 0)) // makes everything before it moot
	_, ok = e.ForwardEdits()
	require.True(t, ok)
	c, _ = checkChange(t, base, e, false)
	require.Equal(t, ModeEdits, c.Mode)
}

func TestStampedPlaceIsFinal(t *testing.T) {
	base := itemPage(rand.New(rand.NewSource(1)), 20, 30)
	special := base.Special()
	e := NewEditor(base)
	require.ErrorIs(t, e.StampLSN(special-32), ErrArgument, "not zero")
	require.ErrorIs(t, e.StampLSN(base.Lower()), ErrArgument, "in the hole")
	require.ErrorIs(t, e.StampLSN(8), ErrArgument, "in the header")
	check(e.StampLSN(special))
	require.ErrorIs(t, e.StampLSN(special+1), ErrArgument)
	require.ErrorIs(t, e.SetSpecial(7, []byte("x")), ErrArgument)
	require.ErrorIs(t, e.Fill(special, 16, 0), ErrArgument)
	require.ErrorIs(t, e.Move(special+8, special, 8), ErrArgument)
	require.ErrorIs(t, e.Init(8, 0), ErrArgument)
	check(e.SetSpecial(8, []byte("beside")))
	check(e.InsertItem(1, []byte("elsewhere")))
	c, _ := checkChange(t, base, e, false)
	require.True(t, c.Stamped)

	e.Reset(base) // a stamp alone is a change, in every form
	check(e.StampLSN(special))
	c, changed := checkChange(t, base, e, false)
	require.True(t, changed)
	require.Equal(t, ModeEdits, c.Mode)
	e.Reset(base)
	check(e.StampLSN(special))
	c, changed = e.Change(true)
	require.True(t, changed && c.Stamped)
	p := append(Page(nil), base...)
	check(c.Apply(p, 0x55))
	require.Equal(t, byte(0x55), p[special])
	e.Raw()
	c, _ = checkChange(t, base, e, false)
	require.Equal(t, ModeDiff, c.Mode)
	require.True(t, c.Stamped)
}

// TestUnpackedPages: items with gaps between them, as raw writing leaves them, can be edited; the pages are compared.
func TestUnpackedPages(t *testing.T) {
	base := itemPage(rand.New(rand.NewSource(1)), 20, 32)
	base.setItemID(7, makeItemID(base.itemID(7).Offset(), ItemNormal, 10)) // leaves a gap
	base.setItemID(9, makeItemID(base.itemID(9).Offset(), ItemNormal, 9))
	require.NoError(t, base.Validate())
	var order itemOrder
	require.False(t, base.packed(&order))
	for _, keep := range []bool{false, true} {
		e := NewEditor(base)
		check(e.DeleteItems([]OffsetNumber{2, 7, 11}, keep))
		check(e.OverwriteItem(9, make([]byte, 100)))
		require.NoError(t, e.Page().Validate())
		want, _ := base.Item(20)
		off := OffsetNumber(17)
		if keep {
			off = 20
		}
		got, ok := e.Page().Item(off)
		require.True(t, ok)
		require.Equal(t, want, got)
		c, _ := checkChange(t, base, e, false)
		require.NotEqual(t, ModeEdits, c.Mode)
	}
}

func TestReplayNamesTheEdit(t *testing.T) {
	base := itemPage(rand.New(rand.NewSource(1)), 20, 32)
	author := NewEditor(base)
	check(author.InsertItem(1, []byte("fine")))
	list, _ := author.ForwardEdits()
	for _, tc := range []struct {
		tail string
		is   error
		want string
	}{
		{"\x04\x63\x01x", ErrArgument, "edit 1 (insert): edit argument: insert at 99, the page has 21 items"},
		{"\x01\x02\x01x", ErrArgument, "edit 1 (write): edit argument: bytes [2,3) do not lie in [24,8192)"},
		{"\x04\x01\xff", ErrMalformed, "edit 1 (insert): malformed page change: bad number, 1 bytes left"},
		{"\x04\x01\x05x", ErrMalformed, "edit 1 (insert): malformed page change: truncated, 1 bytes left"},
		{"\x1f", ErrMalformed, "edit 1 (code 31): malformed page change: unknown edit code 0x1f, 0 bytes left"},
		{"\x81", ErrMalformed, "edit 1 (write): malformed page change: unknown edit code 0x81, 0 bytes left"},
		{"\x0d\xff\x3f\x00", ErrArgument, "edit 1 (init): edit argument: special area of 8191 bytes, at most 8168 fit"},
	} {
		e := NewEditor(base)
		err := e.Replay(append(append([]byte(nil), list...), tc.tail...))
		var edit *EditError
		require.ErrorAs(t, err, &edit)
		require.ErrorIs(t, err, tc.is)
		require.EqualError(t, err, tc.want)
	}
}

// TestWrongPage: a change made for one page does not go through on another, as far as it can tell.
func TestWrongPage(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	base, other := itemPage(rng, 20, 32), itemPage(rng, 20, 32)
	for name, edit := range map[string]func(e *Editor) error{
		"delete":  func(e *Editor) error { return e.DeleteItems([]OffsetNumber{3}, false) },
		"free":    func(e *Editor) error { return e.DeleteItems([]OffsetNumber{3}, true) },
		"resize":  func(e *Editor) error { return e.OverwriteItem(3, make([]byte, 50)) },
		"move":    func(e *Editor) error { return e.Move(e.Page().Upper(), e.Page().Upper()+200, 100) },
		"bounds":  func(e *Editor) error { return e.SetBounds(e.Page().Lower(), e.Page().Lower()) },
		"no item": func(e *Editor) error { return e.InsertItem(21, []byte("x")) },
	} {
		e := NewEditor(base)
		require.NoError(t, edit(e), name)
		p := append(Page(nil), other...)
		if name == "no item" || name == "bounds" {
			p = New()
		}
		err := p.applyEdits(e.logged, 0)
		require.ErrorIs(t, err, ErrLayout, name)
		require.True(t, errors.As(err, new(*EditError)), name)
	}
	c := Change{Mode: 9}
	require.ErrorIs(t, c.Apply(New(), 0), ErrMalformed)
	require.ErrorIs(t, c.Undo(New(), 0), ErrMalformed)
	require.ErrorIs(t, c.Apply(nil, 0), ErrLayout)
	require.ErrorIs(t, c.Undo(nil, 0), ErrLayout)
}

func TestBareLinePointers(t *testing.T) {
	e := NewEditor(New())
	require.NoError(t, e.Init(0, 0))
	for i := range 3 {
		require.NoError(t, e.InsertItem(OffsetNumber(i+1), []byte("item")))
	}
	base := e.Page()
	e = NewEditor(base)
	require.ErrorIs(t, e.SetDead(1), ErrArgument)
	require.ErrorIs(t, e.SetRedirect(1, 2), ErrArgument)
	require.NoError(t, e.DeleteItems([]OffsetNumber{1, 2}, true))
	require.ErrorIs(t, e.SetRedirect(1, 4), ErrArgument)
	require.ErrorIs(t, e.SetDead(4), ErrArgument)
	require.NoError(t, e.SetRedirect(1, 3))
	require.NoError(t, e.SetDead(2))
	p := e.Page()
	require.NoError(t, p.Validate())
	require.Equal(t, ItemRedirect, p.ItemID(1).Flags())
	require.Equal(t, 3, p.ItemID(1).Offset())
	require.Equal(t, ItemDead, p.ItemID(2).Flags())
	c, changed := e.Change(false)
	require.True(t, changed)
	redone := append(Page(nil), base...)
	require.NoError(t, c.Apply(redone, 5))
	require.Equal(t, p[ContentStart:], redone[ContentStart:])
	require.NoError(t, c.Undo(redone, 5))
	require.Equal(t, base[ContentStart:], redone[ContentStart:])
}
