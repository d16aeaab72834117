package exec

import (
	"time"

	"github.com/quiredb/quire/sql/plan"
)

// Stats is what EXPLAIN ANALYZE learns about one node. All counts are over all loops.
type Stats struct {
	Loops          int64
	Rows           int64
	Startup, Total time.Duration
	// Filtered counts rows that the filter removed, Rechecked those that the recheck of an index condition removed.
	Filtered, Rechecked int64
	// HeapFetches counts rows that an index-only scan looked up in the heap.
	HeapFetches int64
	// JoinFiltered counts pairs of rows that were no partners.
	JoinFiltered int64
	// ExactBlocks and LossyBlocks are the heap blocks of a bitmap.
	ExactBlocks, LossyBlocks int64
	Buffers                  Buffers
	// SortMethod and SortBytes describe a Sort; HashBytes and Batches a hashed Aggregate, whose SortBytes went to disk.
	SortMethod           string
	SortBytes, HashBytes int64
	Batches              int64
}

// Buffers counts page accesses.
type Buffers struct{ Hit, Read int64 }

// Minus is the accesses between two counts.
func (b Buffers) Minus(a Buffers) Buffers { return Buffers{b.Hit - a.Hit, b.Read - a.Read} }

// Instruments holds the stats of an execution by plan node.
type Instruments struct {
	Nodes   map[plan.Node]*Stats
	Buffers func() Buffers // accesses so far
	Timing  bool
}

// timed measures the operator of one node.
type timed struct {
	Operator
	in    *Instruments
	stats *Stats
	rows  bool // a row came in this loop
}

func (t *timed) Open() error {
	t.stats.Loops++
	t.rows = false
	start, before := time.Now(), t.in.Buffers()
	err := t.Operator.Open()
	t.note(start, before)
	return err
}

func (t *timed) Next() (Row, error) {
	start, before := time.Now(), t.in.Buffers()
	row, err := t.Operator.Next()
	t.note(start, before)
	if row != nil {
		t.stats.Rows++
		if !t.rows {
			t.rows = true
			t.stats.Startup = t.stats.Total
		}
	} else if !t.rows {
		t.stats.Startup = t.stats.Total
	}
	return row, err
}

func (t *timed) note(start time.Time, before Buffers) {
	t.stats.Total += time.Since(start)
	used := t.in.Buffers().Minus(before)
	t.stats.Buffers.Hit += used.Hit
	t.stats.Buffers.Read += used.Read
}
