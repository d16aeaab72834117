package bloom

import (
	"context"
	"slices"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

// maxPagesPerRecord leaves room in a record for the metapage and for pages that turn out to be in use.
const maxPagesPerRecord = sdk.MaxBlocks - 8

// Insert adds rows: entries are made once, then put into pages, as many as possible in one record.
func (Method) Insert(ctx context.Context, ix *sdk.Index, rows []sdk.Row) ([]sdk.Conflict, error) {
	mp, _, err := ix.PeekPage(metaBlock)
	if err != nil {
		return nil, err
	}
	m, err := decodeMeta(mp, len(ix.Columns()))
	if err != nil {
		return nil, err
	}
	entries := make([]byte, 0, len(rows)*m.width())
	for _, row := range rows {
		entries = m.appendEntry(entries, row)
	}
	for len(entries) > 0 {
		placed := 0
		err := ix.Update(ctx, func(x *sdk.XLog) (err error) {
			ins := &inserter{ix: ix, x: x, entries: entries}
			if placed, err = ins.run(); placed == len(entries) {
				x.Last(nil)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		entries = entries[placed:]
	}
	return nil, nil
}

// An inserter is one attempt at putting entries into pages.
type inserter struct {
	ix      *sdk.Index
	x       *sdk.XLog
	meta    meta
	list    []page.BlockNumber // as it will be
	entries []byte
	placed  int // bytes of entries
	pages   int
}

// run fills the page at the end of the list, then further ones, and says how many bytes of entries it placed. The
// metapage is registered only if its list changes (M5).
func (n *inserter) run() (int, error) {
	n.x.Annotate("bloom insert")
	mp, _, err := n.ix.PeekPage(metaBlock)
	if err != nil {
		return 0, err
	}
	if n.meta, err = decodeMeta(mp, len(n.ix.Columns())); err != nil {
		return 0, err
	}
	n.list = slices.Clone(n.meta.list)
	for n.placed < len(n.entries) && n.pages < maxPagesPerRecord {
		if err := n.fillOne(); err != nil {
			return 0, err
		}
	}
	if slices.Equal(n.list, n.meta.list) {
		return n.placed, nil
	}
	ed, err := n.x.RegisterBuffer(metaBlock, 0)
	if err != nil {
		return 0, err
	}
	return n.placed, setList(ed, n.meta.list, n.list)
}

// fillOne puts entries into one page: the last of the list, or a new one.
func (n *inserter) fillOne() error {
	ed, err := n.target()
	if err != nil || ed == nil {
		return err
	}
	k := min(n.meta.room(ed.Page()), (len(n.entries)-n.placed)/n.meta.width())
	have := n.meta.entries(ed.Page())
	if err := ed.ArrayInsert(dataStart, n.meta.width(), have, have, n.entries[n.placed:n.placed+k*n.meta.width()]); err != nil {
		return err
	}
	n.placed += k * n.meta.width()
	if n.meta.room(ed.Page()) == 0 {
		n.list = n.list[:len(n.list)-1]
	}
	return nil
}

// target registers the page to fill next. It returns nil for a page of the list that turned out to be full, which is
// then off the list (M3).
func (n *inserter) target() (*page.Editor, error) {
	if len(n.list) == 0 {
		return n.newPage()
	}
	blk := n.list[len(n.list)-1]
	n.pages++
	ed, err := n.x.RegisterBuffer(blk, 0)
	if err != nil {
		return nil, err
	}
	if err := n.prepare(blk, ed); err != nil {
		return nil, err
	}
	if n.meta.room(ed.Page()) == 0 {
		n.list = n.list[:len(n.list)-1]
		return nil, nil
	}
	return ed, nil
}

// prepare makes an emptied page ready for entries (M4).
func (n *inserter) prepare(blk page.BlockNumber, ed *page.Editor) error {
	switch p := ed.Page(); {
	case p.IsNew():
		return initPage(ed, 0)
	case checkPage(blk, p, false) != nil:
		return checkPage(blk, p, false)
	case emptied(p):
		return setFlags(ed, 0)
	}
	return nil
}

// newPage takes a block from the host and puts it on the list. A block that vacuum freed and an insert took back
// meanwhile is left alone.
func (n *inserter) newPage() (*page.Editor, error) {
	blk, err := n.ix.NewPage()
	if err != nil {
		return nil, err
	}
	n.pages++
	ed, err := n.x.RegisterBuffer(blk, 0)
	if err != nil {
		return nil, err
	}
	if !emptied(ed.Page()) {
		return nil, nil
	}
	if err := n.prepare(blk, ed); err != nil {
		return nil, err
	}
	n.list = append(n.list, blk)
	return ed, nil
}
