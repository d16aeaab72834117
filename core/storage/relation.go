package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/quiredb/quire/core/page"
)

// A relation is what is known of one fork that has files.
type relation struct {
	page.RelFile
	blocks atomic.Uint32 // blocks in its files; grows after a write, shrinks by Truncate

	mu       sync.Mutex // held while files are created, extended by a hole, or reserved
	segments int        // number of segment files
	reserved page.BlockNumber
}

func (m *Manager) cachedRelation(rf page.RelFile) *relation {
	m.rels.RLock()
	defer m.rels.RUnlock()
	return m.rels.byFile[rf]
}

// relation returns the fork's state, read from its files the first time. A fork without a file is a *FileError for
// which errors.Is(err, fs.ErrNotExist) holds.
func (m *Manager) relation(rf page.RelFile) (*relation, error) {
	if r := m.cachedRelation(rf); r != nil {
		return r, nil
	}
	if m.closed.Load() {
		return nil, ErrClosed
	}
	m.rels.Lock()
	defer m.rels.Unlock()
	if r := m.rels.byFile[rf]; r != nil {
		return r, nil
	}
	r, err := m.loadRelation(rf)
	if err != nil {
		return nil, err
	}
	m.rels.byFile[rf] = r
	return r, nil
}

// loadRelation finds the segments of a fork and mends what a crash may have left: a last page of which only a part
// is in the file (such a page was never synced, redo builds it again), and segments that are too short although a
// later one has pages (by S6; only the tail of unsynced writes can be missing, and it reads as new pages).
func (m *Manager) loadRelation(rf page.RelFile) (*relation, error) {
	var sizes []int64
	for {
		s := segment{RelFile: rf, number: len(sizes)}
		info, err := m.fs.Stat(m.path(s))
		if errors.Is(err, fs.ErrNotExist) && len(sizes) > 0 {
			break
		}
		if err != nil {
			return nil, fileError("open", m.path(s), err)
		}
		sizes = append(sizes, info.Size)
	}
	last := len(sizes) - 1
	for last > 0 && sizes[last] < page.Size {
		last-- // created ahead by a reservation, never written
	}
	full := int64(m.opts.SegmentBlocks) * page.Size
	for i := range last {
		if sizes[i] == full {
			continue
		}
		if err := m.resize(segment{RelFile: rf, number: i}, full); err != nil {
			return nil, err
		}
	}
	for i := last; i < len(sizes); i++ {
		if whole := sizes[i] / page.Size * page.Size; whole != sizes[i] {
			if err := m.resize(segment{RelFile: rf, number: i}, whole); err != nil {
				return nil, err
			}
		}
	}
	r := &relation{RelFile: rf, segments: len(sizes)}
	blocks := int64(last)*int64(m.opts.SegmentBlocks) + sizes[last]/page.Size
	if blocks > int64(page.InvalidBlock) {
		return nil, fileError("open", m.path(segment{RelFile: rf}), errors.New("more blocks than a relation can have"))
	}
	r.blocks.Store(uint32(blocks))
	r.reserved = page.BlockNumber(blocks)
	return r, nil
}

// resize sets the size of a segment file and syncs it at once, so that no later crash can bring the old size back
// under new pages.
func (m *Manager) resize(s segment, size int64) error {
	f, err := m.openFile(s, 0)
	if err != nil {
		return err
	}
	defer m.cache.release(f)
	m.cache.markDirty(f)
	if err := f.file.Truncate(size); err != nil {
		return fileError("truncate", f.name, err)
	}
	return m.syncFile(f)
}

// NBlocks returns the number of blocks in the fork's files.
func (m *Manager) NBlocks(rf page.RelFile) (page.BlockNumber, error) {
	r, err := m.relation(rf)
	if err != nil {
		return 0, err
	}
	return page.BlockNumber(r.blocks.Load()), nil
}

// ensureSegment makes segment number ready for writing.
func (m *Manager) ensureSegment(r *relation, number int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return m.ensureSegmentLocked(r, number, true)
}

// ensureSegmentLocked creates the segment and those before it, each of which gets its full size (by S6) if fill is set.
// A reservation does not fill: it must not change the length of the fork.
//
// Holds: r.mu.
func (m *Manager) ensureSegmentLocked(r *relation, number int, fill bool) error {
	if fill {
		full := int64(m.opts.SegmentBlocks) * page.Size
		for i := int(r.blocks.Load()) / m.opts.SegmentBlocks; i < number; i++ {
			if err := m.createSegmentLocked(r, i); err != nil {
				return err
			}
			if err := m.resize(segment{RelFile: r.RelFile, number: i}, full); err != nil {
				return err
			}
		}
	}
	for i := r.segments; i <= number; i++ {
		if err := m.createSegmentLocked(r, i); err != nil {
			return err
		}
	}
	return nil
}

// createSegmentLocked creates segment number if it is the next one. The directory is synced at once: a later segment
// must not survive a crash that this one does not.
func (m *Manager) createSegmentLocked(r *relation, number int) error {
	if number < r.segments {
		return nil
	}
	f, err := m.openFile(segment{RelFile: r.RelFile, number: number}, os.O_CREATE)
	if err != nil {
		return err
	}
	m.cache.release(f)
	if err := m.syncBaseDir(); err != nil {
		return err
	}
	r.segments = number + 1
	return nil
}

// Reserve makes sure that writing blocks below upTo does not run out of disk space. The length stays as it is.
// Space is taken in steps that grow with the fork; if a step does not fit, exactly what was asked for is tried.
func (m *Manager) Reserve(rf page.RelFile, upTo page.BlockNumber) error {
	if err := m.usable(); err != nil {
		return err
	}
	r, err := m.relation(rf)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if upTo <= r.reserved {
		return nil
	}
	step := min(max(r.reserved/8, minReserveBlocks), maxReserveBlocks)
	if ahead := r.reserved + step; ahead > upTo && m.reserveLocked(r, ahead) == nil {
		return nil
	}
	return m.reserveLocked(r, upTo)
}

// A reservation takes at least 128 KiB and at most 8 MiB at a time.
const (
	minReserveBlocks = 16
	maxReserveBlocks = 1024
)

func (m *Manager) reserveLocked(r *relation, upTo page.BlockNumber) error {
	per := page.BlockNumber(m.opts.SegmentBlocks)
	for from := r.reserved; from < upTo; {
		end := min(upTo, (from/per+1)*per)
		if err := m.ensureSegmentLocked(r, int(from/per), false); err != nil {
			return err
		}
		if err := m.reserveIn(segment{RelFile: r.RelFile, number: int(from / per)}, int64(from%per), int64(end-from)); err != nil {
			return err
		}
		r.reserved, from = end, end
	}
	return nil
}

func (m *Manager) reserveIn(s segment, block, count int64) error {
	f, err := m.openFile(s, 0)
	if err != nil {
		return err
	}
	defer m.cache.release(f)
	return fileError("reserve space in", f.name, f.file.Reserve(block*page.Size, count*page.Size))
}

// segmentExists reports whether the segment has a file.
func (m *Manager) segmentExists(s segment) (bool, error) {
	_, err := m.fs.Stat(m.path(s))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, fileError("open", m.path(s), err)
}

func relationNumbers(names []string) []page.RelFileNumber {
	var rels []page.RelFileNumber
	for _, name := range names {
		if s, ok := parseFileName(name); ok {
			rels = append(rels, s.Rel)
		}
	}
	slices.Sort(rels)
	return slices.Compact(rels)
}

// beyondEnd is the error of reading a block that the fork does not have.
func beyondEnd(tag page.Tag, blocks uint32) error {
	return fmt.Errorf("read page %v: %w of %d blocks", tag, ErrBeyondEnd, blocks)
}
