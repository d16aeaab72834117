package redo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/storage"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/walrec"
	"github.com/quiredb/quire/genericxlog"
)

// Files creates, truncates and drops relation files on a primary, by record first and file second; replay does the second half
// from the record. It is safe for concurrent use.
type Files struct {
	GX      *genericxlog.Manager
	Pool    *buffer.Pool
	Storage *storage.Manager
}

// Create logs and creates the files of a relation. If the transaction xid does not commit they go away again. The record is
// durable before the file exists, so that no crash leaves a file that nobody knows. The main fork of an unlogged
// relation starts with the pages of its init fork.
func (f Files) Create(ctx context.Context, xid uint64, r walrec.RelCreate) error {
	return f.logged(ctx, wal.RelCreate, xid, r.Append, func(start, end page.LSN) error {
		if err := createFiles(f.GX, f.Storage, r, start, end); err != nil || !r.Unlogged {
			return err
		}
		return f.GX.BulkWrite(genericxlog.Relation{Rel: r.Rel, Unlogged: true}, 0, r.InitPages)
	})
}

// Truncate logs and cuts a fork to blocks. The caller keeps everybody else away from the relation.
func (f Files) Truncate(ctx context.Context, xid uint64, rf page.RelFile, blocks page.BlockNumber) error {
	r := walrec.RelTruncate{File: rf, Blocks: blocks}
	return f.logged(ctx, wal.RelTruncate, xid, r.Append, func(_, _ page.LSN) error { return truncateFile(f.Pool, f.Storage, r) })
}

// Drop logs and removes relations at once, outside of any transaction. A transaction's drops are in its commit record.
func (f Files) Drop(ctx context.Context, rels []page.RelFileNumber) error {
	r := walrec.RelDrop{Rels: rels}
	return f.logged(ctx, wal.RelDrop, 0, r.Append, func(_, _ page.LSN) error { return f.Remove(rels) })
}

// Remove removes the pages and files of relations whose drop is in the log, durably.
func (f Files) Remove(rels []page.RelFileNumber) error { return removeFiles(f.Pool, f.Storage, rels) }

// logged inserts a record, makes it durable and runs do, all on one side of a checkpoint's redo position: a checkpoint
// that has the record below it has its effect.
func (f Files) logged(ctx context.Context, kind wal.Kind, xid uint64, payload func([]byte) []byte, do func(start, end page.LSN) error) error {
	release := f.GX.HoldRedoPoint()
	defer release()
	start, end, err := f.GX.LogPayload(kind, xid, func(dst []byte, _ page.LSN) []byte { return payload(dst) })
	if err != nil {
		return err
	}
	if err := f.GX.Log().Flush(ctx, end); err != nil {
		return err
	}
	return do(start, end)
}

func createFiles(gx *genericxlog.Manager, s *storage.Manager, r walrec.RelCreate, start, end page.LSN) error {
	if err := s.Create(page.RelFile{Rel: r.Rel, Fork: page.MainFork}); err != nil {
		return err
	}
	if r.VisibilityMap {
		if err := s.Create(page.RelFile{Rel: r.Rel, Fork: page.VisibilityFork}); err != nil {
			return err
		}
	}
	if !r.Unlogged {
		return nil
	}
	init := genericxlog.Relation{Rel: r.Rel, Fork: page.InitFork}
	if err := s.Create(init.File()); err != nil {
		return err
	}
	return gx.InstallImages(init, r.InitPages, start, end)
}

func truncateFile(pool *buffer.Pool, s *storage.Manager, r walrec.RelTruncate) error {
	if err := pool.TruncateRelation(r.File, r.Blocks); err != nil {
		return err
	}
	have, err := s.NBlocks(r.File)
	if err != nil || have <= r.Blocks {
		return err
	}
	return s.Truncate(r.File, r.Blocks)
}

func removeFiles(pool *buffer.Pool, s *storage.Manager, rels []page.RelFileNumber) error {
	var errs []error
	for _, rel := range rels {
		err := pool.DropRelation(rel)
		if err == nil {
			err = s.Drop(rel)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("remove relation %d: %w", rel, err))
		}
	}
	return errors.Join(errs...)
}
