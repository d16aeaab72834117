package xact

import (
	"context"
	"errors"
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/walrec"
)

// CommitOptions say how a transaction commits.
type CommitOptions struct {
	// Async returns before the commit is durable, as synchronous_commit = off does. A crash may lose the transaction; it
	// is never lost in part, and later commits are not kept without it. A transaction that changes the catalog or drops files
	// waits anyway.
	Async bool
}

// ErrDurabilityPending is in the chain of the error of a Commit that was not waited for: the transaction is committed
// and will be visible once the log is durable, but a crash before that loses it.
var ErrDurabilityPending = errors.New("the transaction has committed, but is not known to be durable yet")

// DurabilityError is an abandoned wait for durability.
type DurabilityError struct {
	XID XID
	LSN page.LSN // of the commit record
	Err error    // why the wait ended
}

// Error says that the commit stands.
func (e *DurabilityError) Error() string {
	return fmt.Sprintf("canceling the wait for durability of transaction %d: %v (commit record at %v): %v",
		e.XID, ErrDurabilityPending, e.LSN, e.Err)
}

// Is makes errors.Is find ErrDurabilityPending.
func (e *DurabilityError) Is(target error) bool { return target == ErrDurabilityPending }

// Unwrap returns why the wait ended.
func (e *DurabilityError) Unwrap() error { return e.Err }

// SQLState is 40003: whether the commit outlives a crash is not known.
func (e *DurabilityError) SQLState() string { return "40003" }

// Commit ends the transaction successfully and returns where its commit record starts, 0 if it wrote nothing.
//
// An error that Is ErrDurabilityPending comes with the LSN: the transaction is committed. Any other error means that no
// record was written, and the transaction has been aborted.
func (t *Txn) Commit(ctx context.Context, opts CommitOptions) (page.LSN, error) {
	if t.ended {
		return 0, fmt.Errorf("xact: commit of a transaction that has ended")
	}
	if !t.wrote {
		t.finish(true)
		return 0, nil
	}
	release := t.holdRedoPoint(t.dropAtCommit)
	start, end, err := t.logCommit()
	if err != nil {
		release()
		return 0, errors.Join(fmt.Errorf("commit transaction %d: %w", t.xid, err), t.Abort())
	}
	defer release()
	if opts.Async && !t.catalogChanged && len(t.dropAtCommit) == 0 {
		t.session.remember(t.numbers(), start, t.catalogChanged)
		t.finish(true)
		return start, nil
	}
	if err := t.m.visibility.waitFor(ctx, start, func() page.LSN { return end }); err != nil {
		t.session.remember(t.numbers(), start, t.catalogChanged)
		t.dropAtCommit = nil // others may still read them, and a crash may bring them back: left for recovery to remove
		t.finish(true)
		return start, &DurabilityError{XID: t.xid, LSN: start, Err: err}
	}
	t.finish(true)
	return start, nil
}

// holdRedoPoint keeps checkpoints from passing the transaction's end until the files that go with it are gone. Without files it
// does nothing.
func (t *Txn) holdRedoPoint(files []page.RelFileNumber) (release func()) {
	if len(files) == 0 {
		return func() {}
	}
	return t.m.cfg.GX.HoldRedoPoint()
}

// logCommit writes the commit record, which also stamps its own LSN into the status pages of the transaction and its subtransactions.
// Once it returns without an error they are committed. Subtransactions beyond the pages that one record may change are
// made to refer to their transaction before.
func (t *Txn) logCommit() (start, end page.LSN, err error) {
	m := t.m
	all := t.numbers()
	stamped := fitting(all)
	body := walrec.Commit{
		Time:           m.cfg.Clock().UnixMicro(),
		DroppedRels:    t.dropAtCommit,
		CatalogChanged: t.catalogChanged,
		Subs:           numbers(t.live),
	}
	if len(t.live) > 0 {
		if size, limit := len(body.Append(nil)), m.cfg.Log.MaxBody()/2; size > limit {
			return 0, 0, tooManySubs(fmt.Sprintf("Their numbers take %d bytes in the commit record, which has room for %d.", size, limit))
		}
		if err := m.referToTop(t.xid, all[stamped:]); err != nil {
			return 0, 0, err
		}
	}
	start, err = m.logStatus(statusRecord{
		of:      t.xid,
		xids:    all[:stamped],
		edit:    func(e editor, off int) error { return e.StampLSN(off) },
		kind:    wal.Commit,
		payload: body.Append,
		inserted: func(lsn page.LSN) { // by X2
			for _, xid := range all {
				m.cache.set(xid, uint64(lsn))
			}
			if t.catalogChanged {
				m.catalog.changed(lsn)
			}
			m.visibility.inserted(lsn)
		},
	})
	if err != nil {
		return 0, 0, err
	}
	end = m.cfg.Log.InsertLSN()
	m.visibility.ended(start, end)
	m.registry.unnumber(t)
	return start, end, nil
}

// finish ends the transaction whose outcome is in the cache.
func (t *Txn) finish(committed bool) {
	m := t.m
	t.ended = true
	t.session.Counts.End(committed)
	if t.xid != InvalidXID {
		if !t.wrote {
			m.setAborted(t.numbers())
		}
		m.registry.unnumber(t)
	}
	m.registry.end(t)
	t.dropFiles(t.filesToDrop(committed))
	for _, f := range t.onEnd {
		f(committed)
	}
	m.cfg.Locks.ReleaseAll(&t.owner) // last: X4
}

// dropFiles removes the files of relations that nobody will see again.
func (t *Txn) dropFiles(rels []page.RelFileNumber) {
	if len(rels) == 0 {
		return
	}
	if err := t.m.cfg.DropFiles(rels); err != nil {
		t.m.cfg.Logger.Warn().Err(err).Uint64("xid", uint64(t.xid)).
			Msg("files of dropped relations could not be removed; they are garbage and may be deleted by hand")
	}
}

func (t *Txn) filesToDrop(committed bool) []page.RelFileNumber {
	if committed {
		return t.dropAtCommit
	}
	return t.dropAtAbort
}
