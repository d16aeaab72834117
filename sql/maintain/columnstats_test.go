package maintain

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/datum"
)

// The expected numbers are those of PostgreSQL's formula, worked out by hand.
func TestDistinctValues(t *testing.T) {
	for _, c := range []struct {
		what                     string
		n, d, f1, notNull, total float64
		want                     float64
	}{
		{"a key", 30000, 30000, 30000, 1, 1e6, -1},
		{"a key with nulls", 15000, 15000, 15000, 0.5, 1e6, -0.5},
		{"all values seen", 30000, 7, 0, 1, 1e6, 7},
		{"all values seen, and many", 1000, 500, 0, 1, 1000, -0.5},
		{"some values once", 30000, 10000, 5000, 1, 1e6, 11928}, // 3e8 / (25000 + 150)
		{"most values once", 30000, 25000, 24000, 1, 1e6, -0.111607},
		{"the whole table", 1000, 40, 10, 1, 1000, 40},
		{"one value", 1, 1, 1, 1, 1, -1},
	} {
		require.InDelta(t, c.want, distinctValues(c.n, c.d, c.f1, c.notNull, c.total), 1e-6, c.what)
	}
}

func TestMeanWidth(t *testing.T) {
	text := func(n int) datum.Datum { return datum.NewText(string(make([]byte, n))) }
	require.Equal(t, 8, meanWidth(datum.Int8, nil))
	require.Equal(t, 0, meanWidth(datum.Text, nil))
	require.Equal(t, 4, meanWidth(datum.Text, []datum.Datum{text(3)}))
	require.Equal(t, 204, meanWidth(datum.Text, []datum.Datum{text(200)}))
	require.Equal(t, 104, meanWidth(datum.Text, []datum.Datum{text(3), text(200)}))
}
