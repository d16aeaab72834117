package heap

import (
	"context"
	"fmt"

	"github.com/quiredb/quire/core/page"
)

// RewriteStats says what a rewrite kept.
type RewriteStats struct {
	Rows  int64 // row versions copied
	Dead  int64 // versions left behind
	Pages page.BlockNumber
}

// Rewrite copies the row versions that somebody may still see from one heap to another, which is empty, packed and in
// their old order. Versions keep their transactions, and chains of versions lead to the new places (H4), so old snapshots
// read the copy as they would have read the original. The caller holds AccessExclusive on the table and makes the new heap
// take the old one's place; indexes are built anew.
func (h *Store) Rewrite(ctx context.Context, from, to Relation, horizon page.LSN) (RewriteStats, error) {
	if n, err := h.pool.Length(to.File()); err != nil || n != 0 {
		if err == nil {
			err = fmt.Errorf("the new heap has %d pages already", n)
		}
		return RewriteStats{}, wrapRel(from, "rewrite", err)
	}
	w := rewrite{h: h, ctx: ctx, from: from, to: to, clerk: newClerk(h.xact, horizon), moved: map[page.TID]page.TID{}}
	if err := w.run(); err != nil {
		return w.stats, wrapRel(from, "rewrite", err)
	}
	return w.stats, nil
}

type rewrite struct {
	h        *Store
	ctx      context.Context
	from, to Relation
	clerk    *clerk
	// moved maps the successors of recently dead versions to their new places. Most rewrites find none.
	moved map[page.TID]page.TID
	stats RewriteStats
}

func (w *rewrite) run() error {
	if err := w.each(w.noteSuccessor); err != nil {
		return err
	}
	if len(w.moved) > 0 {
		var l layout
		err := w.each(func(old page.TID, _ header, item []byte) error {
			tid := l.place(len(item))
			if _, wanted := w.moved[old]; wanted {
				w.moved[old] = tid
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return w.copy()
}

// each calls fn for every version that is not dead, in the order of the old heap.
func (w *rewrite) each(fn func(old page.TID, v header, item []byte) error) error {
	return w.h.eachVersion(w.ctx, w.from, w.clerk, func(tid page.TID, f fate, v header, item []byte) error {
		if f == fateDead {
			return nil
		}
		return fn(tid, v, item)
	})
}

func (w *rewrite) noteSuccessor(_ page.TID, v header, _ []byte) error {
	if v.next.Offset != 0 {
		w.moved[v.next] = page.TID{}
	}
	return nil
}

// copy writes the new heap, a batch of whole pages at a time.
func (w *rewrite) copy() error {
	const batch = 32
	var l layout
	var pages []page.Page
	var first page.BlockNumber
	editors := make([]*page.Editor, 0, batch)
	flush := func() error {
		pages = pages[:0]
		for _, e := range editors {
			pages = append(pages, e.Page())
		}
		err := w.h.gx.BulkWrite(w.to.gx(), first, pages)
		first += page.BlockNumber(len(editors))
		editors = editors[:0]
		return err
	}
	err := w.h.eachVersion(w.ctx, w.from, w.clerk, func(_ page.TID, f fate, v header, item []byte) error {
		if f == fateDead {
			w.stats.Dead++
			return nil
		}
		tid := l.place(len(item))
		if tid.Offset == 1 {
			if len(editors) == batch {
				if err := flush(); err != nil {
					return err
				}
			}
			e := page.NewEditor(page.New())
			if err := e.Init(0, 0); err != nil {
				return err
			}
			editors = append(editors, e)
		}
		w.stats.Rows++
		return editors[len(editors)-1].PutItem(tid.Offset, w.relocated(f, v, item))
	})
	if err == nil && len(editors) > 0 {
		err = flush()
	}
	w.stats.Pages = first
	return err
}

// relocated returns the version's bytes for the new heap. What an aborted transaction tried to do to it is forgotten.
func (w *rewrite) relocated(f fate, v header, item []byte) []byte {
	v.infomask &^= infoHotUpdated | infoHeapOnly // indexes are built anew and lead to every version
	if f == fateLive {
		v.xmax, v.next = 0, page.TID{}
	} else if v.next.Offset != 0 {
		v.next = w.moved[v.next]
	}
	return append(v.append(make([]byte, 0, len(item))), item[headerSize:]...)
}

// layout says where the next item goes when pages are filled one after the other.
type layout struct {
	tid  page.TID
	left int
}

func (l *layout) place(size int) page.TID {
	const pointer = 4
	need := page.Align(size) + pointer
	if l.tid.Offset != 0 && l.left < need {
		l.tid = page.TID{Block: l.tid.Block + 1}
	}
	if l.tid.Offset == 0 {
		l.left = page.Size - page.HeaderSize
	}
	l.left -= need
	l.tid.Offset++
	return l.tid
}
