package engine

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/sequence"
	"github.com/quiredb/quire/core/storage"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/walrec"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/engine/control"
	"github.com/quiredb/quire/genericxlog"
	"github.com/quiredb/quire/redo"
)

// start brings everything up, in the order in which one part needs the other.
func (e *Engine) start(ctx context.Context) error {
	f, damaged, err := control.Read(e.FS, e.Dir)
	if err != nil {
		return err
	}
	if damaged {
		e.log.Warn().Str("dir", e.Dir).Msg("one of the two control files is unreadable; going on with the other, which may be older")
	}
	if err := e.checkState(f.State); err != nil {
		return err
	}
	e.control.current = *f
	if e.Storage, err = storage.OpenWith(e.FS, e.Dir, e.opts.Storage); err != nil {
		return err
	}
	end, err := e.openLog(ctx, *f)
	if err != nil {
		return err
	}
	e.checkpoints.done(e.opts.Clock(), f.Redo, end.Checkpoint)
	e.recovery.Needed = damaged || f.State != control.ShutDown || end.LSN != end.Checkpoint
	if err := e.openPool(); err != nil {
		return err
	}
	if err := e.replay(ctx, *f); err != nil {
		return err
	}
	if err := e.openTransactions(); err != nil {
		return err
	}
	e.loadStatistics(f.State == control.StandbyShutDown || !e.recovery.Needed)
	if e.opts.Standby {
		return e.startStandby()
	}
	return e.finishRecovery(ctx)
}

// checkState refuses to run a standby's directory as a primary and the other way round.
func (e *Engine) checkState(s control.State) error {
	standby := s == control.InStandby || s == control.StandbyShutDown
	switch {
	case standby && !e.opts.Standby:
		return fmt.Errorf("%s is a standby's directory (%v): start it with: quire standby -D %s", e.Dir, s, e.Dir)
	case !standby && e.opts.Standby:
		return fmt.Errorf("%s is a primary's directory (%v): start it with: quire serve -D %s, or give the standby an empty directory", e.Dir, s, e.Dir)
	}
	return nil
}

// openLog finds the end of the log and opens it there, which makes what was read durable (E4).
func (e *Engine) openLog(ctx context.Context, f control.File) (redo.End, error) {
	r := e.reader(f, f.Redo)
	defer r.Close()
	end, err := redo.FindEnd(ctx, r, f.Checkpoint)
	if err != nil {
		return end, err
	}
	if end.Checkpoint == 0 && !e.opts.Standby {
		return end, fmt.Errorf("the checkpoint record at %v that the control file names is not in the log, which ends at %v (%s): "+
			"segments in %s are missing or cut; restore them, or restore the directory from a base backup",
			f.Checkpoint, end.LSN, end.Reason, filepath.Join(e.Dir, WALDir))
	}
	e.recovery.From, e.recovery.End, e.recovery.Reason = f.Redo, end.LSN, end.Reason
	if e.opts.Standby && end.Records == 0 {
		if err := e.createReceivedLog(f); err != nil {
			return end, err
		}
	}
	e.WAL, err = wal.Open(e.walConfig(f), end.LSN, end.Prev)
	return end, err
}

func (e *Engine) openPool() (err error) {
	e.Pool, err = buffer.New(buffer.Config{
		Storage: e.Storage, Frames: e.opts.Frames, ArenaFrames: e.opts.ArenaFrames, PrivateMemory: e.opts.PrivateMemory,
		FlushWAL: e.flushWAL, OnFatal: e.fatal,
	})
	if err != nil {
		return err
	}
	e.GX = genericxlog.New(e.WAL, e.Pool, genericxlog.OnFatal(e.fatal))
	e.Files = redo.Files{GX: e.GX, Pool: e.Pool, Storage: e.Storage}
	return nil
}

// flushWAL is what must happen before a page that ends at upTo in the log may be written (R6, E5).
func (e *Engine) flushWAL(upTo page.LSN) error {
	if err := e.WAL.Flush(context.Background(), upTo); err != nil || !e.opts.Standby {
		return err
	}
	return e.control.coverRecovery(upTo, e.Applier.Replayed())
}

// replay applies the log from the control file's redo position to its end.
func (e *Engine) replay(ctx context.Context, f control.File) error {
	if e.recovery.Needed && !e.opts.Standby {
		e.log.Info().Stringer("redo", f.Redo).Stringer("end", e.recovery.End).Stringer("state", f.State).
			Msg("the data directory was not shut down; recovering")
		if err := e.control.update(func(f *control.File) { f.State = control.InCrashRecovery }); err != nil {
			return err
		}
	}
	e.Applier = redo.NewApplier(redo.Config{
		Pool: e.Pool, Storage: e.Storage, GX: e.GX,
		Flush: func(lsn page.LSN) error { return e.WAL.Flush(context.Background(), lsn) },
		Hooks: redo.Hooks{Checkpoint: e.sawCheckpoint},
	}, walrec.Checkpoint{RedoLSN: f.Redo, NextXID: f.NextXID, NextOID: f.NextOID})
	r := e.reader(f, f.Redo)
	defer r.Close()
	r.SetLimit(e.recovery.End)
	if e.recovery.End > f.Redo {
		if err := redo.Recover(ctx, e.Applier, r, nil); err != nil {
			return err
		}
	}
	e.recovery.Redo = e.Applier.Stats()
	if e.opts.Standby {
		return nil // consistent only at the minimum recovery point
	}
	return e.Applier.CheckConsistent()
}

// openTransactions opens what stands on recovered pages.
func (e *Engine) openTransactions() (err error) {
	e.Xact, err = xact.Open(xact.Config{
		Log: e.WAL, Pool: e.Pool, GX: e.GX, Locks: e.Locks, Clock: e.opts.Clock, Logger: e.log,
		DropFiles: e.dropFiles, NextXID: xact.XID(e.Applier.NextXID()), Standby: e.opts.Standby, Replayed: e.Applier.Replayed(),
	})
	if err != nil {
		return err
	}
	e.Heap = heap.NewStore(heap.Config{GX: e.GX, Pool: e.Pool, Storage: e.Storage, Xact: e.Xact, Locks: e.Locks})
	e.Sequences = sequence.NewStore(sequence.Config{GX: e.GX, Pool: e.Pool})
	return e.openCatalog()
}

// finishRecovery ends what the crash left open and makes the directory ready for the next one.
func (e *Engine) finishRecovery(ctx context.Context) error {
	if e.recovery.Needed {
		unfinished, err := e.unfinished()
		if err != nil {
			return err
		}
		if err := e.Xact.AbortUnfinished(unfinished); err != nil {
			return err
		}
		e.recovery.Aborted = len(unfinished)
		if e.recovery.Reset, err = e.Files.ResetUnlogged(); err != nil {
			return err
		}
	}
	if err := e.removeOrphans(ctx); err != nil {
		return err
	}
	if e.recovery.Needed {
		if err := e.checkpoint(ctx, CheckpointOnline); err != nil {
			return wrap("checkpoint at the end of recovery", err)
		}
		e.log.Info().Uint64("records", e.recovery.Redo.Records).Uint64("pages", e.recovery.Redo.Pages).
			Int("aborted", e.recovery.Aborted).Int("unlogged", e.recovery.Reset).Stringer("end", e.recovery.End).Msg("recovered")
	}
	return e.control.update(func(f *control.File) { f.State = control.InProduction })
}

// unfinished returns the transactions that redo saw begin and not end, less those whose end lies before the redo position: the
// checkpoint's list is taken after that position.
func (e *Engine) unfinished() ([]walrec.ActiveXact, error) {
	var open []walrec.ActiveXact
	for _, x := range e.Applier.Unfinished() {
		state, _, err := e.Xact.Status(xact.XID(x.XID))
		if err != nil {
			return nil, err
		}
		if state != xact.Committed {
			open = append(open, x)
		}
	}
	return open, nil
}
