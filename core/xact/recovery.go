package xact

import (
	"context"
	"fmt"
	"slices"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/walrec"
)

// replayedWatermark is the replay position of a standby.
type replayedWatermark struct{ m *Manager }

func (w replayedWatermark) Bound() page.LSN { return page.LSN(w.m.replayed.Load()) }

func (w replayedWatermark) Wait(_ context.Context, upTo page.LSN) error {
	return fmt.Errorf("xact: replay has not reached %v, it is at %v; on a standby only replay moves it", upTo, w.Bound())
}

// ApplyCommit tells a standby's manager of a commit record after redo has applied its page.
func (m *Manager) ApplyCommit(xid XID, lsn page.LSN, rec walrec.Commit) {
	for _, sub := range rec.Subs {
		m.cache.apply(XID(sub), uint64(lsn))
		m.sawXID(XID(sub))
	}
	m.cache.apply(xid, uint64(lsn))
	if rec.CatalogChanged {
		m.catalog.changed(lsn)
	}
	m.sawXID(xid)
}

// ApplyAbort tells a standby's manager of an abort record after redo has applied its page.
func (m *Manager) ApplyAbort(xid XID, rec walrec.Abort) {
	for _, sub := range rec.Subs {
		m.cache.apply(XID(sub), entryAborted)
		m.sawXID(XID(sub))
	}
	m.cache.apply(xid, entryAborted)
	m.sawXID(xid)
}

// sawXID keeps the next number beyond any that the log mentions.
func (m *Manager) sawXID(xid XID) {
	for next := m.registry.next.Load(); uint64(xid) >= next; next = m.registry.next.Load() {
		if m.registry.next.CompareAndSwap(next, uint64(xid)+1) {
			return
		}
	}
}

// SetReplayed moves a standby's visible LSN: everything that ends at or below end has been applied.
func (m *Manager) SetReplayed(end page.LSN) {
	m.replayed.Store(uint64(end))
	m.visibility.advance()
}

// Promote turns a standby's manager into a primary's. next is the number after any in the log, which is durable whole.
func (m *Manager) Promote(next XID) {
	m.registry.mu.Lock()
	m.sawXID(max(next, FirstXID) - 1)
	m.registry.oldest.Store(m.registry.next.Load())
	m.registry.mu.Unlock()
	m.SetWatermark(localWatermark{m.cfg.Log})
	m.standby.Store(false)
}

// InRecovery reports whether the manager is a standby's.
func (m *Manager) InRecovery() bool { return m.standby.Load() }

// AbortUnfinished records the abort of transactions that were running at a crash, and removes the files they made. The
// engine calls it between the end of redo and the first session. Without it they would count as aborted too (X6); the
// records tell replicas, and free the files.
func (m *Manager) AbortUnfinished(all []walrec.ActiveXact) error {
	for _, u := range all {
		if entry, err := m.cache.entry(XID(u.XID)); err != nil {
			return err
		} else if entry > entryAborted {
			continue // its commit lies before the redo position, the list was taken after it
		}
		if err := m.logAbort([]XID{XID(u.XID)}, u.Created); err != nil {
			return fmt.Errorf("record the abort of transaction %d, which was running at the crash: %w", u.XID, err)
		}
		if len(u.Created) > 0 {
			if err := m.cfg.DropFiles(u.Created); err != nil {
				return fmt.Errorf("remove relations that transaction %d created before the crash: %w", u.XID, err)
			}
		}
	}
	return nil
}

// Active lists the transactions that have a number and no outcome, in ascending order, for a checkpoint record.
func (m *Manager) Active() []walrec.ActiveXact {
	r := &m.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []walrec.ActiveXact
	for t := r.numbered.first; t != nil; t = t.node.next {
		if entry, err := m.cache.entry(t.xid); err == nil && entry != entryNone {
			continue // its end is in the log already (X2)
		}
		out = append(out, walrec.ActiveXact{XID: uint64(t.xid), Created: slices.Clone(t.dropAtAbort)})
	}
	return out
}

// SnapshotsBelow returns the transactions that read with a snapshot older than horizon: replaying a removal up to it would take
// rows from under them. Their Cancel functions, or their end, let replay go on.
func (m *Manager) SnapshotsBelow(horizon page.LSN) []*Txn {
	r := &m.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*Txn
	for s := r.snapshots.first; s != nil && s.LSN < horizon; s = s.node.next {
		out = append(out, s.txn)
	}
	return out
}
