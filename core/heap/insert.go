package heap

import (
	"context"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// Insert adds rows for t and returns where they lie, in order. As many as fit a page go into one record. An error in
// the middle leaves some rows inserted; the transaction must abort, which makes them invisible.
func (h *Store) Insert(ctx context.Context, t *xact.Txn, rel Relation, rows [][]byte) ([]page.TID, error) {
	for _, row := range rows {
		if err := checkSize(row); err != nil {
			return nil, err
		}
	}
	xid, err := t.XID()
	if err != nil {
		return nil, err
	}
	ins := inserter{
		h: h, rel: rel, st: h.state(rel), txn: t,
		head: header{xmin: xid, cid: t.CommandID()},
		tids: make([]page.TID, 0, len(rows)),
	}
	for len(rows) > 0 {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		n, err := ins.fill(rows)
		if err != nil {
			return nil, wrapRel(rel, "insert into", err)
		}
		rows = rows[n:]
	}
	return ins.tids, nil
}

// inserter is one Insert in progress.
type inserter struct {
	h    *Store
	rel  Relation
	st   *relState
	txn  *xact.Txn
	head header
	tids []page.TID
}

// fill puts the first rows into one page, and returns how many went in: none if the page turned out to have no room.
func (ins *inserter) fill(rows [][]byte) (int, error) {
	sl := ins.st.claim()
	defer sl.mu.Unlock()
	tg, err := ins.h.pinTarget(ins.rel, ins.st, sl, itemSize(rows[0]))
	if err != nil {
		return 0, err
	}
	tg.buf.Lock()
	n, free, err := ins.put(sl, tg, rows)
	tg.buf.Unlock()
	ins.h.finishTarget(ins.rel, ins.st, sl, tg, outcome{
		written: n > 0,
		full:    err == nil && n < len(rows),
		free:    free,
	})
	return n, err
}

// put edits the page. It returns the number of rows put and the free space left. Holds: sl.mu, the content lock.
func (ins *inserter) put(sl *slot, tg target, rows [][]byte) (n, free int, err error) {
	p := tg.buf.Page()
	if !roomFor(p, itemSize(rows[0])) {
		return 0, p.FreeSpace(), nil
	}
	s := ins.h.gx.Start(ins.rel.gx())
	defer s.Abort()
	s.SetXID(uint64(ins.head.xmin))
	e, err := s.RegisterBuffer(tg.buf, 0)
	if err != nil {
		return 0, 0, err
	}
	if err := initHeapPage(e); err != nil {
		return 0, 0, err
	}
	m := ins.h.editMap(ins.rel, s)
	defer m.release()
	if err := m.clear(e, tg.buf.Tag().Block); err != nil {
		return 0, 0, err
	}
	start := len(ins.tids)
	slots := freeSlots{p: e.Page(), last: min(sl.from, page.OffsetNumber(e.Page().NumItems()))}
	for _, row := range rows {
		if e.Page().FreeSpace() < itemSize(row) {
			break
		}
		at := slots.next()
		sl.item = append(ins.head.append(sl.item[:0]), row...)
		if err := e.PutItem(at, sl.item); err != nil {
			ins.tids = ins.tids[:start]
			return 0, 0, err
		}
		ins.tids = append(ins.tids, page.TID{Block: tg.buf.Tag().Block, Offset: at})
		n++
	}
	sl.from, free = slots.last, e.Page().FreeSpace()
	ins.txn.NoteWrite()
	if _, err := s.Finish(); err != nil {
		ins.tids = ins.tids[:start]
		return 0, 0, err
	}
	return n, free, nil
}

// initHeapPage gives a page that was never written its layout.
func initHeapPage(e *page.Editor) error {
	if !e.Page().IsNew() {
		return nil
	}
	return e.Init(0, 0)
}

// freeSlots hands out the line pointers of a page that have no item, in order from the one after last, then the next new ones.
type freeSlots struct {
	p    page.Page
	last page.OffsetNumber
}

func (f *freeSlots) next() page.OffsetNumber {
	n := page.OffsetNumber(f.p.NumItems())
	for f.last++; f.last <= n; f.last++ {
		if f.p.ItemID(f.last).Flags() == page.ItemUnused {
			break
		}
	}
	return f.last
}
