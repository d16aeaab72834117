package bloom

import (
	"context"
	"encoding/binary"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

// Scan compares the query's bits with every signature of the index. All hits are doubtful.
func (Method) Scan(ctx context.Context, ix *sdk.Index, scan sdk.Scan, hits *sdk.HitWriter) error {
	mp, _, err := ix.PeekPage(metaBlock) // the parameters never change (M1)
	if err != nil {
		return err
	}
	m, err := decodeMeta(mp, len(ix.Columns()))
	if err != nil {
		return err
	}
	q, ok := m.queryOf(scan.Keys)
	if !ok {
		return nil
	}
	n, err := ix.NBlocks()
	if err != nil {
		return err
	}
	r := ix.ReadPages(metaBlock+1, n)
	for r.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if p := r.Page(); !emptied(p) {
			if err := checkPage(r.Block(), p, false); err != nil {
				return err
			}
			if err := m.scanPage(p, &q, hits); err != nil {
				return err
			}
		}
	}
	return r.Err()
}

// scanPage tests every entry of a page. The first comparison, which nearly all entries fail, is made in place.
func (p params) scanPage(pg page.Page, q *query, hits *sdk.HitWriter) error {
	width := p.width()
	end := dataStart + p.entries(pg)*width
	if len(q.chunks) == 0 || q.chunks[0].n != 8 {
		for at := dataStart; at < end; at += width {
			if err := p.test(pg[at:at+width], q, hits); err != nil {
				return err
			}
		}
		return nil
	}
	off, mask := q.chunks[0].off, q.chunks[0].mask
	for at := dataStart; at < end; at += width {
		if binary.LittleEndian.Uint64(pg[at+off:])&mask != mask {
			continue
		}
		if err := p.test(pg[at:at+width], q, hits); err != nil {
			return err
		}
	}
	return nil
}

func (p params) test(entry []byte, q *query, hits *sdk.HitWriter) error {
	if !q.matches(entry) {
		return nil
	}
	return hits.Add(page.DecodeTID(entry), true)
}
