package page

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// randomBase draws the page that edits start from: new, empty, with items, or with an array.
func randomBase(t *rapid.T) Page {
	e := NewEditor(New())
	switch rapid.SampledFrom([]string{"new", "empty", "items", "array", "metapage"}).Draw(t, "base") {
	case "empty":
		must(t, e.Init(rapid.IntRange(0, 64).Draw(t, "special"), uint16(rapid.IntRange(0, 7).Draw(t, "flags"))))
	case "items":
		must(t, e.Init(rapid.SampledFrom([]int{0, 8, 16}).Draw(t, "special"), 0))
		size := rapid.IntRange(1, 200).Draw(t, "item size")
		for range rapid.IntRange(0, 400).Draw(t, "items") {
			n := size
			if rapid.IntRange(0, 3).Draw(t, "odd") == 0 {
				n = rapid.IntRange(1, 300).Draw(t, "odd size")
			}
			at := rapid.IntRange(1, e.Page().NumItems()+1).Draw(t, "at")
			if err := e.InsertItem(OffsetNumber(at), randomBytes(t, n)); err != nil {
				require.ErrorIs(t, err, ErrNoSpace)
				break
			}
		}
	case "array":
		must(t, e.Init(8, FlagArray))
		width := rapid.IntRange(1, 20).Draw(t, "width")
		must(t, e.ArrayInsert(HeaderSize, width, 0, 0, randomBytes(t, width*rapid.IntRange(0, 400).Draw(t, "count"))))
	case "metapage":
		must(t, e.Init(0, FlagArray))
		must(t, e.SetBounds(Size, Size))
		must(t, e.Write(HeaderSize, randomBytes(t, 100)))
	}
	p := New()
	copy(p, e.Page())
	return p
}

func randomBytes(t *rapid.T, n int) []byte {
	seed := rapid.Uint32().Draw(t, "seed")
	b := make([]byte, n)
	for i := range b {
		seed = seed*1664525 + 1013904223
		b[i] = byte(seed >> 24)
	}
	return b
}

func must(t require.TestingT, err error) { require.NoError(t, err) }

// randomEdit does something to the page, mostly something legal. Errors are of the documented kinds.
func randomEdit(t *rapid.T, e *Editor) {
	p := e.Page()
	var before [Size]byte
	copy(before[:], p)
	num := func(lo, hi int, name string) int { return rapid.IntRange(lo, max(lo, hi)).Draw(t, name) }
	place := func() int {
		if rapid.Bool().Draw(t, "low") {
			return num(HeaderSize, p.Lower(), "place")
		}
		return num(p.Upper(), Size-1, "place")
	}
	offsets := func() (out []OffsetNumber) {
		step := num(1, 20, "step")
		for o := num(1, 40, "first"); o <= p.NumItems(); o += num(1, step, "gap") {
			out = append(out, OffsetNumber(o))
		}
		return out
	}
	var err error
	switch op := rapid.IntRange(0, 17).Draw(t, "op"); op {
	case 0:
		err = e.Write(place(), randomBytes(t, num(0, 100, "n")))
	case 1:
		err = e.Move(place(), place(), num(0, 200, "n"))
	case 2:
		err = e.Fill(place(), num(0, 200, "n"), byte(num(0, 2, "byte")))
	case 3, 4, 5:
		err = e.InsertItem(OffsetNumber(num(1, p.NumItems()+1, "at")), randomBytes(t, num(1, 200, "n")))
	case 6, 7:
		err = e.PutItem(OffsetNumber(num(1, p.NumItems()+1, "at")), randomBytes(t, num(1, 200, "n")))
	case 8, 9:
		err = e.DeleteItems(offsets(), rapid.Bool().Draw(t, "keep slots"))
	case 10, 11:
		at := OffsetNumber(num(1, p.NumItems(), "at"))
		n := p.ItemID(at).Length()
		if rapid.Bool().Draw(t, "resize") {
			n = num(1, 300, "n")
		}
		err = e.OverwriteItem(at, randomBytes(t, n))
	case 12, 13:
		width := num(1, 20, "width")
		count := (p.Lower() - HeaderSize) / width
		base := p.Lower() - count*width
		err = e.ArrayInsert(base, width, count, num(0, count, "index"), randomBytes(t, width*num(0, 4, "k")))
	case 14:
		width := num(1, 20, "width")
		count := num(0, (p.Lower()-HeaderSize)/width, "count")
		var idx []int
		step := num(1, 20, "step")
		for i := num(0, 9, "first"); i < count; i += num(1, step, "gap") {
			idx = append(idx, i)
		}
		err = e.ArrayDelete(HeaderSize, width, count, idx)
	case 15:
		err = e.SetFlags(p.Flags() ^ uint16(num(0, 3, "flags")))
	case 16:
		if rapid.Bool().Draw(t, "bounds") {
			err = e.SetBounds(p.Lower()+num(0, 8, "lower"), p.Upper()-num(0, 16, "upper"))
		} else {
			err = e.SetSpecial(num(0, 8, "off"), randomBytes(t, 4))
		}
	case 17:
		switch num(0, 3, "rare") {
		case 0:
			err = e.Init(num(0, 16, "special"), uint16(num(0, 1, "array"))*FlagArray)
		case 1:
			off := place()
			if e.Fill(off, stampSize, 0) == nil {
				must(t, e.StampLSN(off))
			}
		}
	}
	if err != nil {
		require.True(t, p.sameContent(before[:]), "an edit that fails changes nothing")
		require.True(t, errors.Is(err, ErrNoSpace) || errors.Is(err, ErrArgument) || errors.Is(err, ErrLayout), "%v", err)
	}
}

// checkLogged is rule P3 for the list of edits, whichever form Change chose.
func checkLogged(t require.TestingT, base Page, e *Editor) {
	if e.compare {
		return
	}
	const lsn = LSN(7)
	want, got := New(), New()
	copy(want, e.Page())
	for _, off := range e.stamps {
		require.NoError(t, want.stamp(int(off), lsn))
	}
	copy(got, base)
	require.NoError(t, got.applyEdits(e.logged, lsn))
	require.True(t, got.sameContent(want), "edits")
	if !e.reinit && !e.fresh {
		require.NoError(t, got.undoEdits(e.logged, lsn))
		require.True(t, got.sameContent(base), "edits backwards")
	}
}

// checkChange is rule P3, with the transport of the edits beside it.
func checkChange(t require.TestingT, base Page, e *Editor, force bool) (Change, bool) {
	const lsn = LSN(0x1122334455667788)
	checkLogged(t, base, e)
	forward, canForward := e.ForwardEdits()
	forward = append([]byte(nil), forward...)
	c, changed := e.Change(force)
	want := New()
	copy(want, e.Page())
	if !changed {
		require.True(t, base.sameContent(want))
		return c, false
	}
	c.Payload = append([]byte(nil), c.Payload...)
	require.LessOrEqual(t, len(c.Payload), imageSize(want)+stampsSize(e.stamps))
	lower, upper, _ := want.hole()
	require.True(t, isZero(want[lower:upper]), "P2")
	e.Stamp(lsn)
	copy(want, e.Page())

	got := New()
	copy(got, base)
	got.SetLSN(99)
	require.NoError(t, c.Apply(got, lsn))
	require.Equal(t, LSN(99), got.LSN(), "P1")
	require.True(t, got.sameContent(want), "apply of %v", c.Mode)
	if c.Barrier {
		require.ErrorIs(t, c.Undo(got, lsn), ErrBarrier)
	} else {
		require.NoError(t, c.Undo(got, lsn))
		require.True(t, got.sameContent(base), "undo of %v", c.Mode)
	}
	if canForward {
		host := NewEditor(base)
		require.NoError(t, host.Replay(forward))
		hc, _ := host.Change(force)
		require.Equal(t, c, hc)
		host.Stamp(lsn)
		require.True(t, host.Page().sameContent(want))
	}
	return c, true
}

func TestRandomEdits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := randomBase(t)
		e := NewEditor(base)
		for range rapid.IntRange(0, 20).Draw(t, "edits") {
			if e.Page().IsNew() && rapid.Bool().Draw(t, "init") {
				must(t, e.Init(8, 0))
			}
			randomEdit(t, e)
			if rapid.IntRange(0, 60).Draw(t, "raw") == 0 {
				copy(e.Raw()[rapid.IntRange(0, Size-1).Draw(t, "at"):], randomBytes(t, 50))
			}
		}
		checkChange(t, base, e, rapid.IntRange(0, 20).Draw(t, "force") == 0)
	})
}
