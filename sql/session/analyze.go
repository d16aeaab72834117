package session

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// vacuumReport is what VACUUM VERBOSE says.
func vacuumReport(name string, st heap.VacuumStats) string {
	return fmt.Sprintf("vacuumed \"%s\": %d row versions removed, %d live, %d dead but not removable yet, in %d pages (%d truncated), %d index passes",
		name, st.Removed, st.Live, st.RecentlyDead, st.Pages, st.Truncated, st.IndexPasses)
}

// rowsPerTarget is PostgreSQL's sample size for one unit of default_statistics_target.
const rowsPerTarget = 300

// analyzeTable samples a table and stores its statistics.
func (s *Session) analyzeTable(ctx context.Context, name string, indexes map[uint32]catalog.Stats) error {
	t, _, err := s.db.cat.LockTable(ctx, s.tx.txn, name, lock.ShareUpdateExclusive)
	if err != nil {
		return err
	}
	s.tx.used = true
	snap := s.tx.txn.Snapshot()
	defer snap.Release()
	sm := newSample(t, rowsPerTarget*s.settings.Int("default_statistics_target"))
	pages, err := s.db.eng.Heap.Blocks(t.Heap())
	if err != nil {
		return err
	}
	scanned, err := s.readSample(ctx, t, snap, sm, pages)
	if err != nil {
		return err
	}
	tuples := 0.0
	if scanned > 0 {
		tuples = math.RoundToEven(float64(sm.rows) / float64(scanned) * float64(pages))
	}
	if err := s.db.cat.SetStats(ctx, s.tx.txn, t.OID, catalog.Stats{Pages: pages, Tuples: tuples}, sm.columns(t, tuples), indexes); err != nil {
		return err
	}
	s.tx.txn.NextCommand()
	return nil
}

// readSample reads all blocks of a small table, and randomly chosen ones of a large table.
func (s *Session) readSample(ctx context.Context, t *catalog.Table, snap *xact.Snapshot, sm *sample, pages page.BlockNumber) (page.BlockNumber, error) {
	blocks := chooseBlocks(pages, page.BlockNumber(sm.limit))
	row := make([]datum.Datum, len(t.Columns))
	rt := t.RowType()
	for i, b := range blocks {
		if i%64 == 0 && ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		var bad error
		err := s.db.eng.Heap.FetchBlock(snap, t.Heap(), b, nil, func(tid page.TID, data []byte) bool {
			if err := rt.DecodeRow(data, row); err != nil {
				bad = fmt.Errorf("row %v of relation %q: %w", tid, t.Name, err)
				return false
			}
			sm.add(t, row)
			return true
		})
		if err == nil {
			err = bad
		}
		if err != nil {
			return 0, err
		}
	}
	return page.BlockNumber(len(blocks)), nil
}

// chooseBlocks picks at most limit of n blocks, ascending (Vitter's method S).
func chooseBlocks(n, limit page.BlockNumber) []page.BlockNumber {
	out := make([]page.BlockNumber, 0, min(n, limit))
	for b := page.BlockNumber(0); b < n && len(out) < cap(out); b++ {
		if rand.Uint32N(uint32(n-b)) < uint32(cap(out)-len(out)) {
			out = append(out, b)
		}
	}
	return out
}

// sample gathers what is needed of each column: nulls, widths and the hashes of the values. When a table has more rows in the chosen
// blocks than the sample may have, each row of it counts (reservoir sampling).
type sample struct {
	limit  int
	rows   int64 // seen
	kept   int   // in the reservoir
	hashes [][]uint64
	widths [][]int32 // -1 for a null
}

func newSample(t *catalog.Table, limit int) *sample {
	return &sample{limit: limit, hashes: make([][]uint64, len(t.Columns)), widths: make([][]int32, len(t.Columns))}
}

func (sm *sample) add(t *catalog.Table, row []datum.Datum) {
	sm.rows++
	at := sm.kept
	if sm.kept == sm.limit {
		i := rand.Int64N(sm.rows)
		if i >= int64(sm.limit) {
			return
		}
		at = int(i)
	} else {
		sm.kept++
		for c := range row {
			sm.hashes[c], sm.widths[c] = append(sm.hashes[c], 0), append(sm.widths[c], 0)
		}
	}
	for c := range row {
		if row[c].Null {
			sm.widths[c][at] = -1
			continue
		}
		info := datum.MustLookup(t.Columns[c].Type.OID)
		sm.hashes[c][at] = info.Hash(row[c])
		w := int32(info.Len)
		if info.Len < 0 {
			w = int32(len(row[c].S) + 1)
		}
		sm.widths[c][at] = w
	}
}

// columns computes the statistics.
func (sm *sample) columns(t *catalog.Table, tuples float64) []catalog.Column {
	out := slices.Clone(t.Columns)
	for c := range out {
		nulls, width := 0, int64(0)
		counts := map[uint64]int{}
		for i := range sm.kept {
			if sm.widths[c][i] < 0 {
				nulls++
				continue
			}
			width += int64(sm.widths[c][i])
			counts[sm.hashes[c][i]]++
		}
		n := sm.kept - nulls
		out[c].NullFraction, out[c].Width, out[c].Distinct = 0, 0, 0
		if sm.kept > 0 {
			out[c].NullFraction = float64(nulls) / float64(sm.kept)
		}
		if n > 0 {
			out[c].Width = int((width + int64(n)/2) / int64(n))
			out[c].Distinct = distinctEstimate(counts, n, tuples*(1-out[c].NullFraction), sm.kept == int(sm.rows))
		}
	}
	return out
}

// distinctEstimate follows PostgreSQL's ANALYZE, which uses the estimator Duj1 of Haas and Stokes (1998): n*d / (n - f1 + f1*n/N). A
// number that seems to grow with the table is given as a negative fraction of the rows.
func distinctEstimate(counts map[uint64]int, n int, rows float64, whole bool) float64 {
	d, f1 := float64(len(counts)), 0.0
	for _, c := range counts {
		if c == 1 {
			f1++
		}
	}
	switch {
	case f1 == d && n > 1: // no value twice: unique, as far as can be seen
		return -1
	case whole:
	case rows > 0:
		denominator := float64(n) - f1 + f1*float64(n)/rows
		d = math.Min(math.Max(math.Floor(float64(n)*d/denominator+0.5), d), rows)
	}
	if rows > 0 && d > 0.1*rows {
		return -d / rows
	}
	return d
}
