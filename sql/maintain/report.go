package maintain

import (
	"fmt"
	"strings"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/heap"
)

// vacuumReport is the text of VACUUM VERBOSE.
type vacuumReport struct{ lines []string }

func newVacuumReport(s heap.VacuumStats) *vacuumReport {
	return &vacuumReport{[]string{
		fmt.Sprintf("index scans: %d", s.IndexPasses),
		fmt.Sprintf("pages: %d removed, %d remain, %d scanned", s.Truncated, s.Pages, s.Scanned),
		fmt.Sprintf("tuples: %d removed, %d remain, %d are dead but not yet removable", s.Removed, s.Live+s.RecentlyDead, s.RecentlyDead),
	}}
}

func (r *vacuumReport) index(name string, removed int64, s am.CleanupStats) {
	r.lines = append(r.lines, fmt.Sprintf("index %q: pages: %d in total, %d free; %d entries removed", name, s.Pages, s.Free, removed))
}

func (r *vacuumReport) text() string { return strings.Join(r.lines, "\n") }
