package storage

import (
	"sync"

	"github.com/quiredb/quire/core/invariant"
	"github.com/quiredb/quire/core/page"
)

// A PageWrite is one sealed page and its place. The bytes are read until Write returns.
type PageWrite struct {
	Tag  page.Tag
	Page page.Page
}

// writeQueue holds the requests that wait for the writer. Whoever gets the writer lock serves several at once, so that
// small evictions of many sessions share one fsync of the double-write area.
type writeQueue struct {
	sync.Mutex
	waiting []*writeRequest
}

type writeRequest struct {
	pages []PageWrite

	// Guarded by Manager.writer.
	done bool
	err  error
}

// A job is one page of a batch and the request it came with.
type job struct {
	PageWrite
	req *writeRequest
}

func (q *writeQueue) push(r *writeRequest) {
	q.Lock()
	q.waiting = append(q.waiting, r)
	q.Unlock()
}

// take removes requests from the front: at least one, and more while their pages together fit in one batch.
func (q *writeQueue) take(limit int) []*writeRequest {
	q.Lock()
	defer q.Unlock()
	n, pages := 0, 0
	for n < len(q.waiting) && (n == 0 || pages+len(q.waiting[n].pages) <= limit) {
		pages += len(q.waiting[n].pages)
		n++
	}
	taken := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	if len(q.waiting) == 0 {
		q.waiting = nil
	}
	return taken
}

// Write stores pages atomically, each for itself: after a crash a block is as it was or as it is here. When it returns,
// the pages are in their files but not synced. After an error some pages may be written; the caller keeps all of them and
// writes them again. Several pages of one block are written in the order given.
func (m *Manager) Write(pages []PageWrite) error {
	if len(pages) == 0 {
		return nil
	}
	for i := range pages {
		if err := m.verifyBeforeWrite(&pages[i]); err != nil {
			return err
		}
	}
	req := &writeRequest{pages: pages}
	m.queue.push(req)
	m.writer.Lock()
	defer m.writer.Unlock()
	for !req.done {
		m.serve(m.queue.take(m.ring.maxPages))
	}
	return req.err
}

func (m *Manager) verifyBeforeWrite(w *PageWrite) error {
	err := w.Page.Verify(w.Tag)
	if err == nil {
		return nil
	}
	s, block := m.locate(w.Tag)
	m.opts.Log.Error().Stringer("page", w.Tag).Err(err).Msg("page damaged in memory, not written")
	return &CorruptPageError{Tag: w.Tag, File: m.path(s), Block: block, InMemory: true, Err: err}
}

// serve writes the pages of the requests in batches and marks the requests as done.
//
// Holds: m.writer.
func (m *Manager) serve(reqs []*writeRequest) {
	var jobs []job
	for _, r := range reqs {
		for _, p := range r.pages {
			jobs = append(jobs, job{p, r})
		}
	}
	for len(jobs) > 0 {
		n := min(len(jobs), m.ring.maxPages)
		m.writeBatch(jobs[:n])
		jobs = jobs[n:]
	}
	for _, r := range reqs {
		r.done = true
	}
}

// writeBatch makes the jobs durable in the double-write area and then writes them in place (by S2). Errors go to the
// requests; a request that has one already is passed over.
func (m *Manager) writeBatch(jobs []job) {
	live := jobs[:0:0]
	for _, j := range jobs {
		if j.req.err == nil {
			j.req.err = m.checkWritable(j.Tag)
		}
		if j.req.err == nil {
			live = append(live, j)
		}
	}
	if len(live) == 0 {
		return
	}
	batch, err := m.logBatch(live)
	if err != nil {
		for _, j := range live {
			j.req.err = err
		}
		return
	}
	for from := 0; from < len(live); {
		to := from + 1
		for to < len(live) && m.adjacent(live[to-1].Tag, live[to].Tag) {
			to++
		}
		m.writeRun(live[from:to], m.ring.pages(from, to), batch)
		from = to
	}
	m.progress.Lock()
	m.progress.done = batch
	m.progress.Unlock()
	m.counters.batches.Add(1)
	m.counters.pages.Add(int64(len(live)))
}

// checkWritable refuses what cannot be written in place before it reaches the double-write area.
func (m *Manager) checkWritable(tag page.Tag) error {
	if err := m.usable(); err != nil {
		return err
	}
	_, err := m.relation(tag.RelFile)
	return err
}

// adjacent reports whether b follows a in the same file, so that one write serves both.
func (m *Manager) adjacent(a, b page.Tag) bool {
	return a.RelFile == b.RelFile && a.Block+1 == b.Block && int(b.Block)%m.opts.SegmentBlocks != 0
}

// writeRun writes neighbouring blocks with one call.
func (m *Manager) writeRun(run []job, bytes []byte, batch uint64) {
	err := m.writeInPlace(run[0].Tag, bytes)
	m.progress.Lock()
	defer m.progress.Unlock()
	for i, j := range run {
		if err == nil {
			delete(m.progress.unsettled, j.Tag)
			continue
		}
		j.req.err = err
		copied := append(page.Page(nil), bytes[i*page.Size:(i+1)*page.Size]...)
		m.progress.unsettled[j.Tag] = unsettledPage{batch: batch, page: copied}
	}
}

// writeInPlace writes the pages of neighbouring blocks of one segment, the first at tag.
//
// Holds: m.writer.
func (m *Manager) writeInPlace(tag page.Tag, bytes []byte) error {
	r, err := m.relation(tag.RelFile)
	if err != nil {
		return err
	}
	s, block := m.locate(tag)
	if s.number > 0 {
		if err := m.ensureSegment(r, s.number); err != nil {
			return err
		}
	}
	f, err := m.openFile(s, 0)
	if err != nil {
		return err
	}
	defer m.cache.release(f)
	m.cache.markDirty(f)
	if _, err := f.file.WriteAt(bytes, block*page.Size); err != nil {
		return fileError("write", f.name, err)
	}
	if end := uint32(tag.Block) + uint32(len(bytes)/page.Size); end > r.blocks.Load() {
		r.blocks.Store(end)
	}
	return nil
}

// logBatch writes the jobs to the double-write area and syncs it. If the space that comes next is still needed, the
// relation files are synced first (by S3), which frees all of it.
func (m *Manager) logBatch(jobs []job) (uint64, error) {
	if !m.ring.hasRoom(len(jobs)) {
		if err := m.settle(); err != nil {
			return 0, err
		}
		m.ring.forget(m.progress.oldestNeeded())
		invariant.That(m.ring.hasRoom(len(jobs)), "double-write area has no room for %d pages after a sync", len(jobs))
	}
	seq, err := m.ring.write(jobs, m.progress.oldestNeeded())
	if err != nil {
		return 0, err
	}
	if err := m.ring.file.Sync(); err != nil {
		return 0, m.halt(m.ring.name, err)
	}
	return seq, nil
}

// settle makes every batch unnecessary: pages that could not be written in place are tried again, then the files are
// synced.
//
// Holds: m.writer.
func (m *Manager) settle() error {
	if err := m.usable(); err != nil {
		return err
	}
	m.progress.Lock()
	unsettled := make(map[page.Tag]page.Page, len(m.progress.unsettled))
	for tag, u := range m.progress.unsettled {
		unsettled[tag] = u.page
	}
	m.progress.Unlock()
	for tag, p := range unsettled {
		if err := m.writeInPlace(tag, p); err != nil {
			return err
		}
		m.progress.Lock()
		delete(m.progress.unsettled, tag)
		m.progress.Unlock()
	}
	return m.Sync()
}
