// Package sample is the smallest access method that is correct: rows in no order on a row of pages, every scan reading
// all of them. Sorted, beside it, is the smallest that is ordered and unique. Authors may read them first; the project's own tests
// use them where the method does not matter.
//
// Always true:
//
//	L1. Every block that was ever finished is an item page with the magic word at the start of its special space.
//	L2. An item is a packed row (address and values), as it came from the host.
//	L3. Any page may take further rows at any time. So a page that Cleanup gave back because it was empty, and that an
//	    insert has filled meanwhile, is none the worse for being handed out again.
//	L4. Block 0 of a Sorted index is never given back, and every insertion into one changes the number in its special space.
//	    So of two insertions that looked at the index at the same time, only one finishes.
package sample

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire"
)

const specialSize = 16 // the magic word, and a number for Sorted

var magic = []byte("sample-1")

// Sample is the access method. Its zero value has no name; use New.
type Sample struct {
	name    string
	filling *sync.Map // page.RelFileNumber → page.BlockNumber: where the last row went; a hint
}

// New returns the access method under a name.
func New(name string) Sample { return Sample{name: name, filling: new(sync.Map)} }

// Describe declares equality on a few types and no options but a label that does nothing.
func (s Sample) Describe() sdk.Description {
	d := sdk.Description{
		Name: s.name, Version: "1.0", Summary: "rows in no order, for tests",
		Options: []sdk.OptionDef{
			{Name: "label", Type: wire.OptionString, Help: "kept and not used"},
			{Name: "fill", Type: wire.OptionInt, Default: "100", Min: 10, Max: 100, Help: "how full a build leaves a page, in percent"},
		},
		Caps: sdk.Capabilities{MaxColumns: 4, BitmapOnly: true, OptionalFirstKey: true, SearchNulls: true},
		Cost: sdk.Cost{PageFraction: 1, PerPage: 1, PerTuple: 1},
	}
	for _, t := range []struct {
		name string
		oid  uint32
	}{{"int4_ops", wire.TypeInt4}, {"int8_ops", wire.TypeInt8}, {"text_ops", wire.TypeText}} {
		d.Classes = append(d.Classes, sdk.OpClass{Name: t.name, Type: t.oid, Operators: []string{"="}, Default: true})
	}
	return d
}

func initPage(ed *page.Editor) error {
	if err := ed.Init(specialSize, 0); err != nil {
		return err
	}
	return ed.SetSpecial(0, magic)
}

// checkPage tells whether a page is one of ours. A page of zeros was reserved and never written.
func checkPage(ix *sdk.Index, blk page.BlockNumber, p page.Page) error {
	if p.IsNew() || bytes.HasPrefix(p.SpecialArea(), magic) {
		return nil
	}
	return fmt.Errorf("%w: block %d of %s is no page of access method sample", sdk.ErrCorruptIndex, blk, ix.Name())
}

// Build packs rows onto pages until each is as full as the option says.
func (s Sample) Build(_ context.Context, ix *sdk.Index, rows *sdk.RowReader) (sdk.BuildStats, error) {
	p, err := newPacker(ix)
	if err != nil {
		return sdk.BuildStats{}, err
	}
	for {
		batch, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return sdk.BuildStats{}, err
		}
		for _, row := range batch {
			if err := p.add(wire.AppendRow(nil, row.TID, row.Values)); err != nil {
				return sdk.BuildStats{}, err
			}
		}
	}
	return sdk.BuildStats{HeapTuples: rows.Count(), IndexTuples: rows.Count()}, p.close()
}

// A packer writes the pages of a build.
type packer struct {
	w    *sdk.BulkWriter
	ed   *page.Editor
	fill int // percent
}

func newPacker(ix *sdk.Index) (*packer, error) {
	fill, err := ix.Options().Int("fill")
	if err != nil {
		return nil, err
	}
	p := &packer{w: ix.BulkWriter(), fill: fill}
	return p, p.turn()
}

func (p *packer) turn() error {
	p.ed = page.NewEditor(make(page.Page, page.Size))
	return initPage(p.ed)
}

func (p *packer) add(item []byte) error {
	full := page.Size*(100-p.fill)/100 > p.ed.Page().FreeSpace()-len(item)
	if full && p.ed.Page().NumItems() > 0 || !fits(p.ed.Page(), item) {
		if p.ed.Page().NumItems() == 0 {
			return tooLong(item)
		}
		if _, err := p.w.Append(p.ed.Page()); err != nil {
			return err
		}
		if err := p.turn(); err != nil {
			return err
		}
	}
	return p.ed.InsertItem(page.OffsetNumber(p.ed.Page().NumItems()+1), item)
}

func (p *packer) close() error {
	if _, err := p.w.Append(p.ed.Page()); err != nil {
		return err
	}
	return p.w.Close()
}

func fits(p page.Page, item []byte) bool { return (len(item)+7)&^7+4 <= p.FreeSpace() }

func tooLong(item []byte) error {
	return fmt.Errorf("%w: entry of %d bytes does not fit on a page", sdk.ErrTooLarge, len(item))
}

// BuildEmpty is one page without items.
func (s Sample) BuildEmpty(context.Context, *sdk.Index) ([]page.Page, error) {
	ed := page.NewEditor(make(page.Page, page.Size))
	if err := initPage(ed); err != nil {
		return nil, err
	}
	return []page.Page{slices.Clone(ed.Page())}, nil
}

// Insert fills the page that took the last row and goes on with new ones.
func (s Sample) Insert(ctx context.Context, ix *sdk.Index, rows []sdk.Row) ([]sdk.Conflict, error) {
	for len(rows) > 0 {
		put := 0
		err := ix.Update(ctx, func(x *sdk.XLog) (err error) {
			x.Annotate("sample insert")
			if put, err = s.place(ix, x, rows); put == len(rows) {
				x.Last(nil)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		rows = rows[put:]
	}
	return nil, nil
}

// place puts rows onto the page being filled, or a new one if that is full, and says how many.
func (s Sample) place(ix *sdk.Index, x *sdk.XLog, rows []sdk.Row) (int, error) {
	last, known, err := s.lastPage(ix)
	if err != nil {
		return 0, err
	}
	if known {
		ed, err := x.RegisterBuffer(last, 0)
		if err != nil {
			return 0, err
		}
		if err := checkPage(ix, last, ed.Page()); err != nil {
			return 0, err
		}
		put, err := fillPage(ed, rows)
		if put > 0 || err != nil {
			return put, err
		}
	}
	blk, err := ix.NewPage()
	if err != nil {
		return 0, err
	}
	ed, err := x.RegisterBuffer(blk, 0)
	if err != nil {
		return 0, err
	}
	put, err := fillPage(ed, rows)
	if put == 0 && err == nil && ed.Page().NumItems() == 0 {
		err = tooLong(wire.AppendRow(nil, rows[0].TID, rows[0].Values))
	}
	s.filling.Store(ix.Rel(), blk)
	return put, err
}

// lastPage is the page being filled, by memory or else the last of the index, if there is any.
func (s Sample) lastPage(ix *sdk.Index) (page.BlockNumber, bool, error) {
	if blk, ok := s.filling.Load(ix.Rel()); ok {
		if _, _, err := ix.PeekPage(blk.(page.BlockNumber)); !errors.Is(err, sdk.ErrNotFound) {
			return blk.(page.BlockNumber), true, err
		}
	}
	n, err := ix.NBlocks()
	return n - 1, n > 0, err
}

// fillPage appends as many rows as fit.
func fillPage(ed *page.Editor, rows []sdk.Row) (int, error) {
	if ed.Page().IsNew() {
		if err := initPage(ed); err != nil {
			return 0, err
		}
	}
	for i, row := range rows {
		item := wire.AppendRow(nil, row.TID, row.Values)
		if !fits(ed.Page(), item) {
			return i, nil
		}
		if err := ed.InsertItem(page.OffsetNumber(ed.Page().NumItems()+1), item); err != nil {
			return i, err
		}
	}
	return len(rows), nil
}

// each calls fn for every row of a page, in order.
func each(ix *sdk.Index, blk page.BlockNumber, p page.Page, fn func(off page.OffsetNumber, row sdk.Row) error) error {
	if err := checkPage(ix, blk, p); err != nil {
		return err
	}
	for off := page.OffsetNumber(1); int(off) <= p.NumItems(); off++ {
		item, ok := p.Item(off)
		if !ok {
			return fmt.Errorf("%w: block %d of %s has no item %d", sdk.ErrCorruptIndex, blk, ix.Name(), off)
		}
		rows, err := wire.DecodeRows(item, 1, len(ix.Columns()))
		if err != nil {
			return fmt.Errorf("%w: block %d of %s, item %d: %v", sdk.ErrCorruptIndex, blk, ix.Name(), off, err)
		}
		if err := fn(off, rows[0]); err != nil {
			return err
		}
	}
	return nil
}

// Scan compares every row with the keys. What it reports matches, so nothing needs a recheck.
func (s Sample) Scan(_ context.Context, ix *sdk.Index, scan sdk.Scan, hits *sdk.HitWriter) error {
	n, err := ix.NBlocks()
	if err != nil {
		return err
	}
	pages := ix.ReadPages(0, n)
	for pages.Next() {
		err := each(ix, pages.Block(), pages.Page(), func(_ page.OffsetNumber, row sdk.Row) error {
			if !matches(scan.Keys, row) {
				return nil
			}
			return hits.Add(row.TID, false)
		})
		if err != nil {
			return err
		}
	}
	return pages.Err()
}

func matches(keys []sdk.ScanKey, row sdk.Row) bool {
	for _, k := range keys {
		v := row.Values[k.Column]
		switch k.Operator {
		case wire.IsNull:
			if !v.IsNull() {
				return false
			}
		case wire.IsNotNull:
			if v.IsNull() {
				return false
			}
		default:
			if v.IsNull() || k.Arg.IsNull() || !bytes.Equal(v, k.Arg) {
				return false
			}
		}
	}
	return true
}

// BulkDelete compacts each page that holds dead rows, in a record of its own.
func (s Sample) BulkDelete(ctx context.Context, ix *sdk.Index, dead *sdk.DeadSet) (sdk.BulkDeleteStats, error) {
	var stats sdk.BulkDeleteStats
	n, err := ix.NBlocks()
	if err != nil {
		return stats, err
	}
	stats.Pages = uint64(n)
	pages := ix.ReadPages(0, n)
	for pages.Next() {
		gone, left, err := deadItems(ix, pages.Block(), pages.Page(), dead)
		if err != nil {
			return stats, err
		}
		if len(gone) > 0 {
			err = ix.Update(ctx, func(x *sdk.XLog) error {
				x.Annotate("sample vacuum")
				ed, err := x.RegisterBuffer(pages.Block(), 0)
				if err != nil {
					return err
				}
				if gone, left, err = deadItems(ix, pages.Block(), ed.Page(), dead); err != nil || len(gone) == 0 {
					return err
				}
				return ed.DeleteItems(gone, false)
			})
			if err != nil {
				return stats, err
			}
		}
		stats.Removed += float64(len(gone))
		stats.TuplesLeft += float64(left)
	}
	return stats, pages.Err()
}

// deadItems finds the items of dead rows on a page, and counts the others.
func deadItems(ix *sdk.Index, blk page.BlockNumber, p page.Page, dead *sdk.DeadSet) (gone []page.OffsetNumber, left int, err error) {
	err = each(ix, blk, p, func(off page.OffsetNumber, row sdk.Row) error {
		if dead.Contains(row.TID) {
			gone = append(gone, off)
		} else {
			left++
		}
		return nil
	})
	return gone, left, err
}

// Cleanup counts, and gives back pages without rows.
func (s Sample) Cleanup(_ context.Context, ix *sdk.Index) (sdk.CleanupStats, error) {
	var stats sdk.CleanupStats
	n, err := ix.NBlocks()
	if err != nil {
		return stats, err
	}
	stats.Pages = uint64(n)
	pages := ix.ReadPages(0, n)
	for pages.Next() {
		stats.Tuples += float64(pages.Page().NumItems())
		if pages.Page().NumItems() == 0 && !pages.Page().IsNew() && pages.Block() > 0 { // by L4
			if err := ix.FreePage(pages.Block()); err != nil {
				return stats, err
			}
			stats.PagesUnused++
		}
	}
	return stats, pages.Err()
}

// Check decodes everything.
func (s Sample) Check(_ context.Context, ix *sdk.Index, report func(problem string)) error {
	n, err := ix.NBlocks()
	if err != nil {
		return err
	}
	pages := ix.ReadPages(0, n)
	for pages.Next() {
		err := each(ix, pages.Block(), pages.Page(), func(page.OffsetNumber, sdk.Row) error { return nil })
		if err != nil {
			report(err.Error())
		}
	}
	return pages.Err()
}
