package page

import (
	"encoding/hex"
	"hash/crc32"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSealCoversContentPlaceAndLSN(t *testing.T) {
	tag := Tag{RelFile{16384, MainFork}, 7}
	p := itemPage(rand.New(rand.NewSource(1)), 20, 30)
	p.Seal(tag, 42, p.ContentCRC())
	require.NoError(t, p.Verify(tag))
	require.Equal(t, LSN(42), p.LSN())

	for _, other := range []Tag{{RelFile{16385, MainFork}, 7}, {RelFile{16384, InitFork}, 7}, {RelFile{16384, MainFork}, 8}} {
		var corrupt *CorruptError
		require.ErrorAs(t, p.Verify(other), &corrupt, "a misdirected write")
		require.Equal(t, other, corrupt.Tag)
	}
	for bit := range Size * 8 {
		p[bit/8] ^= 1 << (bit % 8)
		require.Error(t, p.Verify(tag), "bit %d", bit)
		p[bit/8] ^= 1 << (bit % 8)
	}
	require.NoError(t, p.Verify(tag))
}

func TestSealIsOneCRC(t *testing.T) {
	p := itemPage(rand.New(rand.NewSource(1)), 20, 30)
	p.Seal(Tag{RelFile{0x01020304, 5}, 0x06070809}, 0x1122334455667788, p.ContentCRC())
	all := append(append([]byte(nil), p[ContentStart:]...),
		4, 3, 2, 1, 5, 9, 8, 7, 6, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11)
	require.Equal(t, crc32.Checksum(all, crc32.MakeTable(crc32.Castagnoli)), p.Checksum())
}

// TestHeaderBytes fixes the on-disk header and the checksum.
func TestHeaderBytes(t *testing.T) {
	e := NewEditor(New())
	check(e.Init(8, 5))
	check(e.InsertItem(1, []byte("item")))
	p := e.Page()
	p.Seal(Tag{RelFile{16384, MainFork}, 7}, 0x1000028, p.ContentCRC())
	require.Equal(t, "2800000100000000"+"c51d8050"+"0500"+"1c00"+"f01f"+"f81f"+"0120"+"0000"+"f09f0800",
		hex.EncodeToString(p[:28]))
	require.Equal(t, "6974656d00000000", hex.EncodeToString(p[8176:8184]))
}

func TestZeroPageIsValid(t *testing.T) {
	p := New()
	require.True(t, p.IsNew())
	require.NoError(t, p.Verify(Tag{}))
	require.NoError(t, p.Validate())
	require.Zero(t, p.NumItems())
	require.Zero(t, p.FreeSpace())
	require.Empty(t, p.SpecialArea())
	_, ok := p.Item(1)
	require.False(t, ok)

	p[5000] = 1
	require.Error(t, p.Verify(Tag{}))
	require.ErrorIs(t, p.Validate(), ErrLayout)
	require.ErrorIs(t, New()[:100].Validate(), ErrLayout)
	require.Error(t, New()[:100].Verify(Tag{}))
}

func TestFreeSpaceIsWhatFits(t *testing.T) {
	for special := range 100 {
		e := NewEditor(New())
		check(e.Init(special, 0))
		for _, n := range []int{1, 7, 8, 9, 100, 2000} {
			check(e.InsertItem(1, make([]byte, n)))
		}
		n := e.Page().FreeSpace()
		require.ErrorIs(t, e.InsertItem(1, make([]byte, n+1)), ErrNoSpace)
		require.NoError(t, e.InsertItem(1, make([]byte, n)))
		require.Zero(t, e.Page().FreeSpace())
	}
	e := NewEditor(New())
	check(e.Init(0, 0))
	require.Equal(t, MaxItemSize, e.Page().FreeSpace())
	check(e.Init(8, FlagArray))
	require.Equal(t, Size-HeaderSize-8, e.Page().FreeSpace())
}

func TestValidateRefuses(t *testing.T) {
	good := itemPage(rand.New(rand.NewSource(1)), 20, 30)
	require.NoError(t, good.Validate())
	id := good.itemID(3)
	for name, spoil := range map[string]func(p Page){
		"lower below the header":    func(p Page) { p.setU16(offLower, HeaderSize-4) },
		"lower above upper":         func(p Page) { p.setU16(offLower, p.Upper()+4) },
		"upper above special":       func(p Page) { p.setU16(offUpper, p.Special()+8) },
		"special beyond the page":   func(p Page) { p.setU16(offSpecial, Size+8) },
		"special not aligned":       func(p Page) { p.setU16(offSpecial, p.Special()+4) },
		"lower cuts a line pointer": func(p Page) { p.setU16(offLower, p.Lower()+2) },
		"version":                   func(p Page) { p.setU16(offVersion, Size|2) },
		"reserved":                  func(p Page) { p.setU16(offReserved, 1) },
		"hole":                      func(p Page) { p[p.Upper()-1] = 1 },
		"item in the hole":          func(p Page) { p.setItemID(3, makeItemID(p.Upper()-8, ItemNormal, 8)) },
		"item in the special area":  func(p Page) { p.setItemID(3, makeItemID(p.Special()-8, ItemNormal, 9)) },
		"item not aligned":          func(p Page) { p.setItemID(3, makeItemID(id.Offset()+4, ItemNormal, 8)) },
		"items overlap":             func(p Page) { p.setItemID(3, p.itemID(4)) },
		"item without bytes":        func(p Page) { p.setItemID(3, makeItemID(id.Offset(), ItemNormal, 0)) },
		"unused with length":        func(p Page) { p.setItemID(3, makeItemID(0, ItemUnused, 8)) },
		"unused with offset":        func(p Page) { p.setItemID(3, makeItemID(8, ItemUnused, 0)) },
		"redirect to nowhere":       func(p Page) { p.setItemID(3, makeItemID(21, ItemRedirect, 0)) },
		"redirect with length":      func(p Page) { p.setItemID(3, makeItemID(2, ItemRedirect, 1)) },
	} {
		t.Run(name, func(t *testing.T) {
			p := append(Page(nil), good...)
			spoil(p)
			require.ErrorIs(t, p.Validate(), ErrLayout)
		})
	}
	p := append(Page(nil), good...)
	p.setItemID(3, makeItemID(2, ItemRedirect, 0))
	p.setItemID(4, makeItemID(0, ItemDead, 0))
	p.setItemID(5, makeItemID(p.itemID(5).Offset(), ItemDead, 30))
	p.setItemID(6, 0)
	require.NoError(t, p.Validate())
}

func TestItem(t *testing.T) {
	e := NewEditor(New())
	check(e.Init(8, 3))
	check(e.InsertItem(1, []byte("second")))
	check(e.InsertItem(1, []byte("first")))
	check(e.SetSpecial(2, []byte("owner")))
	p := e.Page()
	b, ok := p.Item(1)
	require.True(t, ok)
	require.Equal(t, "first", string(b))
	require.Equal(t, 2, p.NumItems())
	require.Equal(t, "\x00\x00owner\x00", string(p.SpecialArea()))
	require.Equal(t, uint16(3), p.Flags())
	for _, off := range []OffsetNumber{0, 3, 65535} {
		_, ok := p.Item(off)
		require.False(t, ok)
		require.Zero(t, p.ItemID(off))
	}
	check(e.DeleteItems([]OffsetNumber{1}, true))
	_, ok = p.Item(1)
	require.False(t, ok)
	require.Equal(t, ItemUnused, p.ItemID(1).Flags())
}
