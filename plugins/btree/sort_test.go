package btree

import (
	"bytes"
	"encoding/binary"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quiredb/quire/core/page"
)

// Keys of any lengths come out in the order of their bytes and then of their addresses, from memory as from merged runs.
func TestSorter(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.SampledFrom([]int64{0, minSortMem}).Draw(t, "memory")
		n := rapid.SampledFrom([]int{0, 1, 100, 2000, 20_000}).Draw(t, "keys")
		alphabet := rapid.SampledFrom([]uint64{2, 300, 1 << 40}).Draw(t, "alphabet")
		seed := rapid.Uint64().Draw(t, "seed")
		s := newSorter(limit, func() (spillFile, error) { return os.CreateTemp(dir, "") })
		var want [][]byte
		for i := range n {
			seed = seed*6364136223846793005 + 1442695040888963407
			v := seed >> 20 % alphabet
			key := []byte{byte(2 + seed>>60)} // its length comes first, so that no key is a prefix of another
			key = append(key, binary.BigEndian.AppendUint64(nil, v)[8-min(8, int(key[0])):]...)
			key = append(key, bytes.Repeat([]byte{1}, max(0, int(key[0])-8))...)
			tid := page.TID{Block: page.BlockNumber(n - i), Offset: 1}
			require.NoError(t, s.add(key, tid))
			want = append(want, appendTID(key, tid))
		}
		slices.SortFunc(want, bytes.Compare)
		var got [][]byte
		require.NoError(t, s.each(func(key, tid []byte) error {
			got = append(got, slices.Concat(key, tid))
			return nil
		}))
		require.Equal(t, want, got)
	})
}
