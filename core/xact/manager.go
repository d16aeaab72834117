package xact

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/genericxlog"
)

// Config says what a Manager works on. It is copied by Open.
type Config struct {
	Log   *wal.Log
	Pool  *buffer.Pool
	GX    *genericxlog.Manager
	Locks *lock.Manager
	// Clock gives the time in commit records; nil means time.Now.
	Clock  func() time.Time
	Logger zerolog.Logger
	// DropFiles removes the files and frames of relations once the transaction that dropped them, or that created them in
	// vain, has ended. An error is logged: the files are garbage, not data.
	DropFiles func(rels []page.RelFileNumber) error
	// NextXID is the number after the last one known to recovery; 0 means FirstXID.
	NextXID XID
	// Standby starts the manager without the right to number transactions. Replayed is the position up to which the
	// log has been replayed then.
	Standby  bool
	Replayed page.LSN
	// CachedPages bounds the status cache, in pages of 1021 transactions; 0 means 2048.
	CachedPages int
}

// Manager runs the transactions of one data directory. It is safe for concurrent use.
type Manager struct {
	cfg        Config
	standby    atomic.Bool
	replayed   atomic.Uint64
	cache      *cache
	visibility visibility
	registry   registry
	catalog    catalogHistory
}

// Open returns a manager for a recovered data directory.
func Open(cfg Config) (*Manager, error) {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.NextXID < FirstXID {
		cfg.NextXID = FirstXID
	}
	if cfg.CachedPages <= 0 {
		cfg.CachedPages = defaultCachedPages
	}
	if cfg.DropFiles == nil {
		return nil, fmt.Errorf("xact: DropFiles must be set: dropped relations would never leave the disk")
	}
	m := &Manager{cfg: cfg}
	m.registry.init(cfg.NextXID)
	m.cache = newCache(cfg.Pool, cfg.CachedPages, func() page.BlockNumber {
		blk, _ := statusBlock(XID(m.registry.oldest.Load()))
		return blk
	})
	if cfg.Standby {
		m.standby.Store(true)
		m.replayed.Store(uint64(cfg.Replayed))
		m.SetWatermark(replayedWatermark{m})
	} else {
		m.SetWatermark(localWatermark{cfg.Log})
	}
	m.catalog.base = m.visibility.advance()
	return m, nil
}

// SetWatermark makes another watermark decide what is visible, with the next commit or snapshot. What was visible stays so.
func (m *Manager) SetWatermark(w Watermark) { m.visibility.watermark.Store(&w) }

// Visible returns the newest LSN that a snapshot may have now. Replication calls it after a watermark of its own has
// moved, so that waiting sessions need not.
func (m *Manager) Visible() page.LSN { return m.visibility.advance() }

// NextXID returns the next number to be handed out; a checkpoint records it.
func (m *Manager) NextXID() XID { return XID(m.registry.next.Load()) }

// OldestXID returns the oldest number that is running, or NextXID.
func (m *Manager) OldestXID() XID { return XID(m.registry.oldest.Load()) }

// Horizon returns an LSN such that no snapshot in use, and none to come, is older. A row version whose deleter committed
// at or below it is seen by nobody.
func (m *Manager) Horizon() page.LSN { return m.registry.horizon(m.visibility.advance) }

// Locks returns the lock table that transactions wait in.
func (m *Manager) Locks() *lock.Manager { return m.cfg.Locks }

// Status says how xid ended, and the LSN of its commit record if it committed. A committed transaction may not be visible yet.
func (m *Manager) Status(xid XID) (State, page.LSN, error) {
	oldest := XID(m.registry.oldest.Load()) // before the entry: X6
	entry, err := m.cache.entry(xid)
	switch {
	case err != nil:
		return InProgress, 0, err
	case entry > entryAborted:
		return Committed, page.LSN(entry), nil
	case entry == entryAborted:
		return Aborted, 0, nil
	case m.standby.Load() || xid >= oldest:
		return InProgress, 0, nil
	}
	return Aborted, 0, nil
}

// prepareStatus makes sure that the outcome of xid can be remembered and, later, written. It does I/O for one number in 1021.
func (m *Manager) prepareStatus(xid XID) error {
	if m.statusReady(xid) {
		return nil
	}
	blk, _ := statusBlock(xid)
	if err := m.cfg.Pool.ReserveSpace(statusRelation.File(), blk+1); err != nil {
		return err
	}
	_, err := m.cache.load(blk)
	return err
}

// statusReady reports whether the chunk for xid is in memory. It stays there while xid may be running.
func (m *Manager) statusReady(xid XID) bool {
	blk, _ := statusBlock(xid)
	return m.cache.peek(blk) != nil
}

// WaitVisible returns when the commit at lsn is visible to new snapshots. It makes the log durable if nobody else does.
func (m *Manager) WaitVisible(ctx context.Context, lsn page.LSN) error {
	if m.visibility.advance() >= lsn {
		return nil
	}
	return m.visibility.waitFor(ctx, lsn, m.cfg.Log.InsertLSN)
}

// Wait returns when other has ended and its outcome is visible. It fails with 40P01 if other waits, however
// indirectly, for self.
func (m *Manager) Wait(ctx context.Context, self *Txn, other XID) error {
	if err := m.cfg.Locks.WaitFor(ctx, &self.owner, lock.Transaction(uint64(other)), lock.Share); err != nil {
		return err
	}
	state, lsn, err := m.Status(other)
	if err != nil || state != Committed {
		return err
	}
	return m.WaitVisible(ctx, lsn)
}
