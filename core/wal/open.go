package wal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/quiredb/quire/core/page"
)

// Open opens a log for writing at end, the position that recovery found; prev is the last record before it, 0 if there
// is none. Before it returns, what is trusted has been written again and synced, and everything behind end is gone (W9):
// bytes that recovery read may exist in the kernel's cache only, if a sync failed before the restart.
func Open(cfg Config, end, prev page.LSN) (*Log, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	l := &Log{
		cfg:  cfg,
		geo:  geometry{uint64(cfg.SegmentBytes)},
		ring: newRing(cfg.RingBytes),
		out:  output{staging: make([]byte, stagingBytes)},
		wake: make(chan struct{}, 1),
	}
	if end < l.geo.firstLSN() || prev >= end {
		return nil, fmt.Errorf("wal: cannot open the log at %v behind a record at %v", end, prev)
	}
	t, err := readTail(cfg, end, prev)
	if err != nil {
		return nil, fmt.Errorf("open WAL at %v: %w", end, err)
	}
	if err := l.removeBehind(end); err != nil {
		return nil, fmt.Errorf("open WAL at %v: %w", end, err)
	}
	if err := l.rewrite(t); err != nil {
		return nil, fmt.Errorf("open WAL at %v: make the trusted log durable again: %w", end, err)
	}
	l.insertion.prev, l.insertion.code = prev, newCodec(cfg.SystemID, cfg.Timeline)
	l.inserted.Store(uint64(end))
	l.durable.Store(uint64(end))
	if block := blockFloor(end); block < end {
		l.ring.put(block, t.bytes[len(t.bytes)-int(end-block):])
	}
	return l, nil
}

// removeBehind removes the segments behind the one that holds end, and leftovers of making one, durably. It then knows
// which segments there are.
func (l *Log) removeBehind(end page.LSN) error {
	fs, dir := l.cfg.FS, l.cfg.Dir
	numbers, err := listSegments(fs, dir, l.geo, l.cfg.Timeline)
	if err != nil {
		return err
	}
	last := l.geo.number(end)
	if end == l.geo.start(last) && !slices.Contains(numbers, last) {
		last-- // the log ends where a segment ends
	}
	at, ok := slices.BinarySearch(numbers, last)
	if !ok {
		return fmt.Errorf("segment %s is missing: restore it from a backup, or make a new copy from a replica",
			filepath.Join(dir, l.geo.name(l.cfg.Timeline, last)))
	}
	for _, number := range numbers[at+1:] {
		if err := fs.Remove(filepath.Join(dir, l.geo.name(l.cfg.Timeline, number))); err != nil {
			return fmt.Errorf("remove WAL segment behind the end of the log: %w", err)
		}
	}
	if err := fs.Remove(filepath.Join(dir, temporary)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove unfinished WAL segment: %w", err)
	}
	if err := fs.SyncDir(dir); err != nil {
		return fmt.Errorf("sync WAL directory %s: %w", dir, err)
	}
	first := at
	for first > 0 && numbers[first-1] == numbers[first]-1 {
		first--
	}
	l.segments.oldest.Store(uint64(l.geo.start(numbers[first])))
	l.segments.end.Store(uint64(l.geo.start(last + 1)))
	return nil
}

// rewrite writes the tail to its place, zeros behind it to the end of the segment, and syncs.
func (l *Log) rewrite(t tail) error {
	at, b := t.from, t.bytes
	end := at + page.LSN(len(b))
	for {
		number := l.geo.number(at)
		if uint64(l.geo.start(number)) >= l.segments.end.Load() {
			return nil // the log ends where its last segment ends
		}
		n := min(len(b), int(l.geo.start(number+1)-at))
		if err := l.rewriteSegment(number, l.geo.offset(at), b[:n]); err != nil {
			return err
		}
		at, b = at+page.LSN(n), b[n:]
		if number == l.geo.number(end) {
			return nil
		}
	}
}

// rewriteSegment writes b at offset of a segment, zeros from there to its end, and syncs it. A segment that continues in
// the next one is covered by b to its end.
func (l *Log) rewriteSegment(number uint64, offset int64, b []byte) (err error) {
	name := filepath.Join(l.cfg.Dir, l.geo.name(l.cfg.Timeline, number))
	f, err := l.cfg.FS.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size := int64(l.geo.size)
	if err := f.Reserve(0, size); err != nil {
		if noSpace(err) {
			return &SpaceError{Name: name, Size: size, Err: err}
		}
		return err
	}
	if _, err := f.WriteAt(b, offset); err != nil {
		return err
	}
	if err := writeZeros(f, offset+int64(len(b)), size); err != nil {
		return err
	}
	return f.Sync()
}
