package crashtest

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// seeds are those a test runs with: QUIRE_SEED alone if it is set, else n fixed ones.
func seeds(t testing.TB, n int64) []int64 {
	if s := os.Getenv("QUIRE_SEED"); s != "" {
		seed, err := strconv.ParseInt(s, 10, 64)
		require.NoError(t, err, "QUIRE_SEED")
		return []int64{seed}
	}
	var out []int64
	for seed := range n {
		out = append(out, seed+1)
	}
	return out
}

// full reports whether nothing is to be left out; make crash says so.
func full() bool { return os.Getenv("QUIRE_CRASH_SWEEP") == "full" }
