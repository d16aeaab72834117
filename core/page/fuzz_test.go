package page

import (
	"encoding/binary"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"
)

// fuzzBases are the pages that fuzzed changes start from.
var fuzzBases = func() []Page {
	rng := rand.New(rand.NewSource(1))
	make := func(run func(e *Editor)) Page {
		e := NewEditor(New())
		run(e)
		return append(Page(nil), e.Page()...)
	}
	return []Page{
		New(),
		make(func(e *Editor) { check(e.Init(8, 0)) }),
		make(func(e *Editor) {
			check(e.Init(8, 0))
			for _, s := range []string{"bravo", "alpha", "delta", "a longer item than the others"} {
				check(e.InsertItem(1, []byte(s)))
			}
			check(e.DeleteItems([]OffsetNumber{2}, true))
		}),
		itemPage(rng, 300, 16),
		make(func(e *Editor) {
			check(e.Init(8, FlagArray))
			check(e.ArrayInsert(HeaderSize, 2, 0, 0, []byte("aabbccddeeff")))
		}),
		make(func(e *Editor) {
			check(e.Init(0, FlagArray))
			check(e.SetBounds(Size, Size))
			check(e.Write(100, []byte("metapage")))
		}),
	}
}()

func fuzzBase(kind byte) Page { return fuzzBases[int(kind)%len(fuzzBases)] }

// hasInit reports whether a logged list contains an Init: the one edit without a way back.
func hasInit(list []byte) bool {
	for d := (decoder{b: list}); len(d.b) > 0; {
		if ed, err := decodeLogged(&d); err != nil || ed.code == codeInit {
			return true
		}
	}
	return false
}

// FuzzApplyChange applies any bytes as a change. What is accepted keeps P1 and P2, and goes back.
func FuzzApplyChange(f *testing.F) {
	f.Add(byte(2), byte(0), []byte{4, 1, 5, 'h', 'e', 'l', 'l', 'o'})
	f.Fuzz(func(t *testing.T, kind, flags byte, payload []byte) {
		base := fuzzBase(kind)
		c := Change{Mode: Mode(flags & 3), NewPage: flags&4 != 0, Stamped: flags&8 != 0, Payload: payload}
		_ = c.String()
		p := append(Page(nil), base...)
		p.SetLSN(0x0102030405060708)
		if c.Apply(p, 77) != nil {
			return
		}
		require.Equal(t, LSN(0x0102030405060708), p.LSN(), "P1")
		require.Zero(t, p.Checksum(), "P1")
		require.NoError(t, p.checkHole(), "P2")
		if c.Mode == ModeImage && !c.NewPage || c.Mode == ModeEdits && hasInit(payload) {
			return
		}
		require.NoError(t, c.Undo(p, 77))
		if !c.NewPage {
			require.True(t, p.sameContent(base), "P3")
		}
	})
}

// FuzzReplay runs any bytes as a submitted list. What is accepted is logged, redone and undone exactly.
func FuzzReplay(f *testing.F) {
	f.Add(byte(2), []byte{4, 1, 5, 'h', 'e', 'l', 'l', 'o'})
	f.Fuzz(func(t *testing.T, kind byte, list []byte) {
		base := fuzzBase(kind)
		e := NewEditor(base)
		err := e.Replay(list)
		require.NoError(t, e.Page().checkHole(), "P2")
		require.LessOrEqual(t, cap(e.logged), 8*Size, "memory is bounded")
		if err != nil {
			return
		}
		require.Equal(t, LSN(0), e.Page().LSN(), "P1")
		checkChange(t, base, e, false)
	})
}

// FuzzValidate patches pages with triples (offset u16, byte). On what Validate accepts, edits work and go back.
func FuzzValidate(f *testing.F) {
	f.Add(byte(2), []byte{14, 0, 36})
	f.Fuzz(func(t *testing.T, kind byte, patches []byte) {
		base := append(Page(nil), fuzzBase(kind)...)
		for ; len(patches) >= 3; patches = patches[3:] {
			base[int(binary.LittleEndian.Uint16(patches))%Size] = patches[2]
		}
		err := base.Validate()
		for i := range OffsetNumber(base.NumItems() + 2) { // accessors are safe on anything
			_, _ = base.Item(i)
		}
		_, _, _ = base.FreeSpace(), base.SpecialArea(), base.Verify(Tag{})
		e := NewEditor(base)
		if n := base.NumItems(); n > 0 {
			_ = e.OverwriteItem(OffsetNumber(n), []byte("overwritten"))
			_ = e.DeleteItems([]OffsetNumber{OffsetNumber(n)}, false)
			_ = e.InsertItem(1, []byte("inserted"))
		}
		_ = e.ArrayInsert(HeaderSize, 2, max(0, base.Lower()-HeaderSize)/2, 0, []byte("zz"))
		if err == nil {
			require.NoError(t, e.Page().Validate())
			checkChange(t, base, e, false)
		}
	})
}
