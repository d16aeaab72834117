package storage

import (
	"errors"
	"io/fs"

	"github.com/quiredb/quire/core/page"
)

// Drop removes all files of a relation. One that has none is not an error. The files are gone for good after the next
// Sync; until then a crash may bring them back, and redo drops them again.
func (m *Manager) Drop(rel page.RelFileNumber) error {
	m.writer.Lock()
	defer m.writer.Unlock()
	if err := m.usable(); err != nil {
		return err
	}
	for fork := range page.ForkNumber(page.NumForks) {
		if err := m.dropFork(page.RelFile{Rel: rel, Fork: fork}); err != nil {
			return err
		}
	}
	return nil
}

// dropFork removes the segments from the last to the first, so that what a crash leaves is a shorter fork.
func (m *Manager) dropFork(rf page.RelFile) error {
	m.forgetUnsettled(rf, 0)
	m.rels.Lock()
	delete(m.rels.byFile, rf)
	m.rels.Unlock()
	count := 0
	for {
		ok, err := m.segmentExists(segment{RelFile: rf, number: count})
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		count++
	}
	for n := count - 1; n >= 0; n-- {
		if err := m.removeSegment(segment{RelFile: rf, number: n}); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manager) removeSegment(s segment) error {
	m.cache.doom(s)
	m.dirDirty.Store(true)
	if err := m.fs.Remove(m.path(s)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fileError("remove", m.path(s), err)
	}
	return nil
}

// forgetUnsettled drops the pages of blocks from first on that wait to be written again.
func (m *Manager) forgetUnsettled(rf page.RelFile, first page.BlockNumber) {
	m.progress.Lock()
	defer m.progress.Unlock()
	for tag := range m.progress.unsettled {
		if tag.RelFile == rf && tag.Block >= first {
			delete(m.progress.unsettled, tag)
		}
	}
}

// Truncate sets the length of a fork to n blocks. A shorter one grows by new pages, so that the length after it does not
// depend on which pages had been written before. The length is durable when it returns: otherwise a crash could bring old
// blocks back under a hole that was made later.
func (m *Manager) Truncate(rf page.RelFile, n page.BlockNumber) error {
	m.writer.Lock()
	defer m.writer.Unlock()
	if err := m.usable(); err != nil {
		return err
	}
	r, err := m.relation(rf)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	m.forgetUnsettled(rf, n)
	keep := min(n, page.BlockNumber(r.blocks.Load()))
	r.blocks.Store(uint32(keep))
	r.reserved = min(r.reserved, keep)
	if err := m.truncateSegmentsLocked(r, keep); err != nil {
		return err
	}
	if n == keep {
		return nil
	}
	return m.growLocked(r, n)
}

// growLocked extends the fork to n blocks by a hole.
//
// Holds: m.writer, r.mu.
func (m *Manager) growLocked(r *relation, n page.BlockNumber) error {
	last := int(n-1) / m.opts.SegmentBlocks
	if err := m.ensureSegmentLocked(r, last, true); err != nil {
		return err
	}
	size := int64(int(n)-last*m.opts.SegmentBlocks) * page.Size
	if err := m.resize(segment{RelFile: r.RelFile, number: last}, size); err != nil {
		return err
	}
	r.blocks.Store(uint32(n))
	return nil
}

// truncateSegmentsLocked removes the segments after the one where block n would be, and shortens that one. Segment 0
// stays, it is the fork's existence.
func (m *Manager) truncateSegmentsLocked(r *relation, n page.BlockNumber) error {
	keep := int(n) / m.opts.SegmentBlocks
	before := r.segments
	for number := r.segments - 1; number > keep; number-- {
		if err := m.removeSegment(segment{RelFile: r.RelFile, number: number}); err != nil {
			return err
		}
		r.segments = number
	}
	if r.segments < before {
		if err := m.syncBaseDir(); err != nil {
			return err
		}
	}
	if r.segments <= keep {
		return nil
	}
	return m.resize(segment{RelFile: r.RelFile, number: keep}, int64(int(n)%m.opts.SegmentBlocks)*page.Size)
}
