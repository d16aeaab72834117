package wal

import (
	"fmt"
	"path/filepath"

	"github.com/quiredb/quire/core/page"
)

// Recycle gives up the segments, of any timeline, that lie wholly below keepFrom, which must not exceed what any reader
// still needs. Up to Config.SpareSegments of them become future segments: their old content can stay, because nothing in
// it passes for a record at its new place (W4). The rest is removed. After an error some are still there; a later call takes them.
func (l *Log) Recycle(keepFrom page.LSN) error {
	if err := l.stopped(); err != nil {
		return err
	}
	s := &l.segments
	s.mu.Lock()
	defer s.mu.Unlock()
	keep := l.geo.number(min(keepFrom, l.FlushedLSN()))
	names, err := l.cfg.FS.ReadDir(l.cfg.Dir)
	if err != nil {
		return fmt.Errorf("list WAL segments: %w", err)
	}
	// Readers look at the position again after reading, so it moves before the files do.
	s.oldest.Store(max(s.oldest.Load(), uint64(l.geo.start(keep))))
	l.reading.forget()
	next := l.geo.number(page.LSN(s.end.Load()))
	limit := l.geo.number(l.InsertLSN()) + 1 + uint64(l.cfg.SpareSegments)
	changed := false
	var failed error
	for _, name := range names {
		if _, number, ok := l.geo.parse(name); !ok || number >= keep {
			continue
		}
		old := filepath.Join(l.cfg.Dir, name)
		var err error
		if next < limit {
			if err = l.cfg.FS.Rename(old, filepath.Join(l.cfg.Dir, l.geo.name(l.cfg.Timeline, next))); err == nil {
				next++
			}
		} else {
			err = l.cfg.FS.Remove(old)
		}
		if err != nil { // nobody needs the segment: the next time does it, and what was done stays done
			failed = fmt.Errorf("recycle WAL segment %s: %w", old, err)
			break
		}
		changed = true
	}
	if !changed {
		return failed
	}
	if err := l.cfg.FS.SyncDir(l.cfg.Dir); err != nil {
		err = fmt.Errorf("sync WAL directory %s: %w", l.cfg.Dir, err)
		l.halt(err)
		return err
	}
	s.end.Store(uint64(l.geo.start(next)))
	return failed
}
