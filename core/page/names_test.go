package page

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestNamesPrint(t *testing.T) {
	require.Equal(t, "0/1000028", LSN(0x1000028).String())
	require.Equal(t, "16/B374D848", LSN(0x16B374D848).String())
	require.Equal(t, "0/0", InvalidLSN.String())
	tag := Tag{RelFile{16384, MainFork}, 7}
	require.Equal(t, "16384/main 7", tag.String())
	require.Equal(t, "2/init", RelFile{2, InitFork}.String())
	require.Equal(t, "fork9", ForkNumber(9).String())
	require.Equal(t, "(4294967295,65535)", TID{InvalidBlock, 65535}.String())
}

func TestParseLSN(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := LSN(rapid.Uint64().Draw(t, "lsn"))
		got, err := ParseLSN(l.String())
		require.NoError(t, err)
		require.Equal(t, l, got)
	})
	for _, bad := range []string{"", "/", "0", "0/", "/0", "0/0/0", "+1/0", "0/123456789", "0x1/0", " 0/0", "g/0"} {
		_, err := ParseLSN(bad)
		require.ErrorContains(t, err, "invalid log position", "%q", bad)
	}
}

func TestTID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) TID {
			return TID{BlockNumber(rapid.Uint32().Draw(t, name)), OffsetNumber(rapid.Uint16().Draw(t, name))}
		}
		a, b := draw("a"), draw("b")
		enc := a.AppendBinary(nil)
		require.Len(t, enc, TIDSize)
		require.Equal(t, a, DecodeTID(enc))
		require.Equal(t, a.Compare(b), -b.Compare(a))
		require.Equal(t, a == b, a.Compare(b) == 0)
		if a.Block < b.Block {
			require.Negative(t, a.Compare(b))
		}
	})
	require.Equal(t, []byte{4, 3, 2, 1, 6, 5}, TID{0x01020304, 0x0506}.AppendBinary(nil))
	require.False(t, TID{}.IsValid())
	require.False(t, TID{Block: InvalidBlock, Offset: 1}.IsValid())
	require.True(t, TID{Offset: 1}.IsValid())
}
