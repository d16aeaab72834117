package main

import (
	"context"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

// Scan compares the query's bits with every signature of the index. All hits are doubtful.
func (Bloom) Scan(ctx context.Context, ix *sdk.Index, keys []sdk.ScanKey, hits *sdk.HitWriter) error {
	mp, _, err := ix.PeekPage(metaBlock) // the parameters never change (M1)
	if err != nil {
		return err
	}
	m, err := decodeMeta(mp, len(ix.Columns()))
	if err != nil {
		return err
	}
	q, ok := m.queryOf(keys)
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

func (p params) scanPage(pg page.Page, q *query, hits *sdk.HitWriter) error {
	width := p.width()
	for data := pg[dataStart : dataStart+p.entries(pg)*width]; len(data) >= width; data = data[width:] {
		if !q.matches(data) {
			continue
		}
		if err := hits.Add(page.DecodeTID(data), true); err != nil {
			return err
		}
	}
	return nil
}
