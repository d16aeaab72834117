package bloom

import (
	"context"
	"fmt"
	"slices"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

// Check reads the whole index: the metapage and its list, and the form of every page and entry. A row may have two entries,
// because an insert can be offered again after it was cut short.
func (Method) Check(ctx context.Context, ix *sdk.Index, report func(string)) error {
	mp, _, err := ix.ReadPage(metaBlock)
	if err != nil {
		return err
	}
	m, err := decodeMeta(mp, len(ix.Columns()))
	if err != nil {
		report(err.Error())
		return nil
	}
	n, err := ix.NBlocks()
	if err != nil {
		return err
	}
	m.checkList(n, report)
	r := ix.ReadPages(metaBlock+1, n)
	for r.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		m.checkData(r.Block(), r.Page(), report)
	}
	return r.Err()
}

func (m meta) checkList(n page.BlockNumber, report func(string)) {
	for i, blk := range m.list {
		if blk == metaBlock || blk >= n {
			report(fmt.Sprintf("metapage lists block %d of an index of %d blocks", blk, n))
		}
		if slices.Contains(m.list[:i], blk) {
			report(fmt.Sprintf("metapage lists block %d twice", blk))
		}
	}
}

func (m meta) checkData(blk page.BlockNumber, p page.Page, report func(string)) {
	if p.IsNew() {
		return
	}
	if err := checkPage(blk, p, false); err != nil {
		report(err.Error())
		return
	}
	if used := p.Lower() - dataStart; used < 0 || used%m.width() != 0 || m.entries(p) > m.perPage() {
		report(fmt.Sprintf("block %d: %d bytes of entries of %d bytes each", blk, used, m.width()))
		return
	}
	if pageFlags(p)&flagDeleted != 0 && m.entries(p) > 0 {
		report(fmt.Sprintf("block %d is flagged deleted and holds %d entries", blk, m.entries(p)))
	}
	for i := range m.entries(p) {
		if tid := page.DecodeTID(p[dataStart+i*m.width():]); !tid.IsValid() {
			report(fmt.Sprintf("block %d, entry %d: row address %v cannot be", blk, i, tid))
		}
	}
}
