package redo

import (
	"errors"
	"io/fs"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/walrec"
	"github.com/quiredb/quire/genericxlog"
)

// redoGeneric has nothing left to do: a generic record is its pages.
func redoGeneric(_ *Applier, _ *wal.Record, b genericxlog.Body) error {
	if len(b.Payload) > 0 {
		return errors.New("a generic record has bytes behind its blocks")
	}
	return nil
}

func redoRelCreate(a *Applier, rec *wal.Record, b genericxlog.Body) error {
	r, err := walrec.DecodeRelCreate(b.Payload)
	if err != nil {
		return err
	}
	a.track.created(rec.XID, r.Rel)
	return createFiles(a.cfg.GX, a.cfg.Storage, r, rec.LSN, rec.EndLSN)
}

func redoRelTruncate(a *Applier, rec *wal.Record, b genericxlog.Body) error {
	r, err := walrec.DecodeRelTruncate(b.Payload)
	if err != nil {
		return err
	}
	a.gone.truncated(r.File, r.Blocks)
	there, err := a.exists(r.File)
	if err != nil || !there {
		return err
	}
	if err := a.durable(rec.EndLSN); err != nil {
		return err
	}
	return truncateFile(a.cfg.Pool, a.cfg.Storage, r)
}

func redoRelDrop(a *Applier, rec *wal.Record, b genericxlog.Body) error {
	r, err := walrec.DecodeRelDrop(b.Payload)
	if err != nil {
		return err
	}
	return a.drop(r.Rels, rec.EndLSN)
}

func redoCommit(a *Applier, rec *wal.Record, b genericxlog.Body) error {
	c, err := walrec.DecodeCommit(b.Payload)
	if err != nil {
		return err
	}
	a.track.ended(rec.XID, c.Subs)
	if a.cfg.Hooks.Commit != nil {
		a.cfg.Hooks.Commit(rec.XID, rec.LSN, c)
	}
	return a.drop(c.DroppedRels, rec.EndLSN)
}

func redoAbort(a *Applier, rec *wal.Record, b genericxlog.Body) error {
	r, err := walrec.DecodeAbort(b.Payload)
	if err != nil {
		return err
	}
	a.track.ended(rec.XID, r.Subs)
	if a.cfg.Hooks.Abort != nil {
		a.cfg.Hooks.Abort(rec.XID, rec.LSN, r)
	}
	return a.drop(r.DroppedRels, rec.EndLSN)
}

func redoCheckpoint(a *Applier, rec *wal.Record, b genericxlog.Body) error {
	c, err := walrec.DecodeCheckpoint(b.Payload)
	if err != nil {
		return err
	}
	a.track.merge(c)
	if a.cfg.Hooks.Checkpoint != nil {
		a.cfg.Hooks.Checkpoint(rec, c)
	}
	return nil
}

func redoEndOfRecovery(_ *Applier, _ *wal.Record, b genericxlog.Body) error {
	_, err := walrec.DecodeEndOfRecovery(b.Payload)
	return err
}

func redoParameter(_ *Applier, _ *wal.Record, b genericxlog.Body) error {
	_, err := walrec.DecodeParameter(b.Payload)
	return err
}

// drop removes relations, after the layers above have let go of them.
func (a *Applier) drop(rels []page.RelFileNumber, end page.LSN) error {
	if len(rels) == 0 {
		return nil
	}
	if err := a.durable(end); err != nil { // by D5
		return err
	}
	for _, rel := range rels {
		a.gone.dropped(rel)
		for fork := range page.ForkNumber(page.NumForks) {
			delete(a.files, page.RelFile{Rel: rel, Fork: fork})
		}
		if a.cfg.Hooks.Drop != nil {
			if err := a.cfg.Hooks.Drop(rel); err != nil {
				return err
			}
		}
	}
	err := removeFiles(a.cfg.Pool, a.cfg.Storage, rels)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// durable makes the log durable up to end.
func (a *Applier) durable(end page.LSN) error {
	if a.cfg.Flush == nil {
		return nil
	}
	return a.cfg.Flush(end)
}
