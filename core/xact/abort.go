package xact

import (
	"encoding/binary"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/walrec"
)

// Abort ends the transaction without effect. It cannot fail in a way that matters: without a record the transaction
// counts as aborted all the same (X6), so trouble with the log is only reported to the log file. Aborting twice does nothing.
func (t *Txn) Abort() error {
	if t.ended {
		return nil
	}
	if t.wrote {
		defer t.holdRedoPoint(t.dropAtAbort)()
		if err := t.m.logAbort(t.xid, t.dropAtAbort); err != nil {
			t.m.cfg.Logger.Warn().Err(err).Uint64("xid", uint64(t.xid)).
				Msg("abort could not be logged; the transaction counts as aborted without")
			t.m.cache.set(t.xid, entryAborted)
		}
	}
	t.finish(false)
	return nil
}

func (m *Manager) logAbort(xid XID, dropped []page.RelFileNumber) error {
	body := walrec.Abort{DroppedRels: dropped}
	_, err := m.logStatus(xid, statusRecord{
		kind:    wal.Abort,
		payload: body.Append,
		edit: func(e editor, off int) error {
			return e.Write(off, binary.LittleEndian.AppendUint64(nil, entryAborted))
		},
		inserted: func(page.LSN) { m.cache.set(xid, entryAborted) },
	})
	return err
}
