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
	Buffers func() Buffers // accesses so far; nil if nobody asks
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
	start, before := t.in.begin()
	err := t.Operator.Open()
	t.in.note(t.stats, start, before)
	return err
}

func (t *timed) Next() (Row, error) {
	start, before := t.in.begin()
	row, err := t.Operator.Next()
	t.in.note(t.stats, start, before)
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

// begin reads what was asked for and no more: both cost more than a row of a plain scan.
func (in *Instruments) begin() (start time.Time, before Buffers) {
	if in.Timing {
		start = time.Now()
	}
	if in.Buffers != nil {
		before = in.Buffers()
	}
	return start, before
}

// note adds what has passed since begin.
func (in *Instruments) note(s *Stats, start time.Time, before Buffers) {
	if in.Timing {
		s.Total += time.Since(start)
	}
	if in.Buffers == nil {
		return
	}
	used := in.Buffers().Minus(before)
	s.Buffers.Hit += used.Hit
	s.Buffers.Read += used.Read
}
