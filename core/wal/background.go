package wal

import (
	"context"
	"errors"
	"time"
)

// Step makes everything inserted so far durable: commits that did not wait, and log that gathers without commits.
func (l *Log) Step(ctx context.Context) error { return l.Flush(ctx, l.InsertLSN()) }

// Run is the WAL writer: it calls Step at every tick, and at once when half of the ring waits for the disk. It returns
// nil when ctx ends or the log is closed.
func (l *Log) Run(ctx context.Context, tick <-chan time.Time) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick:
		case <-l.wake:
		}
		if err := l.Step(ctx); err != nil {
			if ctx.Err() != nil || errors.Is(err, ErrClosed) {
				return nil
			}
			return err
		}
	}
}
