package maintain

import (
	"context"
	"math"
	"math/rand/v2"
	"sort"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// rowsPerTarget is how many rows PostgreSQL samples for each step of default_statistics_target; so many blocks are read at most. See
// "Random sampling for histogram construction: how much is enough?", Chaudhuri, Motwani and Narasayya, 1998.
const rowsPerTarget = 300

// defaultTarget is PostgreSQL's default_statistics_target.
const defaultTarget = 100

// sample is what was read of a table.
type sample struct {
	pages   page.BlockNumber // of the table
	scanned page.BlockNumber
	live    int64   // rows on them
	dead    int64   // versions and line pointers on them that the snapshot does not see
	total   float64 // rows in the table, estimated
	// rows are in the order of the heap.
	rows   [][]datum.Datum
	target int // of the statistics: how many common values and parts of a histogram there may be
}

// sample draws blocks at random, and of their rows a random choice: the two stages of PostgreSQL's acquire_sample_rows. A target of 0
// is the default one.
func (d *Deps) sample(ctx context.Context, t *xact.Txn, table *catalog.Table, target int) (*sample, error) {
	if target <= 0 {
		target = defaultTarget
	}
	size := rowsPerTarget * target
	heap := table.Heap()
	n, err := d.Engine.Heap.Blocks(heap)
	if err != nil {
		return nil, err
	}
	snap := t.Latest()
	defer snap.Release()
	s := &sample{pages: n, target: target}
	var places []page.TID
	random := d.random()
	rowType := table.RowType()
	for blk := range n {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if !wanted(random, uint64(n-blk), uint64(size)-uint64(s.scanned)) {
			continue
		}
		s.scanned++
		items, err := d.Engine.Heap.CountItems(heap, blk)
		if err != nil {
			return nil, err
		}
		var bad error
		before := s.live
		err = d.Engine.Heap.FetchBlock(snap, heap, blk, nil, func(_ page.OffsetNumber, tid page.TID, row []byte) bool {
			s.live++
			at := len(s.rows)
			if at == size { // Vitter's algorithm R
				if at = int(random.Int64N(s.live)); at >= size {
					return true
				}
				places[at] = tid
			} else {
				s.rows = append(s.rows, make([]datum.Datum, len(rowType.RowType)))
				places = append(places, tid)
			}
			bad = rowType.DecodeRow(append([]byte(nil), row...), s.rows[at])
			return bad == nil
		})
		if err == nil {
			err = bad
		}
		if err != nil {
			return nil, err
		}
		s.dead += max(items-(s.live-before), 0)
	}
	sort.Sort(&byPlace{places, s.rows})
	if s.scanned > 0 {
		s.total = math.Floor(float64(s.live)/float64(s.scanned)*float64(n) + 0.5)
	}
	return s, nil
}

// byPlace sorts rows by where they are.
type byPlace struct {
	places []page.TID
	rows   [][]datum.Datum
}

func (b *byPlace) Len() int           { return len(b.places) }
func (b *byPlace) Less(i, j int) bool { return b.places[i].Compare(b.places[j]) < 0 }
func (b *byPlace) Swap(i, j int) {
	b.places[i], b.places[j] = b.places[j], b.places[i]
	b.rows[i], b.rows[j] = b.rows[j], b.rows[i]
}

// deadTotal estimates the dead versions in the table.
func (s *sample) deadTotal() int64 {
	if s.scanned == 0 {
		return 0
	}
	return int64(math.Floor(float64(s.dead)/float64(s.scanned)*float64(s.pages) + 0.5))
}

func (d *Deps) random() *rand.Rand {
	if d.Seed != 0 {
		return rand.New(rand.NewPCG(d.Seed, 0))
	}
	return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
}

// wanted decides about the next of left blocks when need of them are still to be chosen (Knuth's algorithm S).
func wanted(r *rand.Rand, left, need uint64) bool {
	return need >= left || need > 0 && r.Uint64N(left) < need
}
