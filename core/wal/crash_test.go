package wal

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"testing"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
	"github.com/stretchr/testify/require"
)

// world is what a test knows of a log across crashes: the disk, what was inserted, and what was promised.
type world struct {
	fs         *vfs.MemFS
	history    []*Record // everything inserted that may still be there
	checkpoint page.LSN  // reading starts here; older segments may be gone
	lost       []*Record // what the last crash took from history
	promised   page.LSN  // acknowledged as durable
}

func newWorld(t testing.TB) *world {
	fs := vfs.NewMem()
	require.NoError(t, Create(testConfig(fs)))
	return &world{fs: fs, checkpoint: tinySegment, promised: tinySegment}
}

// recover reads and opens the log as a start does, and checks it against what was promised: the records are those that
// were inserted, up to some point, and no promised one is missing.
func (w *world) recover() (*Log, error) {
	r := testReader(w.fs, w.checkpoint)
	defer r.Close()
	records, err := readAll(r)
	if err != nil {
		return nil, err
	}
	if err := w.verify(records, r.Position()); err != nil {
		return nil, err
	}
	l, err := Open(testConfig(w.fs), r.Position(), r.LastLSN())
	if err == nil {
		w.promised = r.Position() // W9
	}
	return l, err
}

var errBroken = errors.New("promise broken")

// verify checks what was read and forgets what was not there: its places will be used again.
func (w *world) verify(records []*Record, end page.LSN) error {
	if end < w.promised {
		return fmt.Errorf("%w: log ends at %v, %v was acknowledged", errBroken, end, w.promised)
	}
	i := 0
	for i < len(w.history) && w.history[i].LSN < w.checkpoint {
		i++
	}
	for _, rec := range records {
		if i == len(w.history) {
			return fmt.Errorf("%w: a record at %v that nobody inserted", errBroken, rec.LSN)
		}
		want := w.history[i]
		if rec.LSN != want.LSN || rec.EndLSN != want.EndLSN || rec.Kind != want.Kind || rec.XID != want.XID || string(rec.Body) != string(want.Body) {
			return fmt.Errorf("%w: record at %v is %v, inserted was %v at %v", errBroken, rec.LSN, rec.Kind, want.Kind, want.LSN)
		}
		i++
	}
	if i < len(w.history) { // else an earlier crash took them, and recovery did not get further
		w.history, w.lost = w.history[:i], w.history[i:]
	}
	return nil
}

var testKinds = []Kind{Generic, Generic, Generic, Commit, Commit, Abort, CheckpointOnline, RelCreate, Parameter}

// work inserts, flushes and recycles at random until the log halts or n steps are done.
func (w *world) work(rng *rand.Rand, l *Log, n int) {
	if len(w.lost) > 0 && w.lost[0].LSN == l.InsertLSN() {
		w.redo(rng, l)
		if rng.Intn(2) == 0 {
			return
		}
	}
	for range n {
		switch k := rng.Intn(20); {
		case k < 12:
			if l.EnsureSpace(8000) != nil {
				return
			}
			w.insert(rng, l)
		case k == 12 && rng.Intn(4) == 0: // more than the ring holds
			for from := l.InsertLSN(); l.InsertLSN() < from+tinyRing+tinyRing/4; {
				if l.EnsureSpace(8000) != nil {
					return
				}
				w.insert(rng, l)
			}
		case k < 19:
			if l.Flush(context.Background(), l.InsertLSN()) != nil {
				return
			}
			w.promised = l.InsertLSN()
		default:
			w.recycle(rng, l)
		}
	}
}

// redo puts other records in the places of some that were lost, of the same lengths, as repeated work does. Leftovers of
// the lost ones would continue the chain, above all behind a block that is written to its end.
func (w *world) redo(rng *rand.Rand, l *Log) {
	n := rng.Intn(len(w.lost))
	for i, rec := range w.lost[:len(w.lost)-1] {
		if rec.EndLSN%blockBytes == 0 && rng.Intn(2) == 0 {
			n = i + 1
			break
		}
	}
	for _, rec := range w.lost[:n] {
		if l.EnsureSpace(8000) != nil {
			return
		}
		w.put(l, rec.Kind, rec.XID, rng.Int63(), len(rec.Body))
	}
	if l.Flush(context.Background(), l.InsertLSN()) == nil {
		w.promised = l.InsertLSN()
	}
}

func (w *world) put(l *Log, kind Kind, xid uint64, seed int64, size int) {
	start, end := l.Insert(kind, xid, body(seed, size))
	w.history = append(w.history, &Record{LSN: start, EndLSN: end, Kind: kind, XID: xid, Body: content(seed, start, size)})
}

func (w *world) insert(rng *rand.Rand, l *Log) {
	size := rng.Intn(60)
	kind, xid, seed := testKinds[rng.Intn(len(testKinds))], rng.Uint64()>>rng.Intn(64), rng.Int63()
	switch rng.Intn(8) {
	case 0:
		size = rng.Intn(7000)
	case 1: // to the end of a block, behind which nothing is overwritten by padding
		var h header
		c := newCodec(testSystem, 1)
		at := l.InsertLSN()
		h.encode(&c, at, l.insertion.prev, l.FlushedLSN(), kind, xid, make([]byte, blockBytes-200))
		if size = int(blockCeil(at+page.LSN(h.size+200))-at) - h.size; size > 2*blockBytes {
			size = 0
		}
	}
	w.put(l, kind, xid, seed, size)
}

// recycle moves the checkpoint to a durable record and gives up what lies before it. A checkpoint needs a record behind its
// position, or there is no end to be found.
func (w *world) recycle(rng *rand.Rand, l *Log) {
	durable := 0
	for durable < len(w.history) && w.history[durable].EndLSN <= l.FlushedLSN() {
		durable++
	}
	if durable == 0 {
		return
	}
	at := w.history[rng.Intn(durable)].LSN
	if at < w.checkpoint {
		return
	}
	w.checkpoint = at
	_ = l.Recycle(at) // halts the log if it fails
}

// crashAt lets the power go before the n-th operation from now on that can change the disk. The returned function gives
// the disk that is left, nil if it did not come so far.
func (w *world) crashAt(n int, rng *rand.Rand, mode vfs.CrashMode) func() *vfs.MemFS {
	var left *vfs.MemFS
	fs := w.fs
	fs.SetHook(func(op vfs.Op) error {
		if left != nil {
			return vfs.ErrCrashed
		}
		if !op.Kind.Mutates() {
			return nil
		}
		if n--; n >= 0 {
			return nil
		}
		left = fs.CrashClone(rng, mode)
		return vfs.ErrCrashed
	})
	return func() *vfs.MemFS {
		fs.SetHook(nil)
		if left == nil {
			left = fs.CrashClone(rng, mode)
		}
		return left
	}
}

// TestCrashSeeds cuts the power again and again: during work, and during the recovery that follows. Sectors of unsynced
// writes stay or go at random. Nothing promised is ever missing, nothing else comes to life, and no torn tail is ever
// reported as damage.
func TestCrashSeeds(t *testing.T) {
	seeds := 1500 // six crashes each
	if testing.Short() {
		seeds = 200
	}
	for seed := range seeds {
		rng := rand.New(rand.NewSource(int64(seed)))
		w := newWorld(t)
		for generation := range 6 {
			mode := []vfs.CrashMode{vfs.Random, vfs.Random, vfs.DropUnsynced, vfs.KeepAll}[rng.Intn(4)]
			during := 200
			if generation%2 == 1 {
				during = 4 // likely within recovery
			}
			left := w.crashAt(rng.Intn(during), rng, mode)
			l, err := w.recover()
			if err == nil {
				w.work(rng, l, rng.Intn(120))
				_ = l.Close()
			} else {
				require.ErrorIs(t, err, vfs.ErrCrashed, "seed %d, generation %d", seed, generation)
			}
			w.fs = left()
		}
		l, err := w.recover()
		require.NoError(t, err, "seed %d", seed)
		require.NoError(t, l.Close())
	}
}

// TestCrashSweep cuts the power before every operation of one history, and during each recovery once more before every
// operation.
func TestCrashSweep(t *testing.T) {
	const seed = 11
	for at := 0; ; at++ {
		w := newWorld(t)
		l, err := w.recover()
		require.NoError(t, err)
		left := w.crashAt(at, rand.New(rand.NewSource(int64(at))), vfs.Random)
		before := w.fs.Ops()
		w.work(rand.New(rand.NewSource(seed)), l, 150)
		_ = l.Close()
		done := w.fs.Ops()-before < int64(at)
		w.fs = left()
		for again := 0; ; again++ {
			second := *w
			left := second.crashAt(again, rand.New(rand.NewSource(int64(again))), vfs.Random)
			l, err := second.recover()
			if err == nil {
				require.NoError(t, l.Close())
			} else {
				require.ErrorIs(t, err, vfs.ErrCrashed, "cut at %d, then at %d", at, again)
			}
			second.fs = left()
			l, rerr := second.recover()
			require.NoError(t, rerr, "cut at %d, then at %d", at, again)
			require.NoError(t, l.Close())
			if err == nil {
				break
			}
		}
		if done {
			break
		}
	}
}

// TestFailSweep lets the n-th operation fail, once, for every n, as a bad cable or a full disk does; then the process ends
// and the power goes. What was acknowledged before and after the failure is there.
func TestFailSweep(t *testing.T) {
	for name, fault := range faults {
		for n, fired := 0, true; fired; n++ {
			w := newWorld(t)
			l, err := w.recover()
			require.NoError(t, err)
			fired = false
			w.fs.FailFsync(vfs.FsyncExt4)
			left := n
			w.fs.SetHook(func(op vfs.Op) error {
				if left--; left != -1 {
					return nil
				}
				fired = true
				if op.Kind == vfs.OpWrite {
					return &vfs.PartialError{Bytes: int(op.Len / 2), Err: fault}
				}
				return fault
			})
			for range 3 { // an error of EnsureSpace ends the work, not the log
				w.work(rand.New(rand.NewSource(5)), l, 60)
			}
			promised := w.promised
			require.NoError(t, ignore(l.Close(), fault), "%s at operation %d", name, n)
			// The process starts again over the same cache, and trusts what it sees there.
			w.fs.SetHook(nil)
			l, err = w.recover()
			require.NoError(t, err, "%s at operation %d, promised %v", name, n, promised)
			require.NoError(t, l.Close())
			w.fs = w.fs.CrashClone(nil, vfs.DropUnsynced)
			l, err = w.recover()
			require.NoError(t, err, "%s at operation %d, then power loss", name, n)
			require.NoError(t, l.Close())
		}
	}
}

func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}
