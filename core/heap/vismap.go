package heap

import (
	"encoding/binary"
	"math/bits"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/genericxlog"
)

// The visibility map has a bit for each page of a heap, in a fork of its own. It is set if every root on the page leads to a row that all
// snapshots from a certain LSN on see, so that an index alone can answer for it (H8). A page of the map is all special space:
//
//	0        24      32                8192
//	+--------+-------+-- … ------------+
//	| header | since | bits            |   since: LSN of the newest setting of a bit on this page
//	+--------+-------+-- … ------------+
//
// The heap page carries the bit too (flagAllVisible), so that whoever changes it knows without a look at the map whether there is one to
// clear. Both change in one record.
//
// since is what PostgreSQL does with a conflict horizon on standbys and with a pin that its index scans keep on a leaf: a snapshot that is
// older looks at the heap. It may not see a row that all others see; or it may have got a TID from the index which a vacuum has taken out
// since, and the page of which is now all visible without the row.
const (
	mapSince     = page.HeaderSize
	mapBits      = mapSince + 8
	bitsPerBlock = (page.Size - mapBits) * 8 // 65280

	// flagAllVisible in the flags of a heap page says that its bit in the map is set.
	flagAllVisible uint16 = 1
)

func (r Relation) mapFile() page.RelFile { return page.RelFile{Rel: r.Rel, Fork: page.VisibilityFork} }

// mapTag returns the page of the map with the bit of a heap page.
func (r Relation) mapTag(blk page.BlockNumber) page.Tag {
	return page.Tag{RelFile: r.mapFile(), Block: blk / bitsPerBlock}
}

// mapPlace returns where in its page of the map the bit of a heap page is.
func mapPlace(blk page.BlockNumber) (off int, bit byte) {
	i := int(blk % bitsPerBlock)
	return mapBits + i/8, 1 << (i % 8)
}

func allVisible(p page.Page) bool { return p.Flags()&flagAllVisible != 0 }

// A mapEdit is the part of one record that concerns the visibility map: pages of it, pinned and locked until release.
type mapEdit struct {
	h    *Store
	rel  Relation
	s    *genericxlog.State
	bufs [2]*buffer.Buffer
	n    int
}

func (h *Store) editMap(rel Relation, s *genericxlog.State) mapEdit {
	return mapEdit{h: h, rel: rel, s: s}
}

// clear takes the bit of a heap page away, if it has one, before its content changes. Holds: the heap page's content lock.
func (m *mapEdit) clear(e *page.Editor, blk page.BlockNumber) error {
	if !allVisible(e.Page()) {
		return nil
	}
	if err := e.SetFlags(e.Page().Flags() &^ flagAllVisible); err != nil {
		return err
	}
	me, err := m.register(blk)
	if err != nil {
		return err
	}
	off, bit := mapPlace(blk)
	return me.Write(off, []byte{me.Page()[off] &^ bit})
}

// clearBoth is clear for two pages, which may be the same, in the order in which their bits lie in the map. Holds: both content locks.
func (m *mapEdit) clearBoth(a *page.Editor, ablk page.BlockNumber, b *page.Editor, bblk page.BlockNumber) error {
	if ablk > bblk {
		a, ablk, b, bblk = b, bblk, a, ablk
	}
	if err := m.clear(a, ablk); err != nil {
		return err
	}
	return m.clear(b, bblk)
}

// set gives a heap page its bit. Holds: the heap page's content lock.
func (m *mapEdit) set(e *page.Editor, blk page.BlockNumber) error {
	if err := e.SetFlags(e.Page().Flags() | flagAllVisible); err != nil {
		return err
	}
	me, err := m.register(blk)
	if err != nil {
		return err
	}
	if me.Page().IsNew() {
		if err := me.Init(page.Size-page.HeaderSize, 0); err != nil {
			return err
		}
	}
	// Snapshots that exist are below the end of the log.
	since := binary.LittleEndian.AppendUint64(nil, uint64(m.h.gx.Log().InsertLSN()))
	if err := me.Write(mapSince, since); err != nil {
		return err
	}
	off, bit := mapPlace(blk)
	return me.Write(off, []byte{me.Page()[off] | bit})
}

// register adds the page of the map with the bit of blk to the record.
func (m *mapEdit) register(blk page.BlockNumber) (*page.Editor, error) {
	tag := m.rel.mapTag(blk)
	for _, b := range m.bufs[:m.n] {
		if b.Tag() == tag {
			return m.s.RegisterBuffer(b, 0)
		}
	}
	b, err := m.h.pinMap(tag)
	if err != nil {
		return nil, err
	}
	b.Lock()
	m.bufs[m.n] = b
	m.n++
	return m.s.RegisterBuffer(b, 0)
}

// release lets go of the pages, after the end of the record.
func (m *mapEdit) release() {
	for _, b := range m.bufs[:m.n] {
		b.Unlock()
		b.Unpin()
	}
	m.n = 0
}

// pinMap pins a page of the map, which may lie past its end.
func (h *Store) pinMap(tag page.Tag) (*buffer.Buffer, error) {
	n, err := h.pool.Length(tag.RelFile)
	if err != nil {
		return nil, err
	}
	if tag.Block < n {
		return h.pool.Pin(tag)
	}
	if err := h.pool.ReserveSpace(tag.RelFile, tag.Block+1); err != nil {
		return nil, err
	}
	return h.pool.PinNew(tag)
}

// A Visibility reads the visibility map of a heap for one snapshot. It keeps the page of the map that it read last pinned, so it must be
// closed. It serves one goroutine.
type Visibility struct {
	h    *Store
	rel  Relation
	snap page.LSN
	buf  *buffer.Buffer
}

// Visibility returns a reader of the visibility map.
func (h *Store) Visibility(snap *xact.Snapshot, rel Relation) *Visibility {
	return &Visibility{h: h, rel: rel, snap: snap.LSN}
}

// AllVisible reports whether every entry that an index has for the page leads to a row that the snapshot sees, so that the heap need not be asked.
// The question must be put after the index was read. False says nothing; it is also the answer if the map cannot be read.
func (v *Visibility) AllVisible(blk page.BlockNumber) bool {
	set, since, err := v.bit(blk)
	return err == nil && set && v.snap >= since
}

// bit returns a page's bit, and since when bits have been set near it.
func (v *Visibility) bit(blk page.BlockNumber) (set bool, since page.LSN, err error) {
	if tag := v.rel.mapTag(blk); v.buf == nil || v.buf.Tag() != tag {
		v.Close()
		if n, err := v.h.pool.Length(tag.RelFile); err != nil || tag.Block >= n {
			return false, 0, err
		}
		if v.buf, err = v.h.pool.Pin(tag); err != nil {
			return false, 0, err
		}
	}
	off, bit := mapPlace(blk)
	v.buf.RLock()
	defer v.buf.RUnlock()
	p := v.buf.Page()
	return p[off]&bit != 0, page.LSN(binary.LittleEndian.Uint64(p[mapSince:])), nil
}

// Close lets go of the map. It may be called twice, and the reader goes on working.
func (v *Visibility) Close() {
	if v.buf != nil {
		v.buf.Unpin()
		v.buf = nil
	}
}

// CountAllVisible returns how many pages have their bit in the visibility map.
func (h *Store) CountAllVisible(rel Relation) (page.BlockNumber, error) {
	n, err := h.pool.Length(rel.mapFile())
	if err != nil {
		return 0, wrapRel(rel, "read the visibility map of", err)
	}
	count := 0
	for blk := range n {
		b, err := h.pool.Pin(page.Tag{RelFile: rel.mapFile(), Block: blk})
		if err != nil {
			return 0, wrapRel(rel, "read the visibility map of", err)
		}
		b.RLock()
		for p := b.Page()[mapBits:]; len(p) > 0; p = p[8:] {
			count += bits.OnesCount64(binary.LittleEndian.Uint64(p))
		}
		b.RUnlock()
		b.Unpin()
	}
	return page.BlockNumber(count), nil
}
