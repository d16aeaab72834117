package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/storage"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/engine/control"
	"github.com/quiredb/quire/genericxlog"
	"github.com/quiredb/quire/redo"
)

// VerifyOptions adjust Verify.
type VerifyOptions struct {
	Storage storage.Options
}

// A Problem is something wrong in a data directory.
type Problem struct {
	Rel  page.RelFileNumber // of the relation concerned; 0 for none
	Text string             // what is wrong, where, and what to do
}

func (p Problem) String() string { return p.Text }

// A Report is what Verify found.
type Report struct {
	Control   control.File
	Relations int
	Pages     uint64
	Records   uint64   // of the log, from the redo position on
	LogEnd    page.LSN // where the log ends
	Problems  []Problem
}

// Verify checks a data directory that nobody has open: both copies of the control file, the chain of the log from the redo
// position, and the checksum, identity, layout and LSN of every page. It recovers nothing, and changes nothing but that the lock file is
// made; what a start puts right before it looks at pages, torn ones from the double-write area among it, is put right in an
// overlay. The error is about not being able to look.
func Verify(ctx context.Context, fsys vfs.FS, dir string, opts VerifyOptions) (rep Report, err error) {
	if err := Check(fsys, dir); err != nil { // before the lock file is made: a wrong directory stays as it is
		return rep, err
	}
	held, err := lockDirectory(fsys, dir)
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	fsys = vfs.NewOverlay(fsys)
	f, damaged, err := control.Read(fsys, dir)
	if err != nil {
		return rep, err
	}
	rep.Control = *f
	if damaged {
		rep.problem(0, "one of the control files %v is damaged; the next checkpoint writes it anew", control.Names)
	}
	v := verifier{fs: fsys, dir: dir, opts: opts, report: &rep}
	if err := v.log(ctx); err != nil {
		return rep, err
	}
	return rep, v.pages(ctx)
}

func (r *Report) problem(rel page.RelFileNumber, format string, args ...any) {
	r.Problems = append(r.Problems, Problem{rel, fmt.Sprintf(format, args...)})
}

type verifier struct {
	fs     vfs.FS
	dir    string
	opts   VerifyOptions
	report *Report
}

// log follows the log from the redo position to its end.
func (v *verifier) log(ctx context.Context) error {
	f := v.report.Control
	standby := f.State == control.InStandby || f.State == control.StandbyShutDown
	opts := []wal.ReaderOption{wal.WithSegmentBytes(f.SegmentBytes), wal.WithKnownDurable(knownDurable(f, standby))}
	if standby {
		opts = append(opts, wal.WithReceived())
	}
	r := wal.NewReader(v.fs, filepath.Join(v.dir, WALDir), f.SystemID, f.Timeline, f.Redo, 0, opts...)
	defer r.Close()
	seen := false
	for ctx.Err() == nil {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		var corrupt *wal.CorruptError
		if errors.As(err, &corrupt) {
			v.report.problem(0, "%v", err)
			break
		}
		if err != nil {
			return err
		}
		v.report.Records++
		seen = seen || rec.LSN == f.Checkpoint
		v.record(rec)
	}
	v.report.LogEnd = r.Position()
	if !seen && !standby {
		v.report.problem(0, "the checkpoint record at %v that the control file names is not in the log, which ends at %v", f.Checkpoint, r.Position())
	}
	return context.Cause(ctx)
}

// record checks what the checksum of a record does not.
func (v *verifier) record(rec *wal.Record) {
	b, err := genericxlog.DecodeBody(rec.Body, rec.LSN)
	if err == nil {
		err = redo.CheckPayload(rec.Kind, b.Payload)
	}
	if err != nil {
		v.report.problem(0, "%v record at %v: %v", rec.Kind, rec.LSN, err)
	}
}

// pages reads every page of every relation.
func (v *verifier) pages(ctx context.Context) (err error) {
	st, err := storage.OpenWith(v.fs, v.dir, v.opts.Storage)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	rels, err := st.List()
	if err != nil {
		return err
	}
	for _, rel := range rels {
		if err := v.relation(ctx, st, rel); err != nil {
			return err
		}
	}
	return nil
}

// relation reads every page of a relation. That the main fork is missing while others are there is reported for an unlogged one; whether
// somebody misses a logged one, the catalog knows.
func (v *verifier) relation(ctx context.Context, st *storage.Manager, rel page.RelFileNumber) error {
	v.report.Relations++
	var there [page.NumForks]bool
	for fork := range page.ForkNumber(page.NumForks) {
		var err error
		if there[fork], err = st.Exists(page.RelFile{Rel: rel, Fork: fork}); err != nil {
			return err
		}
	}
	unlogged := there[page.InitFork]
	for fork := range page.ForkNumber(page.NumForks) {
		if !there[fork] && !(fork == page.MainFork && unlogged) {
			continue
		}
		if err := v.fork(ctx, st, page.RelFile{Rel: rel, Fork: fork}, unlogged && fork != page.InitFork); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) fork(ctx context.Context, st *storage.Manager, rf page.RelFile, unlogged bool) error {
	n, err := st.NBlocks(rf)
	if errors.Is(err, fs.ErrNotExist) {
		v.report.problem(rf.Rel, "%v", err)
		return nil
	}
	if err != nil {
		return err
	}
	p := page.New()
	for blk := range n {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		tag := page.Tag{RelFile: rf, Block: blk}
		err := st.Read(tag, p)
		var corrupt *storage.CorruptPageError
		switch {
		case errors.As(err, &corrupt):
			v.report.problem(tag.Rel, "%v", err)
		case err != nil:
			return err
		default:
			v.page(tag, p, unlogged)
		}
		v.report.Pages++
	}
	return nil
}

// page checks a page whose checksum holds.
func (v *verifier) page(tag page.Tag, p page.Page, unlogged bool) {
	if err := p.Validate(); err != nil {
		v.report.problem(tag.Rel, "page %v: %v", tag, err)
		return
	}
	if p.IsNew() {
		return
	}
	if lsn := p.LSN(); !unlogged && lsn >= v.report.LogEnd {
		v.report.problem(tag.Rel, "page %v was changed at %v, but the log ends at %v: log that was durable is missing", tag, lsn, v.report.LogEnd)
	}
}
