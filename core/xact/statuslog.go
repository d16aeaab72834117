package xact

import (
	"encoding/binary"
	"fmt"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/genericxlog"
)

// editor is what a status record needs of page.Editor.
type editor interface {
	StampLSN(off int) error
	Write(off int, b []byte) error
}

// statusRecord is a record that says how a transaction ended, and subtransactions with it, in words and as edits of their status
// pages.
type statusRecord struct {
	of       XID   // whom the record belongs to
	xids     []XID // whose entries change, ascending
	edit     func(e editor, off int) error
	kind     wal.Kind
	payload  func(dst []byte) []byte // nil for a record of pages alone
	inserted func(start page.LSN)    // under the WAL insertion lock, if there is a payload
}

// logStatus writes the record and changes the status pages with it. They are at most genericxlog.MaxBlocks.
func (m *Manager) logStatus(rec statusRecord) (page.LSN, error) {
	s := m.cfg.GX.Start(statusRelation)
	defer s.Abort()
	p := statusPages{m: m, s: s}
	defer p.release()
	for _, xid := range rec.xids {
		if err := p.edit(xid, rec.edit); err != nil {
			return 0, err
		}
	}
	s.SetXID(uint64(rec.of))
	if rec.payload != nil {
		s.SetKind(rec.kind, func(dst []byte, lsn page.LSN) []byte {
			rec.inserted(lsn)
			return rec.payload(dst)
		})
	}
	return s.Finish()
}

// statusPages are the pages of a record about transactions, locked in ascending order.
type statusPages struct {
	m    *Manager
	s    *genericxlog.State
	held []*buffer.Buffer
	last *page.Editor // of the newest in held
}

// edit changes the entry of xid, which is not below the one before.
func (p *statusPages) edit(xid XID, change func(e editor, off int) error) error {
	blk, i := statusBlock(xid)
	if n := len(p.held); n == 0 || p.held[n-1].Tag().Block != blk {
		if err := p.lock(blk); err != nil {
			return err
		}
	}
	if err := change(p.last, entryOffset(i)); err != nil {
		return fmt.Errorf("status of transaction %d: %w", xid, err)
	}
	return nil
}

func (p *statusPages) lock(blk page.BlockNumber) error {
	b, err := p.m.cfg.Pool.PinForRedo(statusRelation.Tag(blk))
	if err != nil {
		return wrapStatus(err, blk)
	}
	b.Lock()
	p.held = append(p.held, b)
	if p.last, err = p.s.RegisterBuffer(b, 0); err != nil {
		return err
	}
	return initStatusPage(p.last)
}

func (p *statusPages) release() {
	for _, b := range p.held {
		b.Unlock()
		b.Unpin()
	}
}

// fitting returns how many of the transactions, from the first on, fit into one record.
func fitting(xids []XID) int {
	pages, last := 0, page.InvalidBlock
	for i, xid := range xids {
		if blk, _ := statusBlock(xid); blk != last {
			if last, pages = blk, pages+1; pages > genericxlog.MaxBlocks {
				return i
			}
		}
	}
	return len(xids)
}

// referToTop has the status pages of subtransactions say that their transaction's end is theirs, in as many records as that takes. It changes
// nothing for anybody: the transaction is still running.
func (m *Manager) referToTop(top XID, subs []XID) error {
	for len(subs) > 0 {
		n := fitting(subs)
		_, err := m.logStatus(statusRecord{
			of:   top,
			xids: subs[:n],
			edit: func(e editor, off int) error {
				return e.Write(off, binary.LittleEndian.AppendUint64(nil, entryOfTop|uint64(top)))
			},
		})
		if err != nil {
			return err
		}
		subs = subs[n:]
	}
	return nil
}

func numbers(xids []XID) []uint64 {
	var out []uint64
	for _, xid := range xids {
		out = append(out, uint64(xid))
	}
	return out
}
