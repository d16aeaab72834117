package bloom

import (
	"context"
	"slices"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

// vacuumBatch is how many pages one record of a vacuum changes.
const vacuumBatch = 16

// BulkDelete removes the entries of dead rows, compacting each page in place, and offers the pages with room to
// inserters through the metapage. Pages that inserters add meanwhile hold no dead rows and are not looked at.
func (Method) BulkDelete(ctx context.Context, ix *sdk.Index, dead *sdk.DeadSet) (sdk.BulkDeleteStats, error) {
	v, n, err := newVacuum(ix)
	if err != nil {
		return sdk.BulkDeleteStats{}, err
	}
	v.dead = dead
	var batch []page.BlockNumber
	r := ix.ReadPages(metaBlock+1, n)
	for r.Next() {
		blk, p := r.Block(), r.Page()
		if emptied(p) {
			v.stats.PagesUnused++
			continue
		}
		if err := checkPage(blk, p, false); err != nil {
			return v.stats, err
		}
		if len(v.doomed(p)) == 0 {
			v.count(blk, p)
			continue
		}
		if batch = append(batch, blk); len(batch) == vacuumBatch {
			if err := v.delete(ctx, batch); err != nil {
				return v.stats, err
			}
			batch = batch[:0]
		}
	}
	if err := r.Err(); err != nil {
		return v.stats, err
	}
	if err := v.delete(ctx, batch); err != nil {
		return v.stats, err
	}
	v.stats.Pages = uint64(n)
	return v.stats, v.offer(ctx)
}

// A vacuum is one BulkDelete.
type vacuum struct {
	meta
	ix    *sdk.Index
	dead  *sdk.DeadSet
	stats sdk.BulkDeleteStats
	roomy []page.BlockNumber
}

func newVacuum(ix *sdk.Index) (*vacuum, page.BlockNumber, error) {
	mp, _, err := ix.ReadPage(metaBlock)
	if err != nil {
		return nil, 0, err
	}
	m, err := decodeMeta(mp, len(ix.Columns()))
	if err != nil {
		return nil, 0, err
	}
	n, err := ix.NBlocks()
	return &vacuum{meta: m, ix: ix}, n, err
}

// doomed lists the entries of a page that are in the dead set.
func (v *vacuum) doomed(p page.Page) []int {
	var out []int
	for i := range v.entries(p) {
		if v.dead.Contains(page.DecodeTID(p[dataStart+i*v.width():])) {
			out = append(out, i)
		}
	}
	return out
}

// count notes a page that stays.
func (v *vacuum) count(blk page.BlockNumber, p page.Page) {
	v.stats.TuplesLeft += float64(v.entries(p))
	if v.room(p) > 0 && len(v.roomy) < metaListMax {
		v.roomy = append(v.roomy, blk)
	}
}

// delete removes the dead entries of some pages in one record.
func (v *vacuum) delete(ctx context.Context, blks []page.BlockNumber) error {
	if len(blks) == 0 {
		return nil
	}
	var editors []*page.Editor
	removed := 0
	err := v.ix.Update(ctx, func(x *sdk.XLog) error {
		x.Annotate("bloom vacuum")
		editors, removed = editors[:0], 0
		for _, blk := range blks {
			ed, err := x.RegisterBuffer(blk, 0)
			if err != nil {
				return err
			}
			editors = append(editors, ed)
			if emptied(ed.Page()) {
				continue
			}
			gone := v.doomed(ed.Page())
			if len(gone) == 0 {
				continue
			}
			removed += len(gone)
			if err := ed.ArrayDelete(dataStart, v.width(), v.entries(ed.Page()), gone); err != nil {
				return err
			}
			if v.entries(ed.Page()) == 0 {
				if err := setFlags(ed, flagDeleted); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	v.stats.Removed += float64(removed)
	for i, ed := range editors {
		if emptied(ed.Page()) {
			v.stats.PagesUnused++
		} else {
			v.count(blks[i], ed.Page())
		}
	}
	return nil
}

// offer writes the pages with room into the metapage's list; the page that inserters are filling stays the last of it,
// so that they need not turn to another.
func (v *vacuum) offer(ctx context.Context) error {
	return v.ix.Update(ctx, func(x *sdk.XLog) error {
		x.Annotate("bloom metapage")
		mp, _, err := v.ix.ReadPage(metaBlock)
		if err != nil {
			return err
		}
		m, err := decodeMeta(mp, len(v.ix.Columns()))
		if err != nil {
			return err
		}
		want := slices.Clone(v.roomy)
		if k := len(m.list); k > 0 {
			current := m.list[k-1]
			want = slices.DeleteFunc(want, func(b page.BlockNumber) bool { return b == current })
			want = append(want[:min(len(want), metaListMax-1)], current)
		}
		if slices.Equal(want, m.list) {
			return nil
		}
		ed, err := x.RegisterBuffer(metaBlock, 0)
		if err != nil {
			return err
		}
		return setList(ed, m.list, want)
	})
}

// Cleanup counts what is there and gives emptied pages back to the host.
func (Method) Cleanup(_ context.Context, ix *sdk.Index) (sdk.CleanupStats, error) {
	v, n, err := newVacuum(ix)
	if err != nil {
		return sdk.CleanupStats{}, err
	}
	stats := sdk.CleanupStats{Pages: uint64(n)}
	var free []page.BlockNumber
	r := ix.ReadPages(metaBlock+1, n)
	for r.Next() {
		if p := r.Page(); emptied(p) {
			free = append(free, r.Block())
		} else {
			stats.Tuples += float64(v.entries(p))
		}
	}
	if err := r.Err(); err != nil {
		return stats, err
	}
	stats.PagesFreed, stats.PagesUnused = uint64(len(free)), uint64(len(free))
	return stats, ix.FreePage(free...)
}
