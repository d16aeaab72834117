package xact

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
)

// Watermark says how far the log has got towards being seen: durable here, or on replicas as well.
type Watermark interface {
	// Bound returns an LSN below which the log counts. It never goes back.
	Bound() page.LSN
	// Wait returns nil when Bound has reached upTo.
	Wait(ctx context.Context, upTo page.LSN) error
}

// localWatermark is durability on this node alone.
type localWatermark struct{ log *wal.Log }

func (w localWatermark) Bound() page.LSN { return w.log.FlushedLSN() }

// Wait does not end with ctx: a flush takes as long as the disk does, and a client that is told "cancelled" of a commit that
// stands would be told wrong.
func (w localWatermark) Wait(ctx context.Context, upTo page.LSN) error {
	return w.log.Flush(context.WithoutCancel(ctx), upTo)
}

// pendingCommit is a commit record that is in the log and not visible yet.
type pendingCommit struct {
	start page.LSN
	end   page.LSN // 0 until known
}

// visibility computes the visible LSN from the watermark and the commits in flight (X3).
type visibility struct {
	watermark atomic.Pointer[Watermark]
	visible   atomic.Uint64 // newest LSN that a snapshot may have; never goes back
	bound     atomic.Uint64 // highest watermark that visible was computed from

	mu      sync.Mutex
	pending []pendingCommit // ascending
}

func (v *visibility) mark() Watermark { return *v.watermark.Load() }

// inserted notes a commit record. It runs under the WAL insertion lock, so commits arrive in their order in the log, and
// before the watermark can reach them.
func (v *visibility) inserted(start page.LSN) {
	v.mu.Lock()
	v.pending = append(v.pending, pendingCommit{start: start})
	v.mu.Unlock()
}

// ended notes where the record at start ends, or any later position up to which its owner will wait.
func (v *visibility) ended(start, end page.LSN) {
	bound := v.mark().Bound()
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := len(v.pending) - 1; i >= 0; i-- {
		if v.pending[i].start == start {
			v.pending[i].end = end
			break
		}
	}
	v.recompute(bound)
}

// advance brings the visible LSN up to the watermark and returns it.
func (v *visibility) advance() page.LSN {
	bound := v.mark().Bound()
	if uint64(bound) > v.bound.Load() {
		v.mu.Lock()
		v.recompute(bound)
		v.mu.Unlock()
	}
	return page.LSN(v.visible.Load())
}

// recompute drops the commits that lie below bound whole, and moves the visible LSN to just before the first that
// does not, or to the last byte below bound. bound was read before mu was taken, so a commit that is not in pending yet starts at
// or above it. Holds: mu.
func (v *visibility) recompute(bound page.LSN) {
	if bound == 0 {
		return
	}
	for len(v.pending) > 0 {
		end := v.pending[0].end
		if len(v.pending) > 1 && (end == 0 || end > v.pending[1].start) {
			end = v.pending[1].start // records do not overlap
		}
		if end == 0 || end > bound {
			break
		}
		v.pending = v.pending[1:]
	}
	lsn := bound - 1
	if len(v.pending) > 0 && v.pending[0].start <= lsn {
		lsn = v.pending[0].start - 1
	}
	v.visible.Store(max(v.visible.Load(), uint64(lsn)))
	v.bound.Store(max(v.bound.Load(), uint64(bound)))
}

// waitFor returns when the commit record at start is visible. logEnd returns a position at or beyond the record's end, as
// soon as the record is whole.
func (v *visibility) waitFor(ctx context.Context, start page.LSN, logEnd func() page.LSN) error {
	for v.advance() < start {
		if end := logEnd(); end > start {
			if err := v.mark().Wait(ctx, end); err != nil {
				return err
			}
		}
		if v.advance() < start {
			runtime.Gosched() // its owner is about to say where it ends
		}
	}
	return nil
}
