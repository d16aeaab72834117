package wal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
)

// segments is which files exist: a run without gaps. The positions are written under mu and read without it.
type segments struct {
	mu     sync.Mutex
	oldest atomic.Uint64 // LSN at which the first segment starts
	end    atomic.Uint64 // LSN at which the last segment ends
}

// temporary is the name under which a segment is made.
const temporary = "new.tmp"

// EnsureSpace makes sure that files exist for n more bytes of log, and for a reserve beyond, from which a checkpoint or
// an abort can be written when everyone else is refused. Call it before the point of no return (R9).
//
// A SpaceError means that the disk is full; nothing was changed. Concurrent callers draw on the reserve, a quarter of a
// segment, if together they take more than they were promised.
func (l *Log) EnsureSpace(n int) error {
	need := l.InsertLSN() + page.LSN(n) + page.LSN(l.geo.size/4)
	if uint64(need) <= l.segments.end.Load() {
		return l.haltedErr()
	}
	if err := l.haltedErr(); err != nil {
		return err
	}
	return l.extend(need)
}

// extend makes segments until they reach upTo.
func (l *Log) extend(upTo page.LSN) error {
	s := &l.segments
	if uint64(upTo) <= s.end.Load() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.end.Load() < uint64(upTo) {
		name := l.geo.name(l.cfg.Timeline, l.geo.number(page.LSN(s.end.Load())))
		if err := makeSegment(l.cfg, name); err != nil {
			return err
		}
		if err := l.cfg.FS.SyncDir(l.cfg.Dir); err != nil {
			err = fmt.Errorf("sync WAL directory %s: %w", l.cfg.Dir, err)
			l.halt(err)
			return err
		}
		s.end.Add(l.geo.size)
	}
	return nil
}

// prepareAhead has the next segment made in the background once the last one is half full.
//
// Holds: leadership, so Close waits for the work.
func (l *Log) prepareAhead() {
	end := page.LSN(l.segments.end.Load())
	if uint64(end-l.InsertLSN()) >= l.geo.size/2 && end > l.InsertLSN() || !l.preparing.CompareAndSwap(false, true) {
		return
	}
	l.background.Add(1)
	l.cfg.Go(func() {
		defer l.background.Done()
		defer l.preparing.Store(false)
		if err := l.extend(end + 1); err != nil {
			// Not an error of anyone's statement yet: EnsureSpace will try again and tell.
			l.cfg.Log.Warn().Err(err).Msg("could not make the next WAL segment ahead of time")
		}
	})
}

// zeros is what new segments are filled with, a piece at a time.
var zeros [256 << 10]byte

// makeSegment writes a segment full of zeros, syncs it and gives it its name; the caller syncs the directory. On failure
// it leaves nothing behind.
func makeSegment(cfg Config, name string) error {
	tmp := filepath.Join(cfg.Dir, temporary)
	size := int64(cfg.SegmentBytes)
	f, err := cfg.FS.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		// Asking for the space first finds a full disk out without writing megabytes to it.
		err = f.Reserve(0, size)
		if err == nil {
			err = writeZeros(f, 0, size)
		}
		if err == nil {
			err = f.Sync()
		}
		err = errors.Join(err, f.Close())
	}
	if err == nil {
		err = cfg.FS.Rename(tmp, filepath.Join(cfg.Dir, name))
	}
	if err == nil {
		return nil
	}
	_ = cfg.FS.Remove(tmp) // Open removes it otherwise
	if noSpace(err) {
		return &SpaceError{Name: filepath.Join(cfg.Dir, name), Size: size, Err: err}
	}
	return fmt.Errorf("make WAL segment %s: %w", name, err)
}

// writeZeros overwrites [from, to) of f.
func writeZeros(f vfs.File, from, to int64) error {
	for from < to {
		n := min(to-from, int64(len(zeros)))
		if _, err := f.WriteAt(zeros[:n], from); err != nil {
			return err
		}
		from += n
	}
	return nil
}

// listSegments returns the numbers of a timeline's segments in ascending order.
func listSegments(fs vfs.FS, dir string, g geometry, tli page.TimelineID) ([]uint64, error) {
	names, err := fs.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list WAL segments: %w", err)
	}
	var numbers []uint64
	for _, name := range names {
		if t, n, ok := g.parse(name); ok && t == tli {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}
