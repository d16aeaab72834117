package heap

import (
	"context"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/genericxlog"
)

// Outcome says what became of an update or delete.
type Outcome uint8

const (
	// OK: it is done.
	OK Outcome = iota
	// Gone: the row does not exist any more; a concurrent transaction deleted it.
	Gone
	// Changed: a concurrent transaction replaced the row. The TID returned with it is the successor: a read committed caller fetches it
	// with FetchVersion, looks whether it still wants it, and tries again there.
	Changed
	// SelfModified: the running command has changed or deleted the row already; the caller passes over it.
	SelfModified
	// WouldBlock: another transaction has the row, and the caller said SkipLocked.
	WouldBlock
)

// String returns the outcome's name.
func (o Outcome) String() string {
	return [...]string{"ok", "gone", "changed", "self-modified", "would block"}[o]
}

// A Result is what came of Update, Delete or LockRow.
type Result struct {
	Outcome Outcome
	// TID is where the row lies now: the new version after Update, the same place after Delete and LockRow, and for Changed the
	// successor, which is committed and may be fetched with FetchVersion while the caller's snapshot is in use.
	TID page.TID
	// Hot says that the index entries which led to the old version lead to the new one too: no index must be told. Without it every
	// index of the table gets an entry for TID.
	Hot bool
	// Pruned is how many dead versions went with the old version's page, pointers that stay for the indexes' sake not counted.
	Pruned int64
}

// A change is one update or delete of one row in progress.
type change struct {
	h    *Store
	ctx  context.Context
	txn  *xact.Txn
	snap *xact.Snapshot
	rel  Relation
	tid  page.TID
	xid  xact.XID

	strength lock.Mode  // of the row's lock that the change needs
	policy   WaitPolicy // when another transaction has the row
	queued   bool       // holds the tuple's lock in core/lock (H5)
}

func (h *Store) newChange(ctx context.Context, t *xact.Txn, snap *xact.Snapshot, rel Relation, tid page.TID) (*change, error) {
	xid, err := t.XID()
	if err != nil {
		return nil, err
	}
	return &change{h: h, ctx: ctx, txn: t, snap: snap, rel: rel, tid: tid, xid: xid, strength: lock.Exclusive}, nil
}

// Delete deletes the row version at tid. Under repeatable read a concurrent change is error 40001 instead of an outcome.
func (h *Store) Delete(ctx context.Context, t *xact.Txn, snap *xact.Snapshot, rel Relation, tid page.TID) (Result, error) {
	c, err := h.newChange(ctx, t, snap, rel, tid)
	if err != nil {
		return Result{}, err
	}
	defer c.leaveQueue()
	return c.run(c.delete)
}

// run repeats attempt until the row is neither being changed by others nor moved on while a second page was found.
func (c *change) run(attempt func(*buffer.Buffer) (stepResult, error)) (Result, error) {
	if n, err := c.h.pool.Length(c.rel.File()); err != nil || c.tid.Block >= n {
		if err == nil {
			err = noRow(c.rel, c.tid, n)
		}
		return Result{}, err
	}
	b, err := c.h.pool.Pin(c.rel.tag(c.tid.Block))
	if err != nil {
		return Result{}, err
	}
	defer b.Unpin()
	for {
		r, err := attempt(b)
		if err != nil {
			return Result{}, err
		}
		switch {
		case r.again:
			continue
		case r.wait != (lock.Tag{}):
			if skip, err := c.waitFor(r); err != nil || skip {
				return Result{Outcome: WouldBlock}, err
			}
			continue
		case r.outcome == OK || r.outcome == SelfModified:
			return Result{Outcome: r.outcome, TID: r.tid, Hot: r.hot, Pruned: r.pruned}, nil
		}
		return c.lost(r)
	}
}

// stepResult is what one attempt came to.
type stepResult struct {
	outcome Outcome
	tid     page.TID // the new version, or the successor
	by      xact.XID // who changed the row, for Gone and Changed
	hot     bool     // the new version is a heap-only one
	pruned  int64    // see Result
	wait    lock.Tag // wait for this and try again: the transaction that changes the row, or the row
	xid     xact.XID // the transaction of wait, if it is one
	again   bool     // try again at once
}

// lost ends a change that another transaction has forestalled.
func (c *change) lost(r stepResult) (Result, error) {
	if r.by != xact.InvalidXID {
		// A commit that is not waited for may not be visible yet. The caller's next snapshot must cover it, or it
		// would meet the same conflict again.
		if state, lsn, err := c.h.xact.Status(r.by); err != nil {
			return Result{}, err
		} else if state == xact.Committed {
			if err := c.h.xact.WaitVisible(c.ctx, lsn); err != nil {
				return Result{}, err
			}
		}
	}
	if c.txn.Isolation() == xact.RepeatableRead {
		if r.outcome == Gone {
			return Result{}, concurrentChange("delete")
		}
		return Result{}, concurrentChange("update")
	}
	return Result{Outcome: r.outcome, TID: r.tid}, nil
}

// examine decides what can be done with the row version in item: the zero stepResult means that it is to be had. Holds: the page's
// content lock.
func (c *change) examine(item []byte) (stepResult, error) {
	r, err := c.judge(item)
	if err != nil || r != (stepResult{}) {
		return r, err
	}
	// Who locks a row does it under the page's content lock, so nobody does it from here to the end of the change.
	if tag := c.rowTag(); c.h.locks.RowsLocked() && c.h.locks.WouldWait(c.txn.Owner(), tag, c.strength) {
		return stepResult{wait: tag}, nil
	}
	return stepResult{}, nil
}

// judge is examine without regard to row locks.
func (c *change) judge(item []byte) (stepResult, error) {
	h := decodeHeader(item)
	if !c.txn.Owns(h.xmin) {
		state, _, err := c.h.xact.Status(h.xmin)
		if err != nil || state != xact.Committed {
			return stepResult{outcome: Gone}, err // never was, for us
		}
	}
	switch {
	case h.xmax == xact.InvalidXID:
		return stepResult{}, nil
	case c.txn.Owns(h.xmax):
		if _, cmax := h.commands(c.txn); cmax >= c.snap.CID {
			return stepResult{outcome: SelfModified, tid: h.next}, nil
		}
		return stepResult{outcome: Gone}, nil
	}
	state, _, err := c.h.xact.Status(h.xmax)
	switch {
	case err != nil:
		return stepResult{}, err
	case state == xact.Aborted:
		return stepResult{}, nil
	case state == xact.InProgress:
		return stepResult{wait: lock.Transaction(uint64(h.xmax)), xid: h.xmax}, nil
	case h.next.Offset == 0:
		return stepResult{outcome: Gone, by: h.xmax}, nil
	}
	return stepResult{outcome: Changed, tid: h.next, by: h.xmax}, nil
}

// waitFor waits for whoever has the row. Whoever waits first goes first (H5): the right to wait is itself a lock, kept until the
// change is done. It reports true if the caller would rather do without the row.
func (c *change) waitFor(r stepResult) (skip bool, err error) {
	switch c.policy {
	case NoWait:
		return false, rowLocked(c.rel)
	case SkipLocked:
		return true, nil
	}
	if !c.queued {
		if err := c.h.locks.Acquire(c.ctx, c.txn.Owner(), c.tupleTag(), lock.Exclusive); err != nil {
			return false, err
		}
		c.queued = true
		return false, nil // look again: the wait may have taken long
	}
	if r.xid != xact.InvalidXID {
		return false, c.h.xact.Wait(c.ctx, c.txn, r.xid)
	}
	return false, c.h.locks.WaitFor(c.ctx, c.txn.Owner(), r.wait, c.strength)
}

func (c *change) tupleTag() lock.Tag {
	return lock.Tuple(uint32(c.rel.Rel), uint32(c.tid.Block), uint16(c.tid.Offset))
}

func (c *change) rowTag() lock.Tag {
	return lock.Row(uint32(c.rel.Rel), uint32(c.tid.Block), uint16(c.tid.Offset))
}

func (c *change) leaveQueue() {
	if c.queued {
		c.h.locks.Release(c.txn.Owner(), c.tupleTag(), lock.Exclusive)
	}
}

// item returns the row version's bytes. Holds: the page's content lock.
func (c *change) item(p page.Page) ([]byte, error) {
	item, ok := p.Item(c.tid.Offset)
	if !ok {
		return nil, noRow(c.rel, c.tid, c.tid.Block+1)
	}
	if len(item) < headerSize {
		return nil, corrupt(c.rel, c.tid, errShortItem)
	}
	return item, nil
}

func (c *change) delete(b *buffer.Buffer) (stepResult, error) {
	b.Lock()
	defer b.Unlock()
	item, err := c.item(b.Page())
	if err != nil {
		return stepResult{}, err
	}
	r, err := c.examine(item)
	if err != nil || r != (stepResult{}) {
		return r, err
	}
	s := c.start()
	defer s.Abort()
	e, err := s.RegisterBuffer(b, 0)
	if err != nil {
		return stepResult{}, err
	}
	m := c.h.editMap(c.rel, s)
	defer m.release()
	if err := m.clear(e, c.tid.Block); err != nil {
		return stepResult{}, err
	}
	if err := c.condemn(e, decodeHeader(item), page.TID{}, false); err != nil {
		return stepResult{}, err
	}
	_, err = s.Finish()
	return stepResult{tid: c.tid}, wrapRel(c.rel, "delete from", err)
}

func (c *change) start() *genericxlog.State {
	s := c.h.gx.Start(c.rel.gx())
	s.SetXID(uint64(c.xid))
	c.txn.NoteWrite()
	return s
}

// condemn marks the version, whose head is h, as deleted, or replaced by next, by this command. hot says that next is a heap-only
// version.
func (c *change) condemn(e *page.Editor, h header, next page.TID, hot bool) error {
	if c.txn.Owns(h.xmin) {
		cmin, _ := h.commands(c.txn)
		h.cid, h.infomask = c.txn.Combo(cmin, c.txn.CommandID()), h.infomask|infoCombo
	} else {
		h.cid, h.infomask = c.txn.CommandID(), h.infomask&^infoCombo
	}
	h.infomask &^= infoHotUpdated
	if hot {
		h.infomask |= infoHotUpdated
	}
	h.xmax, h.next = c.xid, next
	return e.Write(e.Page().ItemID(c.tid.Offset).Offset()+offXmax, h.appendFate(nil))
}
