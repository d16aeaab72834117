package buffer

import (
	"errors"
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/storage"
)

// pinMode says what to do with a block that is not in its file.
type pinMode uint8

const (
	pinExisting pinMode = iota
	pinNew
	pinRedo
)

// Pin returns the block with a pin, reading and verifying it if it is in no frame. A block below the relation's Length that
// was never written is a page of zeros; one beyond is ErrBeyondEnd.
func (p *Pool) Pin(tag page.Tag) (*Buffer, error) {
	if tag.Fork >= numForks {
		return nil, unknownFork(tag)
	}
	part, key := p.table.partition(tag)
	part.mu.RLock()
	b := part.frames[key]
	if b == nil {
		part.mu.RUnlock()
		return p.pinSlow(tag, pinExisting)
	}
	b.pins.Add(1)
	part.mu.RUnlock()
	if b.state.Load() != stateReady {
		return p.await(b, tag, pinExisting)
	}
	part.hits.Add(1)
	b.touch()
	return b, nil
}

// PinNew is Pin for a block that was reserved or that will be replaced whole: a block that is not in its file is a page
// of zeros, and so is one that is there but does not verify.
func (p *Pool) PinNew(tag page.Tag) (*Buffer, error) { return p.pinAny(tag, pinNew) }

// PinForRedo is Pin with a page of zeros for a block beyond the end. The file itself must exist: a relation without one is
// a *storage.FileError for which errors.Is(err, fs.ErrNotExist) holds.
func (p *Pool) PinForRedo(tag page.Tag) (*Buffer, error) { return p.pinAny(tag, pinRedo) }

func (p *Pool) pinAny(tag page.Tag, mode pinMode) (*Buffer, error) {
	if tag.Fork >= numForks {
		return nil, unknownFork(tag)
	}
	if b := p.table.lookup(tag); b != nil {
		return p.await(b, tag, mode)
	}
	return p.pinSlow(tag, mode)
}

func unknownFork(tag page.Tag) error {
	return fmt.Errorf("page %v: there is no fork %d", tag, tag.Fork)
}

// await returns a frame that was found pinned in the table, after its load.
func (p *Pool) await(b *Buffer, tag page.Tag, mode pinMode) (*Buffer, error) {
	if b.state.Load() == stateLoading {
		<-b.loaded
	}
	failed := b.state.Load() == stateFailed
	if !failed && (b.state.Load() == stateReady || b.loadErr == nil || mode == pinNew) {
		part, _ := p.table.partition(tag)
		part.hits.Add(1)
		b.touch()
		return b, nil
	}
	err := b.loadErr
	b.Unpin()
	if failed && mode != pinExisting {
		return p.pinSlow(tag, mode) // it failed for somebody with less modest wishes
	}
	return nil, err
}

// pinSlow loads the block into a frame of its own, or joins whoever is faster.
func (p *Pool) pinSlow(tag page.Tag, mode pinMode) (*Buffer, error) {
	if p.closed.Load() {
		return nil, ErrClosed
	}
	rel, err := p.relation(tag.RelFile)
	if err != nil {
		return nil, err
	}
	if mode == pinExisting && tag.Block >= rel.Length() && p.table.absent(tag) {
		return nil, beyondEnd(tag, rel.Length())
	}
	a, err := p.arenaOf(rel)
	if err != nil {
		return nil, err
	}
	b, err := p.take(a)
	if err != nil {
		return nil, fmt.Errorf("read page %v: %w", tag, err)
	}
	part, key := p.table.partition(tag)
	part.mu.Lock()
	if other := part.frames[key]; other != nil {
		other.pins.Add(1)
		part.mu.Unlock()
		a.put(b)
		return p.await(other, tag, mode)
	}
	b.begin(tag, rel)
	part.frames[key] = b
	part.mu.Unlock()

	state, err := p.fill(b, mode)
	if err != nil {
		part.mu.Lock()
		delete(part.frames, key)
		part.mu.Unlock()
		b.loadErr = err
		b.publish(stateFailed)
		b.Unpin()
		return nil, err
	}
	b.publish(state)
	return b, nil
}

// fill puts the block's bytes into a frame that is loading, and returns the state it gets.
func (p *Pool) fill(b *Buffer, mode pinMode) (uint32, error) {
	onDisk, err := p.cfg.Storage.NBlocks(b.tag.RelFile)
	if err != nil {
		return 0, err
	}
	switch {
	case b.tag.Block < onDisk:
		p.counters.reads.Add(1)
		err := p.cfg.Storage.Read(b.tag, b.bytes)
		var corrupt *storage.CorruptPageError
		if mode == pinNew && errors.As(err, &corrupt) {
			clear(b.bytes)
			b.loadErr = err // for those who want the page as it is
			return stateFresh, nil
		}
		return stateReady, err
	case b.tag.Block < b.rel.Length():
		clear(b.bytes)
		return stateReady, nil
	case mode == pinExisting:
		return 0, beyondEnd(b.tag, b.rel.Length())
	}
	clear(b.bytes)
	return stateFresh, nil
}

// lastUnpin looks after a frame whose pins were seen to reach zero and that is not simply ready.
func (p *Pool) lastUnpin(b *Buffer) {
	switch b.state.Load() {
	case stateFailed:
		// Nobody can pin it any more, so what is seen under hdr stays true.
		b.hdr.Lock()
		mine := b.state.Load() == stateFailed && b.pins.Load() == 0
		if mine {
			b.clearLocked()
		}
		b.hdr.Unlock()
		if mine {
			b.arena.put(b)
		}
	case stateFresh:
		if p.unmap(b, func() bool { return b.state.Load() == stateFresh }) {
			b.arena.put(b)
		}
	}
	b.arena.waiters.wake()
}

// unmap takes an unpinned frame out of the table and makes it free, if ok agrees. The frame is then the caller's.
func (p *Pool) unmap(b *Buffer, ok func() bool) bool {
	tag, used := b.currentTag()
	if !used {
		return false
	}
	part, key := p.table.partition(tag)
	part.mu.Lock()
	defer part.mu.Unlock()
	if part.frames[key] != b || b.pins.Load() != 0 || !ok() {
		return false
	}
	delete(part.frames, key)
	b.hdr.Lock()
	b.clearLocked()
	b.hdr.Unlock()
	return true
}
