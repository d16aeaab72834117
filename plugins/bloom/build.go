package bloom

import (
	"context"
	"errors"
	"io"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

// Build fills pages one after the other in private memory and hands each over once. The metapage, whose list is only
// known at the end, has its block reserved first.
func (Method) Build(ctx context.Context, ix *sdk.Index, rows *sdk.RowReader) (sdk.BuildStats, error) {
	p, err := paramsOf(ix.Columns(), ix.Options())
	if err != nil {
		return sdk.BuildStats{}, err
	}
	w := ix.BulkWriter()
	w.Reserve(1)
	b := &builder{params: p, out: w, pending: make([]byte, 0, dataBytes)}
	for {
		batch, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return sdk.BuildStats{}, err
		}
		if err := ctx.Err(); err != nil {
			return sdk.BuildStats{}, err
		}
		for _, row := range batch {
			if err := b.add(row); err != nil {
				return sdk.BuildStats{}, err
			}
		}
	}
	m, err := b.finish()
	if err != nil {
		return sdk.BuildStats{}, err
	}
	pg, err := metaPage(m)
	if err != nil {
		return sdk.BuildStats{}, err
	}
	if err := w.WriteAt(metaBlock, pg); err != nil {
		return sdk.BuildStats{}, err
	}
	return sdk.BuildStats{HeapTuples: rows.Count(), IndexTuples: rows.Count()}, w.Close()
}

// BuildEmpty is a metapage alone.
func (Method) BuildEmpty(_ context.Context, ix *sdk.Index) ([]page.Page, error) {
	p, err := paramsOf(ix.Columns(), ix.Options())
	if err != nil {
		return nil, err
	}
	pg, err := metaPage(meta{params: p})
	return []page.Page{pg}, err
}

func metaPage(m meta) (page.Page, error) {
	ed := page.NewEditor(page.New())
	err := writeMeta(ed, m)
	return ed.Page(), err
}

// A builder gathers the entries of one page at a time.
type builder struct {
	params
	out     *sdk.BulkWriter
	pending []byte
	last    page.BlockNumber // the page written last, if it has room
	hasRoom bool
}

func (b *builder) add(row sdk.Row) error {
	b.pending = b.appendEntry(b.pending, row)
	if len(b.pending) == b.perPage()*b.width() {
		return b.writePage()
	}
	return nil
}

func (b *builder) writePage() error {
	ed := page.NewEditor(page.New())
	if err := initPage(ed, 0); err != nil {
		return err
	}
	if err := ed.ArrayInsert(dataStart, b.width(), 0, 0, b.pending); err != nil {
		return err
	}
	blk, err := b.out.Append(ed.Page())
	b.last, b.hasRoom = blk, len(b.pending) < b.perPage()*b.width()
	b.pending = b.pending[:0]
	return err
}

// finish writes the last page and says what the metapage holds.
func (b *builder) finish() (meta, error) {
	m := meta{params: b.params}
	if len(b.pending) > 0 {
		if err := b.writePage(); err != nil {
			return m, err
		}
	}
	if b.hasRoom {
		m.list = []page.BlockNumber{b.last}
	}
	return m, nil
}
