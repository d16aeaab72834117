package page

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// slowDiff is appendDiff as one would explain it: find equal and different bytes, join what lies close.
func slowDiff(a, b Page) []byte {
	var out []byte
	prev := ContentStart
	for i := ContentStart; i < Size; {
		if a[i] == b[i] {
			i++
			continue
		}
		end := i + 1
		for j := end; j < Size && j-end <= diffGap; j++ {
			if a[j] != b[j] {
				end = j + 1
			}
		}
		out = appendFragment(out, a, b, prev, i, end)
		prev, i = end, end
	}
	return out
}

func TestDiff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := New(), New()
		copy(a, randomBytes(t, Size))
		copy(b, a)
		for range rapid.IntRange(0, 30).Draw(t, "changes") {
			at := rapid.IntRange(0, Size-1).Draw(t, "at")
			n := rapid.SampledFrom([]int{1, 2, 3, 8, 9, 100, 3000}).Draw(t, "n")
			copy(b[at:], randomBytes(t, n))
		}
		clear(a[offLower : offSpecial+2]) // no hole
		clear(b[offLower : offSpecial+2])
		want := slowDiff(a, b)
		got, complete := appendDiff([]byte("x"), a, b, 2*Size)
		require.True(t, complete)
		require.Equal(t, append([]byte("x"), want...), got)

		for _, limit := range []int{0, len(want) / 2, len(want) - 1, len(want), len(want) + 1} {
			got, complete := appendDiff(nil, a, b, limit)
			require.Equal(t, limit >= len(want), complete, "limit %d", limit)
			require.LessOrEqual(t, len(got), limit+diffOvershoot, "it stops soon")
			if complete {
				require.Equal(t, want, append([]byte(nil), got...))
			}
		}
		p := append(Page(nil), a...)
		require.NoError(t, p.applyDiff(want))
		require.True(t, p.sameContent(b))
	})
}

// diffOvershoot bounds what appendDiff appends beyond its limit: the fragment of at most nine bytes that broke it.
const diffOvershoot = 16
