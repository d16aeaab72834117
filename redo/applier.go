package redo

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/storage"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/walrec"
	"github.com/quiredb/quire/genericxlog"
)

// Config is what an Applier works on.
type Config struct {
	Pool    *buffer.Pool
	Storage *storage.Manager
	GX      *genericxlog.Manager
	// Flush makes the log durable up to an LSN; called before files are removed (D5). nil: everything applied is
	// durable already.
	Flush func(page.LSN) error
	Hooks Hooks
}

// Hooks tell the layers above what replay meets. Any may be nil. They run on the goroutine that calls Apply.
type Hooks struct {
	// Commit and Abort run after the pages of the record (the commit status among them) are changed.
	Commit func(xid uint64, lsn page.LSN, c walrec.Commit)
	Abort  func(xid uint64, lsn page.LSN, a walrec.Abort)
	// Conflict runs before a page changes for which snapshots older than horizon have to go first.
	Conflict func(horizon page.LSN, rel page.RelFileNumber) error
	// Drop runs before the files of a relation are removed.
	Drop func(rel page.RelFileNumber) error
	// Checkpoint runs after a checkpoint record: a standby may make a restartpoint of it.
	Checkpoint func(rec *wal.Record, c walrec.Checkpoint)
}

// An Applier applies records in the order of the log. One goroutine calls Apply; Replayed, LastRecord and Stats may be read from
// any.
type Applier struct {
	cfg   Config
	track tracker
	gone  missing
	files map[page.RelFile]bool // forks known to have a file

	replayed atomic.Uint64
	last     atomic.Uint64
	records  atomic.Uint64
	pages    atomic.Uint64
	skipped  atomic.Uint64
}

// NewApplier returns an Applier whose first record is one at or after from.Redo, the redo position of a checkpoint.
func NewApplier(cfg Config, from walrec.Checkpoint) *Applier {
	a := &Applier{cfg: cfg, files: map[page.RelFile]bool{}}
	a.track.start(from)
	a.replayed.Store(uint64(from.RedoLSN))
	return a
}

// SetHooks replaces the hooks, between two records.
func (a *Applier) SetHooks(h Hooks) { a.cfg.Hooks = h }

// Apply redoes one record (D1). After an error nothing of the record's pages is changed, and replay must stop.
func (a *Applier) Apply(rec *wal.Record) error {
	if err := a.apply(rec); err != nil {
		return fmt.Errorf("redo of the %v record at %v: %w", rec.Kind, rec.LSN, err)
	}
	a.records.Add(1)
	a.last.Store(uint64(rec.LSN))
	a.replayed.Store(uint64(rec.EndLSN))
	return nil
}

func (a *Applier) apply(rec *wal.Record) error {
	rm, err := Manager(rec.Kind)
	if err != nil {
		return err
	}
	b, err := genericxlog.DecodeBody(rec.Body, rec.LSN)
	if err != nil {
		return err
	}
	a.track.seen(rec)
	if err := a.applyBlocks(b, rec); err != nil {
		return err
	}
	if rm.Redo == nil {
		return nil
	}
	return rm.Redo(a, rec, b)
}

// applyBlocks changes the pages of a record, unless the relation's file is gone (D4).
func (a *Applier) applyBlocks(b genericxlog.Body, rec *wal.Record) error {
	if len(b.Blocks) == 0 {
		return nil
	}
	if skip, err := a.noFile(b.Rel.File(), rec.LSN); err != nil || skip {
		return err
	}
	if slices.ContainsFunc(b.Blocks, inMap) { // both forks are dropped at once, but a crash may have been in between
		if skip, err := a.noFile(page.RelFile{Rel: b.Rel.Rel, Fork: page.VisibilityFork}, rec.LSN); err != nil {
			return err
		} else if skip {
			b.Blocks = slices.DeleteFunc(b.Blocks, inMap)
		}
	}
	if err := a.conflicts(b); err != nil {
		return err
	}
	n, err := a.cfg.GX.ApplyBlocks(b, rec, func(tag page.Tag) error { return a.gone.block(tag, rec.LSN) })
	a.pages.Add(uint64(n))
	a.skipped.Add(uint64(len(b.Blocks) - n))
	return err
}

func (a *Applier) conflicts(b genericxlog.Body) error {
	if a.cfg.Hooks.Conflict == nil {
		return nil
	}
	var horizon page.LSN
	for i := range b.Blocks {
		horizon = max(horizon, b.Blocks[i].ConflictHorizon)
	}
	if horizon == 0 {
		return nil
	}
	return a.cfg.Hooks.Conflict(horizon, b.Rel.Rel)
}

func inMap(b genericxlog.BlockRef) bool { return b.Map }

// noFile reports, and notes, that a fork has no file.
func (a *Applier) noFile(rf page.RelFile, lsn page.LSN) (bool, error) {
	there, err := a.exists(rf)
	if err != nil || there {
		return false, err
	}
	return true, a.gone.file(rf, lsn)
}

func (a *Applier) exists(rf page.RelFile) (bool, error) {
	if a.files[rf] {
		return true, nil
	}
	there, err := a.cfg.Storage.Exists(rf)
	if there {
		a.files[rf] = true
	}
	return there, err
}

// Replayed returns the end of the last record that was applied.
func (a *Applier) Replayed() page.LSN { return page.LSN(a.replayed.Load()) }

// LastRecord returns the start of the last record that was applied, 0 if there was none.
func (a *Applier) LastRecord() page.LSN { return page.LSN(a.last.Load()) }

// Stats counts since NewApplier.
type Stats struct {
	Records uint64
	Pages   uint64 // changed
	Skipped uint64 // block references whose page already had the change, or is gone
}

// Stats returns the counters.
func (a *Applier) Stats() Stats {
	return Stats{Records: a.records.Load(), Pages: a.pages.Load(), Skipped: a.skipped.Load()}
}

// NextXID returns a transaction id above every one that was seen.
func (a *Applier) NextXID() uint64 { return a.track.nextXID }

// NextOID returns an object id above every one that was seen in a checkpoint or as the number of a relation.
func (a *Applier) NextOID() uint32 { return a.track.nextOID }

// Unfinished returns the transactions that have neither committed nor aborted, in the order of their ids, with the
// relations they created.
func (a *Applier) Unfinished() []walrec.ActiveXact { return a.track.unfinished() }
