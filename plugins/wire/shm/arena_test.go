package shm

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
)

func arenaBytes(frames int) []byte {
	const descriptors = 64
	pages := descriptors + frames*descriptor
	b := make([]byte, pages+frames*page.Size)
	copy(b, arenaMagic)
	le := binary.LittleEndian
	le.PutUint32(b[8:], arenaVersion)
	le.PutUint32(b[12:], page.Size)
	le.PutUint64(b[16:], uint64(frames))
	le.PutUint64(b[24:], descriptors)
	le.PutUint64(b[32:], uint64(pages))
	return b
}

func TestArena(t *testing.T) {
	b := arenaBytes(3)
	a, err := ArenaOf(b)
	require.NoError(t, err)
	require.Equal(t, 3, a.Frames())
	tag := page.Tag{RelFile: page.RelFile{Rel: 7}, Block: 9}
	le := binary.LittleEndian
	d := a.descriptor(1)
	le.PutUint32(d[descriptorRel:], 7)
	le.PutUint32(d[descriptorBlock:], 9)
	a.page(1).SetLSN(77)
	to := page.New()
	for word, ok := range map[uint64]bool{0: false, 1: false, 2: true, 3: false} {
		le.PutUint64(d, word)
		got, version, found := a.Version(1, tag)
		require.Equal(t, ok, found)
		copied, found := a.Copy(1, tag, to)
		require.Equal(t, ok, found)
		if ok {
			require.Equal(t, []any{word, word, page.LSN(77), page.LSN(77)}, []any{got, copied, version, to.LSN()})
		}
	}
	le.PutUint64(d, 2)
	for _, other := range []page.Tag{
		{RelFile: page.RelFile{Rel: 8}, Block: 9}, {RelFile: page.RelFile{Rel: 7}, Block: 8}, {RelFile: page.RelFile{Rel: 7, Fork: 1}, Block: 9},
	} {
		_, _, found := a.Version(1, other)
		require.False(t, found)
		_, found = a.Copy(1, other, to)
		require.False(t, found)
	}
	for _, frame := range []uint32{0, 2, 3, 1 << 31} {
		_, found := a.Copy(frame, tag, to)
		require.False(t, found)
	}
}

func TestArenaThatIsNone(t *testing.T) {
	for name, spoil := range map[string]func(b []byte) []byte{
		"empty":       func([]byte) []byte { return nil },
		"short":       func(b []byte) []byte { return b[:len(b)-1] },
		"magic":       func(b []byte) []byte { b[0]++; return b },
		"version":     func(b []byte) []byte { b[8]++; return b },
		"page size":   func(b []byte) []byte { b[13]++; return b },
		"no frames":   func(b []byte) []byte { clear(b[16:24]); return b },
		"many frames": func(b []byte) []byte { b[23] = 0xff; return b },
		"descriptors": func(b []byte) []byte { b[31] = 0xff; return b },
		"unaligned":   func(b []byte) []byte { b[24]++; return b },
		"pages":       func(b []byte) []byte { b[39] = 0xff; return b },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ArenaOf(spoil(arenaBytes(2)))
			require.ErrorIs(t, err, wire.ErrProtocol)
		})
	}
}
