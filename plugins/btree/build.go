package btree

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

// BuildEmpty is a metapage and a leaf that is the root.
func (Method) BuildEmpty(_ context.Context, ix *sdk.Index) ([]page.Page, error) {
	m, r := page.NewEditor(page.New()), page.NewEditor(page.New())
	root := link{blk: metaBlock + 1}
	if err := initMeta(m, meta{root: root}, len(ix.Columns())); err != nil {
		return nil, err
	}
	if err := initPage(r, special{flags: flagRoot}); err != nil {
		return nil, err
	}
	if err := r.InsertItem(boundAt, encodeBound(nil, true)); err != nil {
		return nil, err
	}
	return []page.Page{m.Page(), r.Page()}, nil
}

// Build sorts the rows and writes the tree from the leaves up, every page once.
func (Method) Build(ctx context.Context, ix *sdk.Index, rows *sdk.RowReader) (sdk.BuildStats, error) {
	s, err := schemaOf(ix)
	if err != nil {
		return sdk.BuildStats{}, err
	}
	sorted := newSorter(ix.MaintenanceWorkMem(), func() (spillFile, error) { return ix.Spill() })
	var key []byte
	for {
		batch, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return sdk.BuildStats{}, err
		}
		for _, row := range batch {
			if key, err = s.appendKey(key[:0], row.Values); err == nil {
				err = checkLength(ix, key, row.TID)
			}
			if err == nil {
				err = sorted.add(key, row.TID)
			}
			if err != nil {
				return sdk.BuildStats{}, err
			}
		}
	}
	b := newBuilder(ix.BulkWriter(), s.fillfactor)
	if err := sorted.each(b.add); err != nil {
		return sdk.BuildStats{}, err
	}
	if err := b.finish(len(s.columns)); err != nil {
		return sdk.BuildStats{}, err
	}
	return sdk.BuildStats{HeapTuples: rows.Count(), IndexTuples: rows.Count()}, b.out.Close()
}

// A builder makes a tree of full keys that come in order. It holds one page of each level.
type builder struct {
	out    *sdk.BulkWriter
	fill   int
	levels []*builtPage

	// The entry being gathered: addresses of one key.
	key  []byte
	tids []byte
	item []byte // made of the two
	any  bool
}

// A builtPage is the page of a level that is being filled.
type builtPage struct {
	ed   *page.Editor
	blk  page.BlockNumber
	left page.BlockNumber
	last []byte // the last full key of a leaf
}

func newBuilder(out *sdk.BulkWriter, fill int) *builder {
	out.Reserve(1) // the metapage comes last
	return &builder{out: out, fill: fill}
}

// add takes the next full key.
func (b *builder) add(key, tid []byte) error {
	if b.any && bytes.Equal(key, b.key) {
		if bytes.Equal(tid, b.tids[len(b.tids)-page.TIDSize:]) {
			return nil
		}
		if len(b.tids)/page.TIDSize < postingRoom(key) {
			b.tids = append(b.tids, tid...)
			return nil
		}
	}
	if err := b.flush(); err != nil {
		return err
	}
	b.key, b.tids, b.any = append(b.key[:0], key...), append(b.tids[:0], tid...), true
	return nil
}

// flush puts the gathered entry into the leaf.
func (b *builder) flush() error {
	if !b.any {
		return nil
	}
	b.item = encodeEntry(b.item[:0], b.key, b.tids)
	item := b.item
	first := fullKey{b.key, b.tids[:page.TIDSize]}
	last := fullKey{b.key, b.tids[len(b.tids)-page.TIDSize:]}
	p, err := b.level(0)
	if err != nil {
		return err
	}
	if !p.takes(len(item), len(b.key)+page.TIDSize, b.fill) {
		sep := separator(fullKey{key: p.last}, first)
		if err := b.turn(0, sep); err != nil {
			return err
		}
		p = b.levels[0]
	}
	p.last = append(append(p.last[:0], last.key...), last.tid...)
	return p.append(item)
}

// takes reports whether another item is to go on the page: as long as it is not as full as it should be, and there is room
// left for a bound of the item's own length; the separator behind a leaf's last entry is no longer than its full key.
func (p *builtPage) takes(item, bound, fill int) bool {
	pg := p.ed.Page()
	used := pageRoom - (pg.Upper() - pg.Lower())
	need := page.Align(item) + linePointer
	if pg.NumItems() > 2 && (used+need)*100 > pageRoom*fill {
		return false
	}
	return used+need+page.Align(bound+1) <= pageRoom
}

func (p *builtPage) append(item []byte) error {
	return p.ed.InsertItem(page.OffsetNumber(p.ed.Page().NumItems())+1, item)
}

// level returns the page being filled of a level, beginning one if there is none.
func (b *builder) level(l int) (*builtPage, error) {
	for len(b.levels) <= l {
		p := &builtPage{ed: page.NewEditor(page.New()), blk: b.out.Reserve(1)}
		if err := p.begin(uint8(len(b.levels))); err != nil {
			return nil, err
		}
		b.levels = append(b.levels, p)
	}
	return b.levels[l], nil
}

// begin makes the editor an empty page whose bound is yet to come.
func (p *builtPage) begin(level uint8) error {
	p.ed.Reset(zeroPage)
	if err := initPage(p.ed, special{left: link{blk: p.left}, level: level}); err != nil {
		return err
	}
	return p.ed.InsertItem(boundAt, encodeBound(nil, true))
}

var zeroPage = page.New()

// turn ends the page of a level at sep and begins the next one.
func (b *builder) turn(l int, sep []byte) error {
	p := b.levels[l]
	next := b.out.Reserve(1)
	if err := p.ed.OverwriteItem(boundAt, encodeBound(sep, false)); err != nil {
		return err
	}
	s := special{right: link{blk: next}, left: link{blk: p.left}, level: uint8(l)}
	if err := setSpecial(p.ed, s); err != nil {
		return err
	}
	if err := b.out.WriteAt(p.blk, p.ed.Page()); err != nil {
		return err
	}
	if err := b.addDownlink(l+1, p.blk, next, sep); err != nil {
		return err
	}
	p.left, p.blk = p.blk, next
	return p.begin(uint8(l))
}

// addDownlink tells level l that the page after prev begins at sep.
func (b *builder) addDownlink(l int, prev, next page.BlockNumber, sep []byte) error {
	fresh := len(b.levels) == l
	p, err := b.level(l)
	if err != nil {
		return err
	}
	if fresh {
		if err := p.append(encodeDownlink(link{blk: prev}, nil)); err != nil {
			return err
		}
	}
	item := encodeDownlink(link{blk: next}, sep)
	if p.takes(len(item), len(sep), max(innerFill, b.fill)) {
		return p.append(item)
	}
	if fits(p.ed.Page(), len(sep)+1) {
		if err := b.turn(l, slices.Clone(sep)); err != nil {
			return err
		}
		return p.append(item[:downlinkBytes])
	}
	// The separator is too long to be the page's bound: that of the last downlink is one instead, and it goes along.
	last := page.OffsetNumber(p.ed.Page().NumItems())
	kept, _ := p.ed.Page().Item(last)
	kept = slices.Clone(kept)
	if err := p.ed.DeleteItems([]page.OffsetNumber{last}, false); err != nil {
		return err
	}
	if err := b.turn(l, kept[downlinkBytes:]); err != nil {
		return err
	}
	if err := p.append(kept[:downlinkBytes]); err != nil {
		return err
	}
	return p.append(item)
}

// finish writes the last page of every level and the metapage.
func (b *builder) finish(columns int) error {
	if err := b.flush(); err != nil {
		return err
	}
	if _, err := b.level(0); err != nil {
		return err
	}
	top := len(b.levels) - 1
	for l, p := range b.levels {
		s := special{left: link{blk: p.left}, level: uint8(l)}
		if l == top {
			s.flags = flagRoot
		}
		if err := setSpecial(p.ed, s); err != nil {
			return err
		}
		if err := b.out.WriteAt(p.blk, p.ed.Page()); err != nil {
			return err
		}
	}
	ed := page.NewEditor(page.New())
	if err := initMeta(ed, meta{root: link{blk: b.levels[top].blk}, level: uint8(top)}, columns); err != nil {
		return err
	}
	return b.out.WriteAt(metaBlock, ed.Page())
}
