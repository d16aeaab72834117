package xact

import (
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
)

// editor is what a status record needs of page.Editor.
type editor interface {
	StampLSN(off int) error
	Write(off int, b []byte) error
}

// statusRecord is a record that says how a transaction ended, in words and as an edit of its status page.
type statusRecord struct {
	kind     wal.Kind
	payload  func(dst []byte) []byte
	edit     func(e editor, off int) error
	inserted func(start page.LSN) // under the WAL insertion lock; may be nil
}

// logStatus writes the record and changes the status page with it.
func (m *Manager) logStatus(xid XID, rec statusRecord) (page.LSN, error) {
	blk, i := statusBlock(xid)
	b, err := m.cfg.Pool.PinForRedo(statusRelation.Tag(blk))
	if err != nil {
		return 0, wrapStatus(err, blk)
	}
	defer b.Unpin()
	b.Lock()
	defer b.Unlock()

	s := m.cfg.GX.Start(statusRelation)
	defer s.Abort()
	e, err := s.RegisterBuffer(b, 0)
	if err != nil {
		return 0, err
	}
	if err := initStatusPage(e); err != nil {
		return 0, err
	}
	if err := rec.edit(e, entryOffset(i)); err != nil {
		return 0, fmt.Errorf("status of transaction %d: %w", xid, err)
	}
	s.SetXID(uint64(xid))
	s.SetKind(rec.kind, func(dst []byte, lsn page.LSN) []byte {
		if rec.inserted != nil {
			rec.inserted(lsn)
		}
		return rec.payload(dst)
	})
	return s.Finish()
}
