package buffer

import (
	"context"

	"github.com/tidwall/btree"

	"github.com/quiredb/quire/core/page"
)

// FlushDirty writes the pages whose first unwritten change starts before upTo, or all dirty pages if upTo is 0, in the order
// of files and blocks. Pages that become dirty meanwhile are not waited for. A checkpoint calls it with its redo LSN
// and then storage's Sync. progress may be nil; it is called after every batch with pages done and pages found at the start.
func (p *Pool) FlushDirty(ctx context.Context, upTo page.LSN, progress func(done, total int)) error {
	p.flushing.Lock()
	defer p.flushing.Unlock()
	f := flusher{pool: p, out: p.newOutgoing(), total: 0, progress: progress}
	defer p.freeOutgoing(f.out)
	dirty := p.dirtyTags(upTo)
	f.total = dirty.Len()
	var err error
	dirty.Scan(func(tag page.Tag) bool {
		if err = context.Cause(ctx); err == nil {
			err = f.visit(tag)
		}
		return err == nil
	})
	return f.finish(err)
}

// dirtyTags returns the blocks to flush in file order.
func (p *Pool) dirtyTags(upTo page.LSN) *btree.BTreeG[page.Tag] {
	dirty := btree.NewBTreeGOptions(lessTag, btree.Options{NoLocks: true})
	for _, a := range p.allArenas() {
		for i := range a.frames {
			if tag, ok := a.frames[i].needsFlush(upTo); ok {
				dirty.Set(tag)
			}
		}
	}
	return dirty
}

func lessTag(a, b page.Tag) bool {
	if a.Rel != b.Rel {
		return a.Rel < b.Rel
	}
	if a.Fork != b.Fork {
		return a.Fork < b.Fork
	}
	return a.Block < b.Block
}

// needsFlush reports whether a checkpoint at upTo must write the page. An unknown first change counts as an early one:
// the record is being inserted, or the page is being written for somebody else, whom the flush then waits for.
func (b *Buffer) needsFlush(upTo page.LSN) (page.Tag, bool) {
	if !b.dirty.Load() {
		return page.Tag{}, false
	}
	b.hdr.Lock()
	defer b.hdr.Unlock()
	return b.tag, b.dirty.Load() && (upTo == 0 || b.hdr.first == 0 || b.hdr.first < upTo)
}

// flusher is one FlushDirty under way. Frames that are in use are set aside and waited for one at a time, while nothing else
// is held (B7).
type flusher struct {
	pool        *Pool
	out         *outgoing
	busy        []page.Tag
	done, total int
	progress    func(done, total int)
}

// limit keeps small pools from being pinned whole by a flush.
func (f *flusher) limit(a *arena) int { return min(writeBatch, max(1, len(a.frames)/4)) }

func (f *flusher) visit(tag page.Tag) error {
	b := f.pool.table.lookup(tag)
	if b == nil {
		f.done++ // evicted, and so written, in the meantime
		return nil
	}
	limit := f.limit(b.arena)
	switch {
	case f.out.tryAdd(b):
	case !b.dirty.Load():
		b.Unpin()
		f.done++
	default:
		b.Unpin()
		f.busy = append(f.busy, tag)
	}
	if len(f.out.frames) >= limit {
		return f.send()
	}
	return nil
}

func (f *flusher) send() error {
	n := len(f.out.frames)
	if err := f.pool.send(f.out); err != nil {
		return err
	}
	f.done += n
	if f.progress != nil {
		f.progress(f.done, f.total)
	}
	return nil
}

// finish sends the last batch and those set aside, or gives everything back after an error.
func (f *flusher) finish(err error) error {
	if err != nil {
		f.out.abandon()
		return err
	}
	if err := f.send(); err != nil {
		return err
	}
	for _, tag := range f.busy {
		b := f.pool.table.lookup(tag)
		if b == nil {
			f.done++
			continue
		}
		if !f.out.add(b) {
			b.Unpin()
			f.done++
			continue
		}
		if err := f.send(); err != nil {
			return err
		}
	}
	return nil
}

// abandon gives the frames of a batch back unwritten.
func (out *outgoing) abandon() {
	for i := range out.frames {
		out.frames[i].finish(false)
	}
	out.frames, out.writes = out.frames[:0], out.writes[:0]
}
