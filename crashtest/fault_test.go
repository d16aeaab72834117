package crashtest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/vfs"
)

// A fault is one file operation that fails once.
type fault struct {
	seed  int64
	at    int64 // the operation's number from the opening of the directory on
	errno syscall.Errno
}

// An outcome says what became of a history with a fault in it.
type outcome struct {
	op    vfs.Op // the one that failed
	met   bool   // the history was long enough to meet it
	ended string // "unnoticed", "statement", "fatal", "open", "shutdown", "" if such an operation cannot fail so
}

// errCannot ends a run whose operation does not fail in the fault's way.
var errCannot = errors.New("an operation that needs no space")

func needsSpace(k vfs.OpKind) bool {
	switch k {
	case vfs.OpCreate, vfs.OpRename, vfs.OpMkdir, vfs.OpWrite, vfs.OpTruncate, vfs.OpReserve, vfs.OpSync, vfs.OpSyncDir:
		return true
	}
	return false
}

// endsProcess reports whether a failure of op may stop the host: a failed sync of a file or directory, after which nobody knows what is
// on disk, and a failure in writing out records that are in the log already (R6, R9). A segment that is being made is neither.
func endsProcess(op vfs.Op) bool {
	switch {
	case strings.HasSuffix(op.Name, ".tmp"):
		return false
	case op.Kind == vfs.OpSync, op.Kind == vfs.OpSyncDir:
		return true
	}
	return strings.Contains(op.Name, "pg_wal/") && (op.Kind == vfs.OpWrite || op.Kind == vfs.OpOpen || op.Kind == vfs.OpClose)
}

// unknownFate is about a statement whose commit may stand or not: its error says so.
func unknownFate(err error) bool {
	code := pgerr.CodeOf(err)
	return code == pgerr.StatementCompletionUnknown || code == pgerr.TransactionResolutionUnknown
}

// run plays a history with the fault.
func (f fault) run(steps []step) (out outcome, err error) {
	out.ended = "unnoticed"
	fs, err := newDirectory()
	if err != nil {
		return out, err
	}
	fs.FailFsync(vfs.FsyncExt4)
	n := int64(0)
	fs.SetHook(func(op vfs.Op) error {
		if n++; n != f.at {
			return nil
		}
		out.op, out.met = op, true
		if f.errno == syscall.ENOSPC && !needsSpace(op.Kind) {
			out.ended = ""
			return nil
		}
		return f.errno
	})
	opts := options()
	var fatal error
	opts.OnFatal = func(err error) { fatal = err }

	x, err := openNode(fs, opts, sessions)
	if err != nil {
		out.ended = "open"
		if !out.met {
			return out, err
		}
		fatal = nil // that was another process
		if x, err = openNode(fs, opts, sessions); err != nil {
			return out, fmt.Errorf("second start: %w", err)
		}
	}
	r := newRun(x)
	before := r.now.clone()
	var failure error
	r.failed = func(_ step, err error) error {
		failure = err
		return err
	}
	r.after = func(step) error {
		if out.ended == "" {
			return errCannot
		}
		before = r.now.clone()
		if fatal != nil {
			failure = fatal
			return fatal
		}
		return nil
	}
	err = r.play(steps)
	switch {
	case err == nil:
	case out.ended == "":
		x.kill()
		return out, nil
	case failure == nil:
		x.kill()
		return out, err
	case fatal != nil:
		out.ended = "fatal"
		x.kill()
		if !endsProcess(out.op) {
			return out, fmt.Errorf("the host stopped: %w", fatal)
		}
		return out, f.recover(fs, r)
	default:
		out.ended = "statement"
		if err := f.statement(x, r, before, failure); err != nil {
			x.kill()
			return out, err
		}
	}
	if err := x.shutdown(); err != nil {
		if out.ended != "unnoticed" {
			return out, fmt.Errorf("shutdown: %w", err)
		}
		out.ended = "shutdown"
	}
	fs.SetHook(nil)
	return out, image{fs: fs, claim: r.claim()}.settle()
}

// recover starts again after the host stopped: with what the kernel still has, and with what was on the disk.
func (f fault) recover(fs *vfs.MemFS, r *run) error {
	fs.SetHook(nil)
	for _, mode := range []vfs.CrashMode{vfs.KeepAll, vfs.DropUnsynced, vfs.Random} {
		left := image{fs: fs.CrashClone(rand.New(rand.NewSource(f.seed)), mode), claim: r.claim()}
		if err := left.settle(); err != nil {
			return fmt.Errorf("%v: %w", mode, err)
		}
	}
	return nil
}

// statement judges the error of a statement that did not stop the host: it says what it is, and nothing came of the statement.
// The database goes on, and a crash at this moment leaves the same.
func (f fault) statement(x *node, r *run, before state, failure error) error {
	switch code := pgerr.CodeOf(failure); code {
	case pgerr.IOError, pgerr.DiskFull:
	default:
		if !unknownFate(failure) {
			return fmt.Errorf("SQLSTATE %s: %w", code, failure)
		}
	}
	for s := range sessions {
		if x.sessions[s].TxStatus() != 'I' {
			if err := x.do(s, "ROLLBACK"); err != nil {
				return err
			}
		}
	}
	crashed := x.fs.CrashClone(rand.New(rand.NewSource(f.seed)), vfs.Random)
	claimed := r.claim()
	found, err := x.read()
	if err != nil {
		return err
	}
	if differ(before, found) != nil {
		if !unknownFate(failure) {
			return fmt.Errorf("the statement failed (%w) and yet: %w", failure, differ(before, found))
		}
		if err := differ(r.now, found); err != nil {
			return err
		}
	}
	if err := x.checkStructure(found); err != nil {
		return fmt.Errorf("after %w: %w", failure, err)
	}
	if err := (image{fs: crashed, claim: claimed}).settle(); err != nil {
		return fmt.Errorf("power loss after %w: %w", failure, err)
	}
	r.states, r.acked = []string{found.logged()}, 0
	return nil
}

// Every file operation fails once: with EIO, and with ENOSPC if it can need space. Statements fail with a code that says so and
// leave nothing; the host stops only where it must; nothing acknowledged is lost, and a directory that would not open opens then.
func TestEachFileOperationFails(t *testing.T) {
	n, steps, oneIn := int64(1), 60, int64(9)
	if full() {
		n, steps, oneIn = 3, 100, 1
	}
	for _, seed := range seeds(t, n) {
		history := makeHistory(seed, steps)
		faults := make(chan fault)
		var mu sync.Mutex
		counts, fatal := map[string]int{}, map[string]int{}
		failures := 0
		over := false
		var workers sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			workers.Add(1)
			go func() {
				defer workers.Done()
				for f := range faults {
					out, err := f.run(history)
					mu.Lock()
					over = over || !out.met
					if out.met && out.ended != "" {
						counts[out.ended]++
						if out.ended == "fatal" {
							fatal[out.op.Kind.String()]++
						}
					}
					if err != nil {
						failures++
						t.Errorf("QUIRE_SEED=%d, operation %d (%v) fails with %v: %v", seed, f.at, out.op, f.errno, err)
					}
					mu.Unlock()
				}
			}()
		}
		for at := 1 + rand.New(rand.NewSource(seed)).Int63n(oneIn); ; at += oneIn {
			faults <- fault{seed, at, syscall.EIO}
			faults <- fault{seed, at, syscall.ENOSPC}
			mu.Lock()
			stop := over || failures > 4
			mu.Unlock()
			if stop {
				break
			}
		}
		close(faults)
		workers.Wait()
		var summary []string
		for _, ended := range slices.Sorted(maps.Keys(counts)) {
			summary = append(summary, fmt.Sprintf("%s %d", ended, counts[ended]))
		}
		t.Logf("seed %d: %d statements; failures ended so: %s; the host stopped at %v", seed, len(history), strings.Join(summary, ", "), fatal)
		require.False(t, t.Failed())
	}
}
