package buffer

import (
	"errors"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/storage"
)

// writeBatch is the number of pages that go to storage in one call.
const writeBatch = 64

// outgoing is a batch of page copies on their way to storage. Copies are taken under a shared content lock, so the lock is not
// held over I/O and the page may change meanwhile; it then stays dirty (B5).
type outgoing struct {
	frames []outgoingFrame
	writes []storage.PageWrite
	bytes  []byte // writeBatch pages
}

// outgoingFrame is a frame with a pin and its writing lock, both held until the batch is written.
type outgoingFrame struct {
	*Buffer
	changes uint64
	first   page.LSN
	end     page.LSN
}

func newOutgoing() *outgoing {
	return &outgoing{
		frames: make([]outgoingFrame, 0, writeBatch),
		writes: make([]storage.PageWrite, 0, writeBatch),
		bytes:  make([]byte, writeBatch*page.Size),
	}
}

func (p *Pool) newOutgoing() *outgoing     { return p.batches.Get().(*outgoing) }
func (p *Pool) freeOutgoing(out *outgoing) { p.batches.Put(out) }
func (out *outgoing) full() bool           { return len(out.frames) == writeBatch }

// tryAdd adds a pinned frame if it is dirty and none of its locks has to be waited for. The pin is then the batch's.
func (out *outgoing) tryAdd(b *Buffer) bool {
	if !b.writing.TryLock() {
		return false
	}
	if !b.dirty.Load() || !b.content.TryRLock() {
		b.writing.Unlock()
		return false
	}
	out.copyLocked(b)
	return true
}

// add is tryAdd that waits. It returns false only if the frame is clean.
func (out *outgoing) add(b *Buffer) bool {
	b.writing.Lock()
	if !b.dirty.Load() {
		b.writing.Unlock()
		return false
	}
	b.content.RLock()
	out.copyLocked(b)
	return true
}

// copyLocked copies the page and releases the content lock, which the caller holds shared.
//
// Holds: b.writing.
func (out *outgoing) copyLocked(b *Buffer) {
	at := len(out.frames) * page.Size
	copied := page.Page(out.bytes[at : at+page.Size : at+page.Size])
	copy(copied, b.bytes)
	b.hdr.Lock()
	out.frames = append(out.frames, outgoingFrame{Buffer: b, changes: b.hdr.changes, first: b.hdr.first, end: b.hdr.end})
	b.hdr.first = 0
	b.hdr.Unlock()
	b.content.RUnlock()
	out.writes = append(out.writes, storage.PageWrite{Tag: b.tag, Page: copied})
}

// send writes the batch, log first (B2), marks what did not change meanwhile as clean, and gives the pins and writing locks
// back. The batch is empty afterwards.
func (p *Pool) send(out *outgoing) error {
	if len(out.frames) == 0 {
		return nil
	}
	var end page.LSN
	for i := range out.frames {
		end = max(end, out.frames[i].end)
	}
	var err error
	if end > 0 {
		err = p.cfg.FlushWAL(end)
	}
	if err == nil {
		err = p.cfg.Storage.Write(out.writes)
	}
	if err == nil {
		p.counters.writes.Add(int64(len(out.frames)))
	}
	for i := range out.frames {
		out.frames[i].finish(err == nil)
	}
	out.frames, out.writes = out.frames[:0], out.writes[:0]
	return p.fatal(err)
}

func (f *outgoingFrame) finish(written bool) {
	f.hdr.Lock()
	switch {
	case !written:
		f.hdr.first = f.first
	case f.hdr.changes == f.changes:
		f.setDirtyLocked(false)
		f.hdr.first = 0
	}
	f.hdr.Unlock()
	f.writing.Unlock()
	f.Unpin()
}

// isFatal reports whether the process must stop: what is on disk is unknown, or memory cannot be trusted.
func isFatal(err error) bool {
	var corrupt *storage.CorruptPageError
	return errors.Is(err, storage.ErrFsync) || errors.As(err, &corrupt) && corrupt.InMemory
}
