package wal

import (
	"fmt"
	"path/filepath"

	"github.com/quiredb/quire/core/page"
)

// Create makes the directory and the first segment of a new log, durably. Open it with end FirstLSN and prev 0.
func Create(cfg Config) error {
	size := cfg.SegmentBytes
	if size == 0 {
		size = SegmentBytes
	}
	return CreateAt(cfg, page.LSN(size))
}

// CreateAt makes a log whose first byte will come at the LSN given, which lies anywhere in its segment: what a standby
// starts with, before it receives. Bytes before it in the segment are zero.
func CreateAt(cfg Config, at page.LSN) error {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return err
	}
	g := geometry{uint64(cfg.SegmentBytes)}
	if at < g.firstLSN() {
		return fmt.Errorf("a log cannot start at %v: the first segment starts at %v", at, g.firstLSN())
	}
	if err := cfg.FS.MkdirAll(cfg.Dir, 0o700); err != nil {
		return fmt.Errorf("make WAL directory: %w", err)
	}
	if err := cfg.FS.SyncDir(filepath.Dir(cfg.Dir)); err != nil {
		return fmt.Errorf("sync the parent of WAL directory %s: %w", cfg.Dir, err)
	}
	names, err := cfg.FS.ReadDir(cfg.Dir)
	if err != nil {
		return fmt.Errorf("list WAL directory: %w", err)
	}
	for _, name := range names {
		if _, _, ok := g.parse(name); ok {
			return fmt.Errorf("directory %s holds WAL already (%s): choose an empty directory", cfg.Dir, name)
		}
	}
	if err := makeSegment(cfg, g.name(cfg.Timeline, g.number(at))); err != nil {
		return err
	}
	if err := cfg.FS.SyncDir(cfg.Dir); err != nil {
		return fmt.Errorf("sync WAL directory %s: %w", cfg.Dir, err)
	}
	return nil
}
