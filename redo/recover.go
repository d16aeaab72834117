package redo

import (
	"context"
	"errors"
	"io"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
)

// End is where a log ends.
type End struct {
	LSN        page.LSN // where the next record would start
	Prev       page.LSN // the last record, 0 if there is none
	Checkpoint page.LSN // end of the checkpoint record that was looked for, 0 if it is not there
	Records    uint64
	Reason     string // what was found at LSN instead of a record
}

// cancelEvery is the number of records between looks at the context.
const cancelEvery = 1024

// FindEnd reads the log to its end and looks for the record at checkpoint on the way. It changes nothing. A
// *wal.CorruptError says that the log goes on behind a bad record, so that this is not its end.
func FindEnd(ctx context.Context, r *wal.Reader, checkpoint page.LSN) (End, error) {
	var e End
	err := each(ctx, r, func(rec *wal.Record) error {
		e.Records++
		if rec.LSN == checkpoint && (rec.Kind == wal.CheckpointOnline || rec.Kind == wal.CheckpointShutdown) {
			e.Checkpoint = rec.EndLSN
		}
		return nil
	})
	e.LSN, e.Prev, e.Reason = r.Position(), r.LastLSN(), r.EndReason()
	return e, err
}

// Recover applies every record that r returns. progress may be nil; it is called now and then with the position reached.
func Recover(ctx context.Context, a *Applier, r *wal.Reader, progress func(page.LSN)) error {
	return each(ctx, r, func(rec *wal.Record) error {
		if err := a.Apply(rec); err != nil {
			return err
		}
		if progress != nil {
			progress(rec.EndLSN)
		}
		return nil
	})
}

// each calls do with every record to the end of the log.
func each(ctx context.Context, r *wal.Reader, do func(rec *wal.Record) error) error {
	for n := 0; ; n++ {
		if n%cancelEvery == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(rec); err != nil {
			return err
		}
	}
}
