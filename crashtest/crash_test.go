package crashtest

import (
	"fmt"
	"math/rand"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/vfs"
)

// An image is what a power loss left, and what may be found in it.
type image struct {
	fs    *vfs.MemFS
	claim claim
	seed  int64  // of what is drawn on the way
	where string // for messages
	again int    // cut every so many operations during the recovery; 0 = not at all
}

// A sweep recovers images on all processors while the history that makes them goes on.
type sweep struct {
	t         *testing.T
	images    chan image
	workers   sync.WaitGroup
	failed    atomic.Int32
	recovered atomic.Int64
	second    atomic.Int64
}

func startSweep(t *testing.T) *sweep {
	s := &sweep{t: t, images: make(chan image)}
	for range runtime.GOMAXPROCS(0) {
		s.workers.Add(1)
		go func() {
			defer s.workers.Done()
			for im := range s.images {
				s.examine(im)
			}
		}()
	}
	return s
}

// examine recovers an image, and those that a second power loss makes of it on the way.
func (s *sweep) examine(im image) {
	if s.failed.Load() > 2 {
		return // it is known by now
	}
	var again []image
	if im.again > 0 {
		rng := rand.New(rand.NewSource(im.seed))
		cutEvery(im.fs, im.again, rng.Intn(im.again), func(op vfs.Op) {
			if len(again) < 3 {
				again = append(again, image{
					fs: im.fs.CrashClone(rng, vfs.Random), claim: im.claim, where: im.where + fmt.Sprintf(", then before %v", op),
				})
			}
		})
	}
	s.recovered.Add(1)
	if err := im.settle(); err != nil {
		s.failed.Add(1)
		s.t.Errorf("%s: %v", im.where, err)
	}
	for _, second := range again {
		s.second.Add(1)
		s.examine(second)
	}
}

func (s *sweep) wait() {
	close(s.images)
	s.workers.Wait()
}

// settle recovers an image, checks all there is to check, goes on working with it, and closes it.
func (im image) settle() (err error) {
	x, err := openNode(im.fs, options(), 1)
	if err != nil {
		return err
	}
	im.fs.SetHook(nil)
	defer func() {
		if err != nil {
			x.kill()
		}
	}()
	found, err := x.read()
	if err != nil {
		return err
	}
	if err := im.claim.check(found.logged()); err != nil {
		return err
	}
	if err := x.checkUnlogged(found); err != nil {
		return err
	}
	if err := x.checkStructure(found); err != nil {
		return err
	}
	if err := x.goOn(found); err != nil {
		return err
	}
	if err := x.shutdown(); err != nil {
		return err
	}
	return x.verifyFiles()
}

// cutEvery calls cut before file operations that can change what a crash leaves, one in oneIn of them beginning with first.
func cutEvery(m *vfs.MemFS, oneIn, first int, cut func(op vfs.Op)) {
	n := oneIn - 1 - first
	m.SetHook(func(op vfs.Op) error {
		if op.Kind.Mutates() {
			if n++; n%oneIn == 0 {
				cut(op)
			}
		}
		return nil
	})
}

// The power goes before every file operation of a history, in each way in which it can go, and again on the way back. What is there
// afterwards is a state of the ledger, indexes and heaps agree, every page is sound, and work goes on.
func TestCrashSweep(t *testing.T) {
	n, steps, oneIn := int64(2), 70, 8
	if full() {
		n, steps, oneIn = 8, 120, 1
	}
	for _, seed := range seeds(t, n) {
		history := makeHistory(seed, steps)
		fs, err := newDirectory()
		require.NoError(t, err)
		x, err := openNode(fs, options(), sessions)
		require.NoError(t, err)
		r := newRun(x)
		s := startSweep(t)
		rng := rand.New(rand.NewSource(seed))
		cuts := 0
		cutEvery(fs, oneIn, rng.Intn(oneIn), func(op vfs.Op) {
			cuts++
			for _, mode := range []vfs.CrashMode{vfs.DropUnsynced, vfs.KeepAll, vfs.Random} {
				im := image{fs: fs.CrashClone(rng, mode), claim: r.claim(), seed: rng.Int63(), again: 15 + rng.Intn(30)}
				im.where = fmt.Sprintf("QUIRE_SEED=%d, %v before %v", seed, mode, op)
				s.images <- im
			}
		})
		err = r.play(history)
		if err == nil {
			err = x.shutdown()
		}
		fs.SetHook(nil)
		s.wait()
		require.NoError(t, err, "QUIRE_SEED=%d", seed)
		last := image{fs: fs, claim: r.claim(), where: fmt.Sprintf("QUIRE_SEED=%d, after shutdown", seed)}
		require.NoError(t, last.settle(), last.where)
		t.Logf("seed %d: %d statements, power cut before %d operations, %d recoveries and %d after a second loss",
			seed, len(history), cuts, s.recovered.Load()-s.second.Load(), s.second.Load())
		if t.Failed() {
			return
		}
	}
}
