package engine

import (
	"context"
	"sync"
	"time"

	"github.com/quiredb/quire/core/buffer"
)

// background is the goroutines of an open engine.
type background struct {
	cancel context.CancelFunc
	wait   sync.WaitGroup
}

// checkpointTick is how often the checkpointer looks whether it is time.
const checkpointTick = time.Second

// runBackground starts checkpointer, background writer and, on a primary, the WAL writer.
func (e *Engine) runBackground() {
	ctx, cancel := context.WithCancel(context.Background())
	e.background.cancel = cancel
	if e.opts.NoBackground {
		return
	}
	e.goTick(ctx, checkpointTick, e.stepCheckpointer)
	writer := buffer.NewBackgroundWriter(e.Pool, buffer.WriterOptions{})
	e.background.wait.Go(func() {
		writer.Run(ctx, func(err error) { e.log.Warn().Err(err).Msg("background writer") })
	})
	if e.opts.Standby {
		return
	}
	e.background.wait.Go(func() {
		tick := time.NewTicker(e.opts.WALWriterDelay)
		defer tick.Stop()
		if err := e.WAL.Run(ctx, tick.C); err != nil {
			e.log.Warn().Err(err).Msg("WAL writer stopped")
		}
	})
}

func (e *Engine) goTick(ctx context.Context, every time.Duration, step func(ctx context.Context, now time.Time)) {
	e.background.wait.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				step(ctx, e.opts.Clock())
			}
		}
	})
}

// stepCheckpointer makes a checkpoint if one is due.
func (e *Engine) stepCheckpointer(ctx context.Context, now time.Time) {
	due := e.checkpoints.Step(now, e.position())
	if due == NotDue || e.stopped.Load() {
		return
	}
	if due == DueTime {
		e.activity.timed.Add(1)
	} else {
		e.activity.requested.Add(1)
	}
	if err := e.checkpointOrRestart(ctx, CheckpointOnline); err != nil && ctx.Err() == nil {
		e.log.Warn().Err(err).Str("due", string(due)).Msg("checkpoint did not complete; it will be tried again")
	}
}

// stopBackground ends the goroutines and waits for them.
func (e *Engine) stopBackground() {
	if e.background.cancel != nil {
		e.background.cancel()
	}
	e.background.wait.Wait()
}
