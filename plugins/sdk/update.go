package sdk

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/quiredb/quire/core/page"
)

const (
	// aloneAfter is the number of conflicts after which Update asks the host to run it alone on the index.
	aloneAfter = 3
	// maxAttempts bounds Update. Alone, the second attempt cannot meet a conflict; more is a bug somewhere.
	maxAttempts = 8
	// maxPause bounds the pause before another attempt.
	maxPause = time.Millisecond
)

// Update runs fn on a fresh XLog and finishes it. If pages moved on meanwhile it runs fn again, on newer pages; after a
// few times the host holds other writers of the index back, so that progress is certain. fn therefore runs once or more
// and must not keep anything of an earlier run. An error from fn ends it and nothing is changed.
//
//	err := ix.Update(ctx, func(x *sdk.XLog) error {
//		ed, err := x.RegisterBuffer(blk, 0)
//		if err != nil {
//			return err
//		}
//		return ed.InsertItem(at, item)
//	})
func (ix *Index) Update(ctx context.Context, fn func(x *XLog) error) (err error) {
	defer func() {
		if ix.alone {
			ix.alone = false
			if ix.ended {
				return // and with the call
			}
			err = errors.Join(err, ix.carrier.Alone(ix.ctx, false))
		}
	}()
	for attempt := 1; ; attempt++ {
		err = ix.attempt(fn, attempt > 1)
		if !errors.Is(err, ErrConflict) {
			return err
		}
		if attempt == maxAttempts {
			return fmt.Errorf("update of index %s: %d attempts: %w", ix.info.Name, attempt, err)
		}
		if attempt == aloneAfter {
			if err := ix.carrier.Alone(ctx, true); err != nil {
				return fmt.Errorf("run alone on index %s: %w", ix.info.Name, err)
			}
			ix.alone = true
		}
		if !ix.alone {
			if err := pause(ctx, attempt); err != nil {
				return err
			}
		}
	}
}

// attempt runs fn once. Blocks that fn took from NewPage are available again if it did not succeed.
func (ix *Index) attempt(fn func(x *XLog) error, reread bool) error {
	before := make(map[page.BlockNumber]bool, len(ix.handed))
	for blk := range ix.handed {
		before[blk] = true
	}
	x := ix.Start()
	ix.reread = reread
	defer x.Abort()
	err := fn(x)
	if err == nil && !x.done {
		err = x.Finish()
	}
	if err != nil {
		for blk := range ix.handed {
			if !before[blk] {
				ix.takeBack(blk)
			}
		}
	}
	return err
}

// pause waits a random time that grows with the number of attempts.
func pause(ctx context.Context, attempt int) error {
	t := time.NewTimer(time.Duration(rand.Int64N(int64(maxPause) * int64(attempt) / aloneAfter)))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
