package pgstat

import "sync/atomic"

// Pending is what a session has counted of one relation and not yet shared.
type Pending struct {
	session *Session
	shared  *entry
	touched bool

	scans, returned, fetched int64
	hot                      int64

	levels []level // changes that savepoints may yet undo, outermost first
	// What is settled:
	tried               rows
	truncated           bool
	live, dead, changed int64 // differences
}

// rows are numbers of rows.
type rows struct{ inserted, updated, deleted int64 }

func (r *rows) add(o rows) {
	r.inserted += o.inserted
	r.updated += o.updated
	r.deleted += o.deleted
}

// level is what was changed within one savepoint.
type level struct {
	depth int // of the savepoint, 0 for the transaction itself
	rows
	truncated bool
	before    rows // of the TRUNCATE
}

// void returns what was tried, whether or not a TRUNCATE then made it void.
func (l *level) void() rows {
	if l.truncated {
		return l.before
	}
	return l.rows
}

// truncate notes that what was changed so far is gone.
func (l *level) truncate() {
	if !l.truncated {
		l.truncated, l.before = true, l.rows
	}
}

// Scanned counts n scans of a table or searches of an index.
func (p *Pending) Scanned(n int64) {
	if p != nil {
		p.scans += n
	}
}

// Returned counts rows of a sequential scan or entries of an index.
func (p *Pending) Returned(n int64) {
	if p != nil {
		p.returned += n
	}
}

// Fetched counts rows that were read by way of an index: on the index, or on the table if a bitmap lay between.
func (p *Pending) Fetched(n int64) {
	if p != nil {
		p.fetched += n
	}
}

// Inserted counts rows put into the heap.
func (p *Pending) Inserted(n int64) {
	if p != nil {
		p.innermost().inserted += n
	}
}

// Updated counts a row that was replaced; hot says that the new version is a heap-only one.
func (p *Pending) Updated(hot bool) {
	if p == nil {
		return
	}
	p.innermost().updated++
	if hot {
		p.hot++
	}
}

// Deleted counts a row that was deleted.
func (p *Pending) Deleted() {
	if p != nil {
		p.innermost().deleted++
	}
}

// Pruned counts dead versions that were taken off a page by the way.
func (p *Pending) Pruned(n int64) {
	if p != nil {
		p.dead -= n
	}
}

// Truncated says that the table was emptied.
func (p *Pending) Truncated() {
	if p != nil {
		l := p.innermost()
		l.truncate()
		l.rows = rows{}
	}
}

// Vacuumed shares what a VACUUM of the table found, at once.
func (p *Pending) Vacuumed(live, dead int64) {
	if p != nil {
		p.shared.vacuumed(p.session.store.clock(), live, dead)
	}
}

// Analyzed shares what an ANALYZE of the table found, at once; all says that it was of every column. What the transaction itself has
// changed will be added at its end and is left out here.
func (p *Pending) Analyzed(live, dead int64, all bool) {
	if p == nil {
		return
	}
	for i := range p.levels {
		l := &p.levels[i]
		live -= l.inserted - l.deleted
		dead -= l.updated + l.deleted
	}
	p.shared.analyzed(p.session.store.clock(), live, dead-p.dead, all)
}

// innermost returns the counters of the innermost savepoint.
func (p *Pending) innermost() *level {
	if n := len(p.levels); n == 0 || p.levels[n-1].depth != p.session.level {
		p.levels = append(p.levels, level{depth: p.session.level})
	}
	return &p.levels[len(p.levels)-1]
}

// release moves what was counted at a depth or further in to the one around it.
func (p *Pending) release(depth int) {
	for n := len(p.levels); n > 0 && p.levels[n-1].depth >= depth; n = len(p.levels) {
		if n == 1 || p.levels[n-2].depth < depth-1 {
			p.levels[n-1].depth = depth - 1
			return
		}
		p.merge()
	}
}

// merge adds the innermost level to the one before it.
func (p *Pending) merge() {
	n := len(p.levels)
	upper, l := &p.levels[n-2], &p.levels[n-1]
	if l.truncated {
		upper.truncate()
		upper.rows = l.rows
	} else {
		upper.rows.add(l.rows)
	}
	p.levels = p.levels[:n-1]
}

// rollback settles what was counted at a depth or further in.
func (p *Pending) rollback(depth int) {
	for n := len(p.levels); n > 0 && p.levels[n-1].depth >= depth; n = len(p.levels) {
		v := p.levels[n-1].void()
		p.tried.add(v)
		p.dead += v.inserted + v.updated
		p.levels = p.levels[:n-1]
	}
}

// end settles everything by the transaction's outcome.
func (p *Pending) end(committed bool) {
	if !committed {
		p.rollback(0)
	}
	for len(p.levels) > 1 {
		p.merge()
	}
	if len(p.levels) == 0 {
		return
	}
	l := p.levels[0]
	p.levels = p.levels[:0]
	p.tried.add(l.rows)
	if p.truncated = l.truncated; p.truncated {
		p.live, p.dead = 0, 0
	}
	p.live += l.inserted - l.deleted
	p.dead += l.updated + l.deleted
	p.changed += l.inserted + l.updated + l.deleted
}

// share adds what is settled to the shared counters and begins anew.
func (p *Pending) share() {
	e := p.shared
	addTo(&e.scans, p.scans)
	addTo(&e.returned, p.returned)
	addTo(&e.fetched, p.fetched)
	if p.tried != (rows{}) || p.truncated || p.dead != 0 {
		e.mu.Lock()
		c := &e.changes
		c.Inserted += p.tried.inserted
		c.Updated += p.tried.updated
		c.Deleted += p.tried.deleted
		c.HotUpdated += p.hot
		if p.truncated {
			c.Live, c.Dead, c.InsertedSinceVacuum = 0, 0, 0
		}
		c.Live = max(c.Live+p.live, 0)
		c.Dead = max(c.Dead+p.dead, 0)
		c.SinceAnalyze += p.changed
		c.InsertedSinceVacuum += p.tried.inserted
		e.mu.Unlock()
	}
	*p = Pending{session: p.session, shared: e, levels: p.levels}
}

// addTo keeps off the cache line of a counter that stays as it is.
func addTo(a *atomic.Int64, n int64) {
	if n != 0 {
		a.Add(n)
	}
}
