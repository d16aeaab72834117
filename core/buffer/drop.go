package buffer

import (
	"time"

	"github.com/quiredb/quire/core/page"
)

// DropRelation forgets all pages of a relation without writing them. The caller keeps others away from the relation and
// removes the files afterwards. Pages that are still pinned are waited for up to Config.PinWait; then it is an
// *InUseError, and nothing was forgotten.
func (p *Pool) DropRelation(rel page.RelFileNumber) error {
	err := p.discard(func(tag page.Tag) bool { return tag.Rel == rel })
	if err != nil {
		return err
	}
	p.rels.Lock()
	for fork := range page.ForkNumber(numForks) {
		delete(p.rels.byFile, page.RelFile{Rel: rel, Fork: fork})
	}
	p.rels.Unlock()
	p.arenas.Lock()
	delete(p.arenas.ofRel, rel)
	p.arenas.Unlock()
	return nil
}

// TruncateRelation forgets the pages of a fork from block n on, without writing them, and makes n its Length. As with
// DropRelation, the file is the caller's business: storage's Truncate gives it the same length.
func (p *Pool) TruncateRelation(rf page.RelFile, n page.BlockNumber) error {
	r, err := p.relation(rf)
	if err != nil {
		return err
	}
	if err := p.discard(func(tag page.Tag) bool { return tag.RelFile == rf && tag.Block >= n }); err != nil {
		return err
	}
	r.setLength(n)
	return nil
}

// discard makes the frames free whose tag matches. It waits for all pins before it forgets the first page.
func (p *Pool) discard(match func(page.Tag) bool) error {
	w := discarder{pool: p, match: match}
	if err := w.each(func(b *Buffer) bool { return b.pins.Load() == 0 }); err != nil {
		return err
	}
	return w.each(p.discardFrame)
}

// discarder is one discard under way.
type discarder struct {
	pool    *Pool
	match   func(page.Tag) bool
	timeout <-chan time.Time // set by the first wait, for all of them
}

// each calls done for every matching frame until it returns true, and waits for an Unpin before it calls again.
func (d *discarder) each(done func(*Buffer) bool) error {
	for _, a := range d.pool.allArenas() {
		for i := range a.frames {
			b := &a.frames[i]
			for {
				tag, used := b.currentTag()
				if !used || !d.match(tag) || done(b) {
					break
				}
				if d.timeout == nil {
					d.timeout = d.pool.cfg.After(d.pool.cfg.PinWait)
				}
				if err := waitUnpinned(b, tag, d.timeout); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// discardFrame makes the frame free and reports whether it no longer holds its block.
func (p *Pool) discardFrame(b *Buffer) bool {
	if p.unmap(b, func() bool { return true }) {
		b.arena.put(b)
		return true
	}
	return b.pins.Load() == 0 && b.state.Load() == stateFailed
}

// waitUnpinned waits until the frame has no pin or another block.
func waitUnpinned(b *Buffer, tag page.Tag, timeout <-chan time.Time) error {
	woken := b.arena.waiters.join()
	defer b.arena.waiters.leave()
	now, used := b.currentTag()
	pins := b.pins.Load()
	if !used || now != tag || pins == 0 {
		return nil
	}
	select {
	case <-woken:
		return nil
	case <-timeout:
		return &InUseError{Tag: tag, Pins: int(pins)}
	}
}
