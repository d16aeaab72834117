package buffer

import "time"

// evictionBatch is the number of dirty frames that a goroutine in need of one writes at once, so that the next ones find
// clean frames. evictionReach is how far ahead of the clock hand it looks for them.
const (
	evictionBatch = 16
	evictionReach = 64
)

// take returns a free frame of the arena, which is then the caller's: from the free list, or by evicting a block. If all
// frames are pinned it waits for Config.PinWait.
func (p *Pool) take(a *arena) (*Buffer, error) {
	a.allocations.Add(1)
	var timeout <-chan time.Time
	for {
		if b, err := p.tryTake(a); b != nil || err != nil {
			return b, err
		}
		woken := a.waiters.join()
		b, err := p.tryTake(a)
		if b != nil || err != nil {
			a.waiters.leave()
			return b, err
		}
		if timeout == nil {
			timeout = p.cfg.After(p.cfg.PinWait)
		}
		select {
		case <-woken:
			a.waiters.leave()
		case <-timeout:
			a.waiters.leave()
			return nil, &NoFrameError{Arena: a.name, Frames: len(a.frames)}
		}
	}
}

func (p *Pool) tryTake(a *arena) (*Buffer, error) {
	if b := a.popFree(); b != nil {
		return b, nil
	}
	return p.sweep(a)
}

// advance moves the clock hand by one frame and returns it.
func (a *arena) advance() *Buffer {
	return &a.frames[(a.hand.Add(1)-1)%uint64(len(a.frames))]
}

// ahead returns the frame i steps ahead of the hand.
func (a *arena) ahead(i int) *Buffer {
	return &a.frames[(a.hand.Load()+uint64(i))%uint64(len(a.frames))]
}

// evictable reports whether the frame might be evicted now: unpinned, and the hand came by often enough.
func (b *Buffer) evictable() bool {
	return b.pins.Load() == 0 && b.usage.Load() == 0 && b.state.Load() == stateReady
}

// sweep moves the hand until a frame can be evicted, at most until every frame was seen without use. A dirty one is written
// first, and others ahead with it; if that does not work, the search goes on among the clean ones. It returns nil
// and no error if all frames are pinned.
func (p *Pool) sweep(a *arena) (*Buffer, error) {
	var writeErr error
	for range len(a.frames) * (maxUsage + 2) {
		b := a.advance()
		if b.pins.Load() != 0 {
			continue
		}
		if u := b.usage.Load(); u > 0 {
			b.usage.CompareAndSwap(u, u-1)
			continue
		}
		if b.dirty.Load() && b.evictable() {
			if writeErr != nil {
				continue
			}
			if writeErr = p.writeAhead(a, b); writeErr != nil {
				continue
			}
		}
		if p.claim(b) {
			return b, nil
		}
	}
	return nil, writeErr
}

// claim evicts the block of an unpinned clean frame.
func (p *Pool) claim(b *Buffer) bool {
	if !b.evictable() || b.dirty.Load() {
		return false
	}
	ok := p.unmap(b, func() bool { return b.evictable() && !b.dirty.Load() })
	if ok {
		p.counters.evictions.Add(1)
	}
	return ok
}

// writeAhead writes a dirty frame and a few more that the hand will meet next. Frames that somebody uses are left out,
// since the caller may hold content locks (B7).
func (p *Pool) writeAhead(a *arena, first *Buffer) error {
	out := p.newOutgoing()
	defer p.freeOutgoing(out)
	p.tryCopy(out, first)
	limit := min(evictionBatch, max(1, len(a.frames)/4))
	for i := 0; i < min(evictionReach, len(a.frames)-1) && len(out.frames) < limit; i++ {
		if b := a.ahead(i); b.dirty.Load() && b.evictable() {
			p.tryCopy(out, b)
		}
	}
	return p.send(out)
}

// tryCopy pins the frame and adds a copy of its page to out, unless somebody else uses or writes it.
func (p *Pool) tryCopy(out *outgoing, b *Buffer) {
	if !p.table.pin(b) {
		return
	}
	if b.pins.Load() > 1 || !out.tryAdd(b) {
		b.Unpin()
	}
}
