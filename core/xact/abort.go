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
		if err := t.m.logAbort(t.numbers(), t.dropAtAbort); err != nil {
			t.m.cfg.Logger.Warn().Err(err).Uint64("xid", uint64(t.xid)).
				Msg("abort could not be logged; the transaction counts as aborted without")
			t.m.setAborted(t.numbers())
		}
	}
	t.finish(false)
	return nil
}

// logAbort records that transactions have ended without effect: one, or a subtransaction, first, and after it those that end with it.
// What does not fit into one record is left out, since without a word it counts as aborted too (X6).
func (m *Manager) logAbort(xids []XID, dropped []page.RelFileNumber) error {
	logged := xids[:fitting(xids)]
	body := walrec.Abort{DroppedRels: dropped, Subs: numbers(logged[1:])}
	_, err := m.logStatus(statusRecord{
		of:   xids[0],
		xids: logged,
		edit: func(e editor, off int) error {
			return e.Write(off, binary.LittleEndian.AppendUint64(nil, entryAborted))
		},
		kind:     wal.Abort,
		payload:  body.Append,
		inserted: func(page.LSN) { m.setAborted(xids) },
	})
	return err
}

// setAborted puts the end of transactions into the cache.
func (m *Manager) setAborted(xids []XID) {
	for _, xid := range xids {
		m.cache.set(xid, entryAborted)
	}
}
