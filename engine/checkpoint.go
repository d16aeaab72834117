package engine

import (
	"context"
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/walrec"
	"github.com/quiredb/quire/engine/control"
)

// CheckpointKind says what a checkpoint is for.
type CheckpointKind uint8

// The kinds.
const (
	CheckpointOnline   CheckpointKind = iota // sessions go on
	CheckpointShutdown                       // nobody writes any more
)

func (k CheckpointKind) String() string {
	if k == CheckpointShutdown {
		return "shutdown"
	}
	return "online"
}

// Checkpoint makes everything that happened before the call durable in the files, so that recovery begins no earlier, and
// gives up log that nobody needs. On a standby it is a restartpoint. One runs at a time; others wait.
func (e *Engine) Checkpoint(ctx context.Context, kind CheckpointKind) error {
	e.activity.requested.Add(1)
	return e.checkpointOrRestart(ctx, kind)
}

// checkpointOrRestart is Checkpoint, whoever counts it.
func (e *Engine) checkpointOrRestart(ctx context.Context, kind CheckpointKind) error {
	if e.stopped.Load() {
		return ErrStopped
	}
	if e.opts.Standby {
		return e.RestartPoint(ctx)
	}
	return e.checkpoint(ctx, kind)
}

func (e *Engine) checkpoint(ctx context.Context, kind CheckpointKind) error {
	e.checkpointing.Lock()
	defer e.checkpointing.Unlock()
	began := e.opts.Clock()

	// Everything below redo is in frames that are marked dirty, or has its effect on files (HoldRedoPoint).
	redo := e.GX.RedoPoint()
	payload := walrec.Checkpoint{
		RedoLSN: redo, Timeline: e.WAL.Timeline(), NextXID: uint64(e.Xact.NextXID()), NextOID: e.nextOID(),
		Time: began.UnixMicro(), Active: e.Xact.Active(),
	}
	if err := e.flushFiles(ctx, redo); err != nil {
		return wrap(kind.String()+" checkpoint", err)
	}
	record := wal.CheckpointOnline
	if kind == CheckpointShutdown {
		record = wal.CheckpointShutdown
	}
	start, end, err := e.GX.LogPayload(record, 0, func(dst []byte, _ page.LSN) []byte { return payload.Append(dst) })
	if err != nil {
		return wrap(kind.String()+" checkpoint", err)
	}
	if err := e.WAL.Flush(ctx, end); err != nil {
		return wrap(kind.String()+" checkpoint", err)
	}
	if kind == CheckpointShutdown && start != redo {
		return fmt.Errorf("shutdown checkpoint: somebody wrote log between %v and %v, while the host was shutting down", redo, start)
	}
	err = e.control.update(func(f *control.File) {
		f.Checkpoint, f.Redo = start, redo
		f.NextXID, f.NextOID = payload.NextXID, payload.NextOID
		if kind == CheckpointShutdown {
			f.State = control.ShutDown
		}
	})
	if err != nil {
		return wrap(kind.String()+" checkpoint", err)
	}
	e.checkpoints.done(e.opts.Clock(), redo, end)
	e.log.Info().Stringer("kind", kind).Stringer("redo", redo).Stringer("record", start).
		Dur("took", e.opts.Clock().Sub(began)).Msg("checkpoint complete")
	return e.recycle()
}

// flushFiles writes all pages that changed before redo and makes them durable. An unlogged page has no LSN to go by and is
// written whenever it is dirty.
func (e *Engine) flushFiles(ctx context.Context, redo page.LSN) error {
	if err := e.Pool.FlushDirty(ctx, redo, nil); err != nil {
		return err
	}
	return e.Storage.Sync()
}

// recycle gives up the log that nobody needs (E3).
func (e *Engine) recycle() error {
	return wrap("recycle WAL", e.WAL.Recycle(e.keepFrom()))
}

// keepFrom returns the oldest LSN that must stay.
func (e *Engine) keepFrom() page.LSN {
	keep := e.control.retain()
	if retain := e.hooks.Load().Retain; retain != nil {
		if lsn := retain(); lsn != 0 {
			keep = min(keep, lsn)
		}
	}
	end := e.WAL.InsertLSN()
	if size := page.LSN(e.opts.WALKeepSize); size > 0 && end > size {
		keep = min(keep, end-size)
	} else if size > 0 {
		keep = 0
	}
	return keep
}
