package storage

import (
	"path/filepath"
	"sync"

	"github.com/quiredb/quire/core/page"
)

// progress tells which batches are still needed to repair a torn page.
type progress struct {
	sync.Mutex
	done      uint64 // every batch up to this one was written in place, except the unsettled pages
	oldest    uint64 // batches before this one are not needed: their pages are synced in place
	unsettled map[page.Tag]unsettledPage
}

// An unsettledPage is in a durable batch, but writing it in place did not work, so the block may be torn. It is tried
// again before the batch's space is used again.
type unsettledPage struct {
	batch uint64
	page  page.Page // a copy
}

// floor returns the oldest batch that would still be needed if everything written in place so far were synced now.
func (p *progress) floor() uint64 {
	p.Lock()
	defer p.Unlock()
	floor := p.done + 1
	for _, u := range p.unsettled {
		floor = min(floor, u.batch)
	}
	return floor
}

func (p *progress) advance(floor uint64) {
	p.Lock()
	defer p.Unlock()
	p.oldest = max(p.oldest, floor)
}

func (p *progress) oldestNeeded() uint64 {
	p.Lock()
	defer p.Unlock()
	return p.oldest
}

// Sync makes durable what was written, created, truncated and dropped before the call.
func (m *Manager) Sync() error {
	m.syncing.Lock()
	defer m.syncing.Unlock()
	if err := m.usable(); err != nil {
		return err
	}
	floor := m.progress.floor() // before the dirty files are taken: their writes are among them
	if m.dirDirty.Swap(false) {
		if err := m.syncBaseDir(); err != nil {
			return err
		}
	}
	var failed error
	for _, f := range m.cache.takeDirty() {
		if failed == nil {
			failed = m.fsync(f)
		}
		m.cache.release(f)
	}
	if failed != nil {
		return failed
	}
	m.progress.advance(floor)
	return nil
}

// syncFile syncs one file now. The file stays marked as dirty, so that a concurrent Sync does not rely on this one.
func (m *Manager) syncFile(f *openFile) error {
	m.syncing.Lock()
	defer m.syncing.Unlock()
	if err := m.usable(); err != nil {
		return err
	}
	return m.fsync(f)
}

// syncBaseDir makes the names of the relation files durable.
func (m *Manager) syncBaseDir() error {
	base := filepath.Join(m.dir, baseDir)
	if err := m.fs.SyncDir(base); err != nil {
		return m.halt(base, err)
	}
	return nil
}

// fsync is the only place that syncs a relation file.
//
// Holds: m.syncing.
func (m *Manager) fsync(f *openFile) error {
	m.counters.syncs.Add(1)
	if err := f.file.Sync(); err != nil {
		return m.halt(f.name, err)
	}
	return nil
}
