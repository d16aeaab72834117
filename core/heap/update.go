package heap

import (
	"context"
	"encoding/binary"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// Update replaces the row version at tid by row. hot says that no indexed column changes (for every index of the table, whatever
// its access method; the caller compares): then the new version may be a heap-only one, and Result.Hot says whether it is. Unless it
// is, the caller adds entries for Result.TID to every index. Under repeatable read a concurrent change is error 40001
// instead of an outcome.
func (h *Store) Update(ctx context.Context, t *xact.Txn, snap *xact.Snapshot, rel Relation, tid page.TID, row []byte, hot bool) (Result, error) {
	if err := checkSize(row); err != nil {
		return Result{}, err
	}
	c, err := h.newChange(ctx, t, snap, rel, tid)
	if err != nil {
		return Result{}, err
	}
	defer c.leaveQueue()
	u := update{change: c, st: h.state(rel), hot: hot}
	fresh := header{xmin: c.xid, cid: t.CommandID()}
	u.item = append(fresh.append(make([]byte, 0, headerSize+len(row))), row...)
	return c.run(u.attempt)
}

// update is a change with a new version.
type update struct {
	*change
	st   *relState
	item []byte // the new version
	hot  bool   // it may be heap-only
	far  bool   // the old version's page has no room
}

// attempt tries the old version's own page first, so that one page changes instead of two.
func (u *update) attempt(old *buffer.Buffer) (stepResult, error) {
	if !u.far {
		return u.near(old)
	}
	sl := u.st.claim()
	defer sl.mu.Unlock()
	tg, err := u.h.pinTarget(u.rel, u.st, sl, page.Align(len(u.item)))
	if err != nil {
		return stepResult{}, err
	}
	if tg.buf.Tag() == old.Tag() { // it has room after all
		u.far = false
		u.h.finishTarget(u.rel, u.st, sl, tg, outcome{full: true})
		return stepResult{again: true}, nil
	}
	unlock := lockBoth(old, tg.buf)
	r, written, err := u.write(old, tg.buf)
	o := outcome{written: written, full: r.again, free: tg.buf.Page().FreeSpace()}
	unlock()
	u.h.finishTarget(u.rel, u.st, sl, tg, o)
	return r, err
}

// near replaces the row within its page, if there is room.
func (u *update) near(b *buffer.Buffer) (stepResult, error) {
	b.Lock()
	defer b.Unlock()
	r, _, err := u.write(b, b)
	if r.again {
		u.far = true
	}
	return r, err
}

// lockBoth takes two content locks in ascending order of block.
func lockBoth(a, b *buffer.Buffer) (unlock func()) {
	if a.Tag().Block > b.Tag().Block {
		a, b = b, a
	}
	a.Lock()
	b.Lock()
	return func() {
		b.Unlock()
		a.Unlock()
	}
}

// write does the update if the row is still to be had and dst has room, if need be after pruning; without room it returns again. Holds: both
// content locks.
func (u *update) write(old, dst *buffer.Buffer) (r stepResult, written bool, err error) {
	item, err := u.change.item(old.Page())
	if err != nil {
		return stepResult{}, false, err
	}
	if r, err := u.examine(item); err != nil || r != (stepResult{}) {
		return r, false, err
	}
	size := page.Align(len(u.item))
	var pruning prune
	if !roomFor(dst.Page(), size) {
		if old != dst {
			return stepResult{again: true}, false, nil
		}
		if pruning, err = planPrune(u.rel, dst.Page(), dst.Tag().Block, newClerk(u.h.xact, u.h.xact.Horizon()), true); err != nil {
			return stepResult{}, false, err
		}
		const pointer = 4 // the new version needs one if pruning leaves none
		if p := dst.Page(); p.Upper()-p.Lower()+pruning.freed < size+pointer {
			return stepResult{again: true}, false, nil
		}
	}
	s := u.start()
	defer s.Abort()
	from, err := s.RegisterBuffer(old, 0)
	if err != nil {
		return stepResult{}, false, err
	}
	to, err := s.RegisterBuffer(dst, 0)
	if err != nil {
		return stepResult{}, false, err
	}
	if err := initHeapPage(to); err != nil {
		return stepResult{}, false, err
	}
	m := u.h.editMap(u.rel, s)
	defer m.release()
	if err := m.clearBoth(from, old.Tag().Block, to, dst.Tag().Block); err != nil {
		return stepResult{}, false, err
	}
	if err := pruning.apply(s, dst, to, u.rel.Unlogged); err != nil {
		return stepResult{}, false, err
	}
	hot := u.hot && old == dst
	u.mark(hot)
	slots := freeSlots{p: to.Page()}
	tid := page.TID{Block: dst.Tag().Block, Offset: slots.next()}
	if err := u.condemn(from, decodeHeader(item), tid, hot); err != nil {
		return stepResult{}, false, err
	}
	if err := to.PutItem(tid.Offset, u.item); err != nil {
		return stepResult{}, false, err
	}
	if _, err := s.Finish(); err != nil {
		return stepResult{}, false, wrapRel(u.rel, "update", err)
	}
	return stepResult{tid: tid, hot: hot, pruned: pruning.versions - int64(len(pruning.dead))}, true, nil
}

// mark says in the new version's head whether it is heap-only.
func (u *update) mark(heapOnly bool) {
	var mask uint16
	if heapOnly {
		mask = infoHeapOnly
	}
	binary.LittleEndian.PutUint16(u.item[offInfomask:], mask)
}
