package engine

import (
	"context"
	"errors"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/engine/control"
)

// ErrStopped says that the engine has stopped, or must.
var ErrStopped = errors.New("the engine has stopped")

// position returns the end of the log as this node has it: inserted on a primary, replayed on a standby.
func (e *Engine) position() page.LSN {
	if e.opts.Standby {
		return e.Applier.Replayed()
	}
	return e.WAL.InsertLSN()
}

// Shutdown ends the engine with everything in the files: a shutdown checkpoint, or a restartpoint on a standby. Nobody uses
// it any more: no session, no replay. If it fails the directory is closed all the same and recovers at the next Open.
func (e *Engine) Shutdown(ctx context.Context) error {
	if e.stopped.Load() {
		return errors.Join(ErrStopped, e.release())
	}
	e.stopBackground()
	err := e.shutdown(ctx)
	e.stopped.Store(true)
	return errors.Join(err, e.release())
}

func (e *Engine) shutdown(ctx context.Context) error {
	if e.opts.Standby {
		if err := e.RestartPoint(ctx); err != nil {
			return err
		}
		e.saveStatistics()
		return e.control.update(func(f *control.File) { f.State = control.StandbyShutDown })
	}
	if err := e.checkpoint(ctx, CheckpointShutdown); err != nil {
		return err
	}
	e.saveStatistics()
	if wait := e.hooks.Load().ShutdownCheckpoint; wait != nil {
		wait(ctx, e.WAL.FlushedLSN())
	}
	return e.Pool.Check()
}

// Kill ends the engine as a crash of the process would: nothing is flushed, nothing is told to the control file.
func (e *Engine) Kill() {
	e.stopped.Store(true)
	e.stopBackground()
	_ = e.release()
}

// release closes what is open without flushing, and gives up the directory last (E1).
func (e *Engine) release() error {
	var errs []error
	if e.WAL != nil {
		errs = append(errs, e.WAL.Close())
	}
	if e.Pool != nil {
		_ = e.Pool.Close() // pins that are left are a leak of memory at most; Shutdown has reported them
	}
	if e.Storage != nil {
		if e.Control().State == control.ShutDown || e.Control().State == control.StandbyShutDown {
			errs = append(errs, e.Storage.Close())
		} else {
			e.Storage.Kill()
		}
	}
	if e.lock != nil {
		errs = append(errs, e.lock.Close())
		e.lock = nil
	}
	return errors.Join(errs...)
}
