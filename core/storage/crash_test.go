package storage

import (
	"fmt"
	"math/rand"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
)

// runUntilCrash runs the steps and lets operation cut and all later ones fail. It returns the world as the crash
// finds it and whether the cut was reached.
func runUntilCrash(t *testing.T, steps []step, cut int64) (*world, bool) {
	w := newWorld(t, vfs.NewMem())
	crashed := false
	cut += w.fs.Ops()
	w.fs.SetHook(func(op vfs.Op) error {
		if crashed = crashed || op.N == cut; crashed {
			return vfs.ErrCrashed
		}
		return nil
	})
	err := w.open()
	for _, s := range steps {
		if err != nil {
			break
		}
		err = s.run(w)
	}
	if !crashed {
		require.NoError(t, err)
	}
	w.fs.SetHook(nil)
	return w, crashed
}

// onDisk returns the same expectations over another disk.
func (w *world) onDisk(fs *vfs.MemFS) *world {
	other := *w
	other.fs, other.m = fs, nil
	return &other
}

// TestCrashBeforeEveryOperation cuts the power before each operation. Whatever subset of the unsynced sectors is lost, and
// again if the power goes while Open repairs, every block is one whole version that it may be.
func TestCrashBeforeEveryOperation(t *testing.T) {
	const seed, draws = 1, 3
	rng := rand.New(rand.NewSource(seed))
	steps := history(rng, 45)
	repaired := int64(0)
	cut := int64(1)
	for ; ; cut++ {
		w, crashed := runUntilCrash(t, steps, cut)
		for draw := range draws {
			context := fmt.Sprintf("seed %d, cut before operation %d, draw %d", seed, cut, draw)
			after := w.onDisk(w.fs.CrashClone(rng, vfs.Random))
			after.crashInRecovery(rng, context+", again in recovery")
			require.NoError(t, after.open(), context)
			after.check(context)
			repaired += after.m.Stats().PagesRepaired
			after.afterPowerLoss(rng, context+", repaired")
		}
		w.restartThenPowerLoss(rng, fmt.Sprintf("seed %d, killed before operation %d", seed, cut))
		if !crashed {
			break
		}
	}
	require.Positive(t, repaired, "the sweep never tore a page")
	t.Logf("%d cuts, %d torn pages repaired", cut, repaired)
}

// crashInRecovery opens a copy of the disk, cuts that at a random operation, and checks what it leaves.
func (w *world) crashInRecovery(rng *rand.Rand, context string) {
	copied := w.onDisk(w.fs.CrashClone(nil, vfs.KeepAll))
	require.NoError(w.t, copied.open(), context)
	total := copied.fs.Ops()

	copied = w.onDisk(w.fs.CrashClone(nil, vfs.KeepAll))
	cut := 1 + rng.Int63n(total)
	copied.fs.SetHook(func(op vfs.Op) error {
		if op.N >= cut {
			return vfs.ErrCrashed
		}
		return nil
	})
	require.Error(w.t, copied.open())
	copied.fs.SetHook(nil)
	copied.afterPowerLoss(rng, context)
}

// afterPowerLoss checks what is left if the power goes now.
func (w *world) afterPowerLoss(rng *rand.Rand, context string) {
	after := w.onDisk(w.fs.CrashClone(rng, vfs.Random))
	require.NoError(w.t, after.open(), context)
	after.check(context)
}

// restartThenPowerLoss opens the same disk again, as after SIGKILL: the kernel still has what was not synced. The
// double-write area is then filled with pages of another relation, and still nothing may be torn.
func (w *world) restartThenPowerLoss(rng *rand.Rand, context string) {
	require.NoError(w.t, w.open(), context)
	w.check(context)
	w.afterPowerLoss(rng, context+", then power loss")
	require.NoError(w.t, createStep(relD).run(w))
	for i := range 6 {
		require.NoError(w.t, writeStep(at(relD, page.BlockNumber(i))).run(w))
	}
	w.afterPowerLoss(rng, context+", then more writes and power loss")
}

// TestEveryFsyncFails lets each fsync of the history fail once, on file systems that forget what was to be written
// and claim afterwards that all is well. The Manager stops for good; Open does not believe the cache.
func TestEveryFsyncFails(t *testing.T) {
	const seed = 2
	for _, mode := range []vfs.FsyncFailMode{vfs.FsyncRetains, vfs.FsyncExt4, vfs.FsyncBtrfs} {
		rng := rand.New(rand.NewSource(seed))
		steps := history(rng, 60)
		for nth := 1; ; nth++ {
			w := newWorld(t, vfs.NewMem())
			w.fs.FailFsync(mode)
			syncs := 0
			w.fs.SetHook(func(op vfs.Op) error {
				if op.Kind == vfs.OpSync || op.Kind == vfs.OpSyncDir {
					if syncs++; syncs == nth {
						return syscall.EIO
					}
				}
				return nil
			})
			err := w.open()
			for _, s := range steps {
				if err == nil {
					err = s.run(w)
				}
			}
			w.fs.SetHook(nil)
			if syncs < nth {
				require.NoError(t, err)
				break
			}
			require.ErrorIs(t, err, ErrFsync)
			if w.m != nil {
				require.ErrorIs(t, w.m.Sync(), ErrFsync, "a second try must not succeed")
				require.ErrorIs(t, createStep(relA).run(w), ErrFsync)
				w.m.Kill()
			}
			w.restartThenPowerLoss(rng, fmt.Sprintf("seed %d, mode %d, fsync %d", seed, mode, nth))
		}
	}
}

// TestEveryCallFailsOnce lets each operation fail, alone or with the next few. Nothing that was written is lost or mixed
// up, and once the disk works again everything can be written.
func TestEveryCallFailsOnce(t *testing.T) {
	const seed = 3
	kinds := []struct {
		name  string
		err   error
		count int64
	}{
		{"EIO", syscall.EIO, 1},
		{"ENOSPC", syscall.ENOSPC, 5},
		{"short write", &vfs.PartialError{Bytes: 5000, Err: syscall.ENOSPC}, 1},
	}
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			rng := rand.New(rand.NewSource(seed))
			steps := history(rng, 40)
			for nth, fired := int64(1), true; fired; nth++ {
				w := newWorld(t, vfs.NewMem())
				require.NoError(t, w.open())
				first := w.fs.Ops() + nth
				fired = false
				w.fs.SetHook(func(op vfs.Op) error {
					sync := op.Kind == vfs.OpSync || op.Kind == vfs.OpSyncDir // TestEveryFsyncFails
					fired = fired || op.N >= first
					if op.N >= first && op.N < first+kind.count && !sync {
						return kind.err
					}
					return nil
				})
				w.runWithRetries(steps)
				context := fmt.Sprintf("seed %d, operation %d", seed, nth)
				w.afterPowerLoss(rng, context)
				w.fs.SetHook(nil)
				for _, p := range w.retry {
					require.NoError(t, w.m.Write([]PageWrite{p}), context)
				}
				w.retry = nil
				require.NoError(t, syncStep().run(w), context)
				w.check(context)
				require.NoError(t, w.m.Close(), context)
				require.NoError(t, w.open(), context)
				w.check(context + ", opened again")
			}
		})
	}
}

// runWithRetries runs all steps and repeats those that fail, except writes, which world collects.
func (w *world) runWithRetries(steps []step) {
	for _, s := range steps {
		pending := len(w.retry)
		for range 10 {
			err := s.run(w)
			if err == nil || len(w.retry) > pending {
				break
			}
			require.NotErrorIs(w.t, err, ErrFsync, s.name)
		}
	}
}
