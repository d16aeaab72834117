package engine

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"sync"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/walrec"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/engine/control"
	"github.com/quiredb/quire/redo"
)

// standby is what a standby remembers between a replayed checkpoint record and the restartpoint made of it.
type standby struct {
	mu         sync.Mutex
	candidate  walrec.Checkpoint
	start, end page.LSN // of its record; 0 if there is none
	consistent bool
}

// sawCheckpoint keeps the newest replayed checkpoint: everything before its redo position has been replayed, and so
// has everything before its record.
func (e *Engine) sawCheckpoint(rec *wal.Record, c walrec.Checkpoint) {
	e.standby.mu.Lock()
	defer e.standby.mu.Unlock()
	e.standby.candidate, e.standby.start, e.standby.end = c, rec.LSN, rec.EndLSN
}

// createReceivedLog makes a log that begins at the redo position, if there is none: a base copy comes without, and receives it.
func (e *Engine) createReceivedLog(f control.File) error {
	names, err := e.FS.ReadDir(filepath.Join(e.Dir, WALDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, name := range names {
		if _, _, ok := wal.ParseSegmentName(name); ok {
			return nil
		}
	}
	return wal.CreateAt(e.walConfig(f), f.Redo)
}

// startStandby makes the engine one that replays.
func (e *Engine) startStandby() error {
	e.Applier.SetHooks(e.standbyHooks(redo.Hooks{}))
	return e.control.update(func(f *control.File) { f.State = control.InStandby })
}

// BeginStandby connects the replay loop's hooks: conflicts with readers, dropped relations. What the engine itself needs to know
// of replay it goes on hearing. It is called before the first Apply.
func (e *Engine) BeginStandby(hooks redo.Hooks) { e.Applier.SetHooks(e.standbyHooks(hooks)) }

// standbyHooks puts what transactions and restartpoints need before the hooks given.
func (e *Engine) standbyHooks(h redo.Hooks) redo.Hooks {
	commit, abort, drop, checkpoint := h.Commit, h.Abort, h.Drop, h.Checkpoint
	h.Commit = func(xid uint64, lsn page.LSN, c walrec.Commit) {
		e.Xact.ApplyCommit(xact.XID(xid), lsn, c)
		if commit != nil {
			commit(xid, lsn, c)
		}
	}
	h.Abort = func(xid uint64, lsn page.LSN, a walrec.Abort) {
		e.Xact.ApplyAbort(xact.XID(xid), a)
		if abort != nil {
			abort(xid, lsn, a)
		}
	}
	h.Drop = func(rel page.RelFileNumber) error {
		if drop != nil {
			if err := drop(rel); err != nil {
				return err
			}
		}
		e.Heap.Forget(rel)
		return nil
	}
	h.Checkpoint = func(rec *wal.Record, c walrec.Checkpoint) {
		e.sawCheckpoint(rec, c)
		if checkpoint != nil {
			checkpoint(rec, c)
		}
	}
	return h
}

// Apply replays one record of a standby and lets readers see it. The record must be durable in this node's log, which is read
// through Reader with a moving limit. After an error replay must stop.
func (e *Engine) Apply(rec *wal.Record) error {
	if err := e.Applier.Apply(rec); err != nil {
		return err
	}
	e.Xact.SetReplayed(rec.EndLSN)
	return nil
}

// Consistent reports whether the standby has replayed as far as its pages may be: only then may anybody read. The error
// says that something the log expects is missing for good. The goroutine that applies calls it.
func (e *Engine) Consistent() (bool, error) {
	s := &e.standby
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.consistent {
		return true, nil
	}
	if e.Applier.Replayed() < e.Control().MinRecoveryPoint {
		return false, nil
	}
	if err := e.Applier.CheckConsistent(); err != nil {
		return false, err
	}
	s.consistent = true
	return true, nil
}

// RestartPoint makes the newest replayed checkpoint the place where this standby would begin again, and gives up log before
// it. Without a new checkpoint record it does nothing.
func (e *Engine) RestartPoint(ctx context.Context) error {
	e.checkpointing.Lock()
	defer e.checkpointing.Unlock()
	s := &e.standby
	s.mu.Lock()
	c, start, end := s.candidate, s.start, s.end
	s.mu.Unlock()
	if start == 0 || start <= e.Control().Checkpoint {
		return nil
	}
	began := e.opts.Clock()
	// All records before this one have been replayed whole, so their pages are in the pool, marked dirty.
	if err := e.flushFiles(ctx, start); err != nil {
		return wrap("restartpoint", err)
	}
	err := e.control.update(func(f *control.File) {
		f.Checkpoint, f.Redo = start, c.RedoLSN
		f.NextXID, f.NextOID = c.NextXID, c.NextOID
		f.MinRecoveryPoint = max(f.MinRecoveryPoint, end)
	})
	if err != nil {
		return wrap("restartpoint", err)
	}
	e.checkpoints.done(e.opts.Clock(), c.RedoLSN, e.position())
	e.log.Info().Stringer("redo", c.RedoLSN).Stringer("record", start).Dur("took", e.opts.Clock().Sub(began)).Msg("restartpoint complete")
	return e.recycle()
}

// PrepareStandby makes dir, which holds a base copy of a primary's files, a standby's directory: f is the primary's control file at
// the start of the copy, and consistentAt the end of the primary's log when the copy was complete. The log from f.Redo on
// is received afterwards.
func PrepareStandby(fsys vfs.FS, dir string, f control.File, consistentAt page.LSN) error {
	f.State = control.InStandby
	f.MinRecoveryPoint = max(f.MinRecoveryPoint, consistentAt)
	return control.WriteBoth(fsys, dir, &f)
}
