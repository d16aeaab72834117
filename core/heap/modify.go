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
)

// String returns the outcome's name.
func (o Outcome) String() string {
	return [...]string{"ok", "gone", "changed", "self-modified"}[o]
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

	queued bool // holds the tuple's lock in core/lock (H5)
}

func (h *Store) newChange(ctx context.Context, t *xact.Txn, snap *xact.Snapshot, rel Relation, tid page.TID) (*change, error) {
	xid, err := t.XID()
	if err != nil {
		return nil, err
	}
	return &change{h: h, ctx: ctx, txn: t, snap: snap, rel: rel, tid: tid, xid: xid}, nil
}

// Delete deletes the row at tid. With Changed it returns the row's successor. Under repeatable read a concurrent change is
// error 40001 instead of an outcome.
func (h *Store) Delete(ctx context.Context, t *xact.Txn, snap *xact.Snapshot, rel Relation, tid page.TID) (page.TID, Outcome, error) {
	c, err := h.newChange(ctx, t, snap, rel, tid)
	if err != nil {
		return page.TID{}, OK, err
	}
	defer c.leaveQueue()
	return c.run(c.delete)
}

// run repeats attempt until the row is neither being changed by others nor moved on while a second page was found.
func (c *change) run(attempt func(*buffer.Buffer) (stepResult, error)) (page.TID, Outcome, error) {
	if n, err := c.h.pool.Length(c.rel.File()); err != nil || c.tid.Block >= n {
		if err == nil {
			err = noRow(c.rel, c.tid, n)
		}
		return page.TID{}, OK, err
	}
	b, err := c.h.pool.Pin(c.rel.tag(c.tid.Block))
	if err != nil {
		return page.TID{}, OK, err
	}
	defer b.Unpin()
	for {
		r, err := attempt(b)
		if err != nil {
			return page.TID{}, OK, err
		}
		switch {
		case r.again:
			continue
		case r.wait != xact.InvalidXID:
			if err := c.waitFor(r.wait); err != nil {
				return page.TID{}, OK, err
			}
			continue
		case r.outcome == OK || r.outcome == SelfModified:
			return r.tid, r.outcome, nil
		}
		return c.lost(r)
	}
}

// stepResult is what one attempt came to.
type stepResult struct {
	outcome Outcome
	tid     page.TID // the new version, or the successor
	by      xact.XID // who changed the row, for Gone and Changed
	wait    xact.XID // wait for this transaction and try again
	again   bool     // try again at once
}

// lost ends a change that another transaction has forestalled.
func (c *change) lost(r stepResult) (page.TID, Outcome, error) {
	if r.by != xact.InvalidXID {
		// A commit that is not waited for may not be visible yet. The caller's next snapshot must cover it, or it
		// would meet the same conflict again.
		if state, lsn, err := c.h.xact.Status(r.by); err != nil {
			return page.TID{}, OK, err
		} else if state == xact.Committed {
			if err := c.h.xact.WaitVisible(c.ctx, lsn); err != nil {
				return page.TID{}, OK, err
			}
		}
	}
	if c.txn.Isolation() == xact.RepeatableRead {
		if r.outcome == Gone {
			return page.TID{}, OK, concurrentChange("delete")
		}
		return page.TID{}, OK, concurrentChange("update")
	}
	return r.tid, r.outcome, nil
}

// examine decides what can be done with the row version in item. Holds: the page's content lock.
func (c *change) examine(item []byte) (stepResult, error) {
	h := decodeHeader(item)
	if h.xmin != c.xid {
		state, _, err := c.h.xact.Status(h.xmin)
		if err != nil || state != xact.Committed {
			return stepResult{outcome: Gone}, err // never was, for us
		}
	}
	switch h.xmax {
	case xact.InvalidXID:
		return stepResult{}, nil
	case c.xid:
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
		return stepResult{wait: h.xmax}, nil
	case h.next.Offset == 0:
		return stepResult{outcome: Gone, by: h.xmax}, nil
	}
	return stepResult{outcome: Changed, tid: h.next, by: h.xmax}, nil
}

// waitFor waits for the end of the transaction that is changing the row. Whoever waits first goes first (H5): the right to wait is itself
// a lock, kept until the change is done.
func (c *change) waitFor(other xact.XID) error {
	if !c.queued {
		if err := c.h.locks.Acquire(c.ctx, c.txn.Owner(), c.tupleTag(), lock.Exclusive); err != nil {
			return err
		}
		c.queued = true
		return nil // look again: the wait may have taken long
	}
	return c.h.xact.Wait(c.ctx, c.txn, other)
}

func (c *change) tupleTag() lock.Tag {
	return lock.Tuple(uint32(c.rel.Rel), uint32(c.tid.Block), uint16(c.tid.Offset))
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
	if err := c.condemn(e, item, page.TID{}); err != nil {
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

// condemn marks the version as deleted, or replaced by next, by this command.
func (c *change) condemn(e *page.Editor, item []byte, next page.TID) error {
	h := decodeHeader(item)
	if h.xmin == c.xid {
		cmin, _ := h.commands(c.txn)
		h.cid, h.infomask = c.txn.Combo(cmin, c.txn.CommandID()), h.infomask|infoCombo
	} else {
		h.cid, h.infomask = c.txn.CommandID(), h.infomask&^infoCombo
	}
	h.xmax, h.next = c.xid, next
	return e.Write(e.Page().ItemID(c.tid.Offset).Offset()+offXmax, h.appendFate(nil))
}
