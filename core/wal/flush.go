package wal

import (
	"context"
	"fmt"
	"sync"

	"github.com/quiredb/quire/core/page"
)

// flushing is group commit. Whoever needs durability and finds no leader becomes the leader: it writes and syncs
// everything inserted so far, for itself and for all who wait meanwhile. There is no goroutine to hand work to, so a
// lone committer pays for one write and one sync and nothing else.
type flushing struct {
	mu     sync.Mutex
	busy   bool // someone leads
	closed bool
	// next is closed at the end of the round in progress or to come; nil while nobody waits for it.
	next chan struct{}
}

// waitLocked returns the channel that the next end of a round closes. It unlocks f.
func (f *flushing) waitLocked() <-chan struct{} {
	if f.next == nil {
		f.next = make(chan struct{})
	}
	ch := f.next
	f.mu.Unlock()
	return ch
}

// endRound gives up leadership and wakes everyone.
func (f *flushing) endRound() {
	f.mu.Lock()
	f.busy = false
	if f.next != nil {
		close(f.next)
		f.next = nil
	}
	f.mu.Unlock()
}

// close takes leadership for good and wakes everyone. It reports false if that was done before.
func (f *flushing) close(l *Log) bool {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return false
	}
	f.closed = true
	for f.busy {
		<-f.waitLocked()
		f.mu.Lock()
	}
	f.mu.Unlock()
	f.endRound()
	return true
}

// stopped returns why nothing will become durable any more, nil while the log works.
func (l *Log) stopped() error {
	if err := l.haltedErr(); err != nil {
		return err
	}
	l.flushing.mu.Lock()
	defer l.flushing.mu.Unlock()
	return l.stoppedLocked()
}

func (l *Log) stoppedLocked() error {
	if err := l.haltedErr(); err != nil {
		return err
	}
	if l.flushing.closed {
		return ErrClosed
	}
	return nil
}

// Flush returns when everything below upTo is durable. Callers that arrive while a flush is under way share the next
// one. If ctx ends while waiting for another's flush, the outcome is unknown: the bytes may become durable later.
//
// After a failed write or sync every call returns ErrHalted (W6).
func (l *Log) Flush(ctx context.Context, upTo page.LSN) error {
	if l.FlushedLSN() >= upTo {
		return nil
	}
	if end := l.InsertLSN(); upTo > end {
		return fmt.Errorf("flush up to %v, but the log ends at %v: the page or request that named this LSN is damaged", upTo, end)
	}
	f := &l.flushing
	f.mu.Lock()
	for {
		if l.FlushedLSN() >= upTo {
			f.mu.Unlock()
			return nil
		}
		if err := l.stoppedLocked(); err != nil {
			f.mu.Unlock()
			return err
		}
		if f.busy {
			select {
			case <-f.waitLocked():
			case <-ctx.Done():
				return fmt.Errorf("waiting for WAL up to %v to become durable: %w", upTo, context.Cause(ctx))
			}
			f.mu.Lock()
			continue
		}
		f.busy = true
		f.mu.Unlock()
		l.lead()
		f.mu.Lock()
	}
}

// lead makes everything inserted so far durable, or halts the log.
//
// Holds: leadership, and gives it up.
func (l *Log) lead() {
	defer l.flushing.endRound()
	from, to := l.FlushedLSN(), l.InsertLSN()
	if from == to {
		return
	}
	if err := l.writeOut(from, to); err != nil {
		l.halt(err)
		return
	}
	l.durable.Store(uint64(to))
	l.counts.flushes.Add(1)
	l.prepareAhead()
}

// WaitFlushed blocks until FlushedLSN lies beyond after, and returns it. It is for those who follow the log.
func (l *Log) WaitFlushed(ctx context.Context, after page.LSN) (page.LSN, error) {
	f := &l.flushing
	for {
		f.mu.Lock()
		if at := l.FlushedLSN(); at > after {
			f.mu.Unlock()
			return at, nil
		}
		if err := l.stoppedLocked(); err != nil {
			f.mu.Unlock()
			return 0, err
		}
		select {
		case <-f.waitLocked():
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}
