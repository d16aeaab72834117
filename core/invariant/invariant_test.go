package invariant

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestThatPanicsOnlyWithTheTag(t *testing.T) {
	require.NotPanics(t, func() { That(true, "fine") })
	broken := func() { That(false, "block %d", 7) }
	if Enabled {
		require.PanicsWithValue(t, "invariant violated: block 7", broken)
		return
	}
	require.NotPanics(t, broken)
}

func TestScribble(t *testing.T) {
	b := []byte{1, 2}
	Scribble(b)
	if Enabled {
		require.Equal(t, []byte{ScribbleByte, ScribbleByte}, b)
		return
	}
	require.Equal(t, []byte{1, 2}, b)
}
