package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/storage"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/walrec"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/engine/control"
	"github.com/quiredb/quire/redo"
)

// InitOptions say what a new directory is to be.
type InitOptions struct {
	// SystemID tells this cluster from all others; 0 means the time in nanoseconds.
	SystemID uint64
	// Superuser is the name of the first role.
	Superuser string
	// PasswordVerifier is its SCRAM-SHA-256 verifier; empty: no login by password.
	PasswordVerifier string

	// WALSegmentBytes is the size of a WAL segment for ever; 0 means 16 MiB.
	WALSegmentBytes int
	Clock           func() time.Time
	Log             zerolog.Logger
	Storage         storage.Options
}

// Init makes dir a data directory: system relations, the first role, a log with a shutdown checkpoint, and the control file
// last. A directory whose Init did not finish has no control file, is refused by Open, and can be removed.
func Init(fsys vfs.FS, dir string, opts InitOptions) error {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.SystemID == 0 {
		opts.SystemID = uint64(opts.Clock().UnixNano())
	}
	if opts.WALSegmentBytes == 0 {
		opts.WALSegmentBytes = control.SegmentBytes
	}
	if err := makeDirectory(fsys, dir); err != nil {
		return err
	}
	held, err := lockDirectory(fsys, dir)
	if err != nil {
		return err
	}
	e := newEngine(fsys, dir, initEngineOptions(opts), held)
	err = e.bootstrap(context.Background(), opts)
	return errors.Join(wrap("make data directory "+dir, err), e.release())
}

func initEngineOptions(opts InitOptions) Options {
	o := Options{
		Frames: 256, PrivateMemory: true, Log: opts.Log, Clock: opts.Clock, NoBackground: true, Storage: opts.Storage,
		RingBytes: 1 << 20,
	}
	o.setDefaults()
	return o
}

// makeDirectory makes dir, which must not exist or be empty.
func makeDirectory(fsys vfs.FS, dir string) error {
	if err := fsys.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	names, err := fsys.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	if slices.Contains(names, control.Names[0]) || slices.Contains(names, control.Names[1]) {
		return fmt.Errorf("%s is a Quire data directory already; start it with: quire serve -D %s", dir, dir)
	}
	if len(names) > 0 {
		return fmt.Errorf("directory %s is not empty (it holds %s); empty it, or choose another with -D", dir, names[0])
	}
	return nil
}

// systemRelations are made by Init and have fixed numbers.
var systemRelations = []walrec.RelCreate{
	{Rel: catalog.Rel, VisibilityMap: true, AM: "heap"},
	{Rel: xact.StatusRel, AM: "xact"},
}

// bootstrap fills a new directory.
func (e *Engine) bootstrap(ctx context.Context, opts InitOptions) error {
	f := control.File{
		SystemID: opts.SystemID, Timeline: 1, SegmentBytes: opts.WALSegmentBytes, State: control.InProduction,
		NextXID: uint64(xact.FirstXID), NextOID: catalog.FirstOID,
	}
	e.control.current = f
	if err := wal.Create(e.walConfig(f)); err != nil {
		return err
	}
	var err error
	if e.Storage, err = storage.OpenWith(e.FS, e.Dir, e.opts.Storage); err != nil {
		return err
	}
	first := page.LSN(opts.WALSegmentBytes)
	if e.WAL, err = wal.Open(e.walConfig(f), first, 0); err != nil {
		return err
	}
	if err := e.openPool(); err != nil {
		return err
	}
	e.Applier = redo.NewApplier(redo.Config{Pool: e.Pool, Storage: e.Storage, GX: e.GX}, walrec.Checkpoint{
		RedoLSN: first, NextXID: f.NextXID, NextOID: f.NextOID,
	})
	for _, r := range systemRelations {
		if err := e.Files.Create(ctx, 0, r); err != nil {
			return err
		}
	}
	if err := e.openTransactions(); err != nil {
		return err
	}
	if err := e.createSuperuser(ctx, opts); err != nil {
		return err
	}
	return e.firstCheckpoint(ctx)
}

// firstCheckpoint writes the shutdown checkpoint and then both copies of the control file.
func (e *Engine) firstCheckpoint(ctx context.Context) error {
	f := e.control.current
	c := walrec.Checkpoint{
		RedoLSN: e.WAL.InsertLSN(), Timeline: f.Timeline, NextXID: uint64(e.Xact.NextXID()), NextOID: e.nextOID(),
		Time: e.opts.Clock().UnixMicro(),
	}
	if err := e.flushFiles(ctx, c.RedoLSN); err != nil {
		return err
	}
	start, end, err := e.GX.LogPayload(wal.CheckpointShutdown, 0, func(dst []byte, _ page.LSN) []byte { return c.Append(dst) })
	if err != nil {
		return err
	}
	if err := e.WAL.Flush(ctx, end); err != nil {
		return err
	}
	f.State, f.Checkpoint, f.Redo, f.NextXID, f.NextOID, f.Time = control.ShutDown, start, start, c.NextXID, c.NextOID, e.opts.Clock()
	if err := control.WriteBoth(e.FS, e.Dir, &f); err != nil {
		return err
	}
	if err := e.FS.SyncDir(filepath.Dir(e.Dir)); err != nil {
		return err
	}
	e.control.current = f
	return nil
}
