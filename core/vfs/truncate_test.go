package vfs

import (
	"bytes"
	"math/rand"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLostTruncationKeepsWhatItCutOff: file systems free whole blocks or do not; none writes zeros into them.
func TestLostTruncationKeepsWhatItCutOff(t *testing.T) {
	m := NewMem()
	f, err := m.OpenFile("f", os.O_RDWR|os.O_CREATE, 0o600)
	require.NoError(t, err)
	old := bytes.Repeat([]byte{7}, 8192)
	_, err = f.WriteAt(old, 0)
	require.NoError(t, err)
	require.NoError(t, f.Sync())
	require.NoError(t, m.SyncDir("/"))
	require.NoError(t, f.Truncate(1024))
	for seed := range int64(50) {
		got, err := ReadFile(m.CrashClone(rand.New(rand.NewSource(seed)), Random), "f")
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(got), 1024)
		require.Equal(t, old[:len(got)], got)
	}
}
