package storage

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"

	"github.com/quiredb/quire/core/page"
)

// recoverDoubleWrite brings the relation files to a state in which no block is torn, and durably so:
//
//  1. Find the complete batches, and of those the ones still needed, which the newest one tells.
//  2. For every block that they name, read the block. If it does not verify, write the newest copy. If it does, write
//     it back as it is: the process may have died without a power loss, or of a failed fsync, and then the block may be
//     whole in the kernel's cache and torn on the disk. A block beyond the end or of a missing file needs nothing: it was
//     never synced, so the log has all of it, or it was cut off.
//  3. Sync these files and the directory, with their sizes and names: a truncation or removal that is only in the cache
//     must not be undone by a later crash, when the copies are gone. Nothing in the area is needed any more, but it stays as it is, so a crash anywhere here repeats it.
//
// A block that verifies but is older than the copy stays old: redo brings it forward from the log. The batches
// themselves need no such care: one that is not on the disk was not applied (S2).
func (m *Manager) recoverDoubleWrite() error {
	needed, err := m.scanBatches()
	if err != nil {
		return err
	}
	if err := m.prepareArea(); err != nil {
		return err
	}
	repaired, err := m.restorePages(newestCopies(needed))
	if err != nil {
		return err
	}
	if n := len(needed); n > 0 {
		m.ring.next = needed[n-1].seq + 1
		m.ring.head = needed[n-1].off + int64(len(needed[n-1].bytes))
	}
	m.progress.done = m.ring.next - 1
	m.dirDirty.Store(true)
	if err := m.Sync(); err != nil {
		return err
	}
	m.counters.repaired.Store(int64(repaired))
	if repaired > 0 {
		m.opts.Log.Warn().Int("pages", repaired).Int("batches", len(needed)).Msg("restored torn pages from the double-write area")
	}
	return nil
}

// scanBatches returns the needed batches in ascending order, the newest last even if it is only a mark.
func (m *Manager) scanBatches() ([]*batch, error) {
	size, err := m.ring.file.Size()
	if err != nil {
		return nil, fileError("read", m.ring.name, err)
	}
	bytes := make([]byte, size)
	if n, err := m.ring.file.ReadAt(bytes, 0); err != nil && !(errors.Is(err, io.EOF) && n == len(bytes)) {
		return nil, fileError("read", m.ring.name, err)
	}
	var found []*batch
	for off := int64(0); off < size; off += batchAlign {
		b, err := decodeBatch(bytes, off)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", m.ring.name, err)
		}
		if b != nil {
			found = append(found, b)
		}
	}
	slices.SortFunc(found, func(a, b *batch) int { return cmp.Compare(a.seq, b.seq) })
	if len(found) == 0 {
		return nil, nil
	}
	newest := found[len(found)-1]
	first, _ := slices.BinarySearchFunc(found, min(newest.oldest, newest.seq), func(b *batch, seq uint64) int {
		return cmp.Compare(b.seq, seq)
	})
	return found[first:], nil
}

// prepareArea makes sure that the area has a name and its space.
func (m *Manager) prepareArea() error {
	if err := m.ring.file.Reserve(0, m.ring.size); err != nil {
		return fileError("reserve space in", m.ring.name, err)
	}
	if err := m.ring.file.Sync(); err != nil {
		return m.halt(m.ring.name, err)
	}
	if err := m.fs.SyncDir(m.dir); err != nil {
		return m.halt(m.dir, err)
	}
	return nil
}

// newestCopies returns the newest copy of each block.
func newestCopies(batches []*batch) map[page.Tag]page.Page {
	newest := make(map[page.Tag]page.Page)
	for _, b := range batches {
		for i, tag := range b.tags {
			newest[tag] = b.page(i)
		}
	}
	return newest
}

func (m *Manager) restorePages(copies map[page.Tag]page.Page) (repaired int, err error) {
	tags := slices.SortedFunc(maps.Keys(copies), compareTags)
	for _, tag := range tags {
		torn, err := m.restorePage(tag, copies[tag])
		if err != nil {
			return repaired, err
		}
		if torn {
			repaired++
		}
	}
	return repaired, nil
}

// restorePage writes one block as step 2 says and reports whether it was torn.
func (m *Manager) restorePage(tag page.Tag, saved page.Page) (torn bool, err error) {
	r, err := m.relation(tag.RelFile)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // dropped, or its creation did not survive: redo knows
	}
	if err != nil {
		return false, err
	}
	s, block := m.locate(tag)
	f, err := m.openFile(s, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer m.cache.release(f)
	m.cache.markDirty(f)
	if uint32(tag.Block) >= r.blocks.Load() {
		return false, nil
	}
	inPlace := page.New()
	if _, err := f.file.ReadAt(inPlace, block*page.Size); err != nil {
		return false, fileError("read", f.name, err)
	}
	good := inPlace
	if inPlace.Verify(tag) != nil {
		good, torn = saved, true
	}
	if _, err := f.file.WriteAt(good, block*page.Size); err != nil {
		return false, fileError("write", f.name, err)
	}
	return torn, nil
}

func compareTags(a, b page.Tag) int {
	return cmp.Or(cmp.Compare(a.Rel, b.Rel), cmp.Compare(a.Fork, b.Fork), cmp.Compare(a.Block, b.Block))
}
