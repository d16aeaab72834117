package plan

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// pgDefaults are PostgreSQL's settings.
func pgDefaults() *Costs {
	return &Costs{
		SeqPage: 1, RandomPage: 4, CPUTuple: 0.01, CPUIndexTuple: 0.005, CPUOperator: 0.0025, EffectiveCachePages: 524288, WorkMem: 4 << 20,
		SeqScan: true, IndexScan: true, BitmapScan: true, HashAgg: true, Sort: true,
	}
}

// The figures are those that PostgreSQL 15 prints for a table of 541 pages and 100000 rows.
func TestCostsArePostgreSQLs(t *testing.T) {
	c := pgDefaults()
	show := func(x Cost) string { return fmt.Sprintf("%.2f..%.2f", x.Startup, x.Total) }
	table := scanEstimate{pages: 541, tuples: 100000, rows: 1}
	require.Equal(t, "0.00..1541.00", show(c.seqScan(table)))
	table.qual = Cost{0, 2 * c.CPUOperator}
	require.Equal(t, "0.00..2041.00", show(c.seqScan(table)))

	// A bloom index on two columns, read whole: 196 pages, 100000 entries.
	index := indexEstimate{Cost: Cost{0, 1784}, selectivity: 1e-6}
	table.qual = Cost{0, 2 * c.CPUOperator}
	require.Equal(t, "1784.00..1788.02", show(c.bitmapHeap(table, index)))

	seq := Cost{0, 1540.99}
	require.Equal(t, "9845.72..10095.72", show(c.sort(seq, 99999, 6, 0)))
	require.Equal(t, "2833.46..3083.46", show(c.sort(seq, 99999, 14, 3)))
	top, rows := c.limit(Cost{2833.46, 3083.46}, 99999, 0, 3)
	require.Equal(t, "2833.46..2833.47", show(top))
	require.Equal(t, 3.0, rows)

	require.Equal(t, "1791.00..1791.01", show(c.aggregate(false, Cost{0, 1541}, 100000, 1, 0, c.CPUOperator, 0)))
	require.Equal(t, "1791.00..1791.10", show(c.aggregate(true, Cost{0, 1541}, 100000, 10, 1, 0, 0)))
}

func TestBitmapPages(t *testing.T) {
	require.Equal(t, 1.0, bitmapPages(541, 1))
	require.Equal(t, 541.0, bitmapPages(541, 1e9))
	c := pgDefaults()
	require.Equal(t, 10.0, c.pagesFetched(10, 1e5, 300, 1e5))
	require.Equal(t, 541.0, c.pagesFetched(1e9, 541, 276, 541))
}
