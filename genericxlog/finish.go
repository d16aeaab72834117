package genericxlog

import (
	"fmt"
	"slices"

	"github.com/quiredb/quire/core/invariant"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
)

// Finish makes the edits one WAL record and the new contents of the pages. It returns where the record starts, or
// 0 if nothing was logged: no page changed and there is no payload, or the relation is unlogged. On an
// error nothing happened (G7). The State is dead either way; locks and pins stay with the caller.
func (s *State) Finish() (page.LSN, error) {
	if s.done {
		return 0, ErrFinished
	}
	defer s.release()
	if err := s.collect(); err != nil {
		return 0, err
	}
	if s.rel.Unlogged {
		return 0, s.finishUnlogged()
	}
	return s.finishLogged()
}

// collect computes what changed, and drops the pages that did not (G3), unless replay has to settle with readers there.
func (s *State) collect() error {
	for i := range s.blocks {
		r := &s.blocks[i]
		full := r.flags&FullImage != 0 || fullVersionDue(r.buf.Version())
		r.ref.PrevLSN = r.buf.Version()
		r.ref.Change, r.changed = r.editor.Change(full)
		r.changed = r.changed || r.ref.ConflictHorizon != 0 && !s.rel.Unlogged
		if err := s.validate(r); err != nil {
			return err
		}
	}
	s.blocks = slices.DeleteFunc(s.blocks, func(r registered) bool {
		if !r.changed {
			freeEditor(r.editor)
		}
		return !r.changed
	})
	return nil
}

// fullVersionDue picks one change of a page in 2048, by its version alone, to be logged as a full version. It bounds how
// far back a page has to be followed before something stands on its own, at a cost of four bytes a change.
func fullVersionDue(version page.LSN) bool {
	const oneIn = 2048
	return version != 0 && uint64(version)*0x9E3779B97F4A7C15>>53 == oneIn-1
}

// validate refuses what could not be replayed. A page of the host's own, changed by edits that leave no layout broken, is as sound as it was
// when it was read: to look at it whole costs as much as the rest of a small change.
func (s *State) validate(r *registered) error {
	if !r.changed {
		return nil
	}
	tag := r.ref.tag(s.rel)
	if s.untrusted || invariant.Enabled || !r.editor.KeepsLayout() {
		if err := r.editor.Page().Validate(); err != nil {
			return &ValidationError{Tag: tag, Reason: "bad page layout", Err: err}
		}
	}
	if r.editor.Page().IsNew() {
		return &ValidationError{Tag: tag, Reason: "the page was emptied: a page that was used keeps its header"}
	}
	if s.rel.Unlogged {
		return nil
	}
	if end := s.m.log.InsertLSN(); r.ref.ConflictHorizon > end {
		return &ValidationError{Tag: tag, Reason: fmt.Sprintf("conflict horizon %v lies beyond the end of the log at %v", r.ref.ConflictHorizon, end)}
	}
	return nil
}

func (s *State) finishLogged() (page.LSN, error) {
	if len(s.blocks) == 0 && s.payload == nil {
		return 0, nil
	}
	size := s.bound()
	if limit := s.m.log.MaxBody(); size > limit {
		return 0, fmt.Errorf("%w: up to %d bytes, limit %d", ErrTooLarge, size, limit)
	}
	if err := s.m.log.EnsureSpace(size); err != nil {
		return 0, err
	}
	for i := range s.blocks {
		s.blocks[i].prepare()
	}

	defer s.m.critical()
	for i := range s.blocks {
		s.blocks[i].buf.MarkDirty()
	}
	start, end := s.m.log.Insert(s.kind, s.xid, s.encode)
	for i := range s.blocks {
		s.blocks[i].install(s.rel, start, end)
	}
	return start, nil
}

// bound returns no less than the size of the record's body in bytes.
func (s *State) bound() int {
	n := maxFixedBytes + len(s.annotation)
	for i := range s.blocks {
		n += maxBlockBytes + len(s.blocks[i].ref.Change.Payload)
	}
	if s.payload != nil {
		n = max(n, s.m.log.MaxBody()) // its size is not known before it is there; room ahead is all that this costs
	}
	return n
}

// prepare computes the checksum outside the insertion lock where the content does not depend on the LSN, and checks
// the record against the page in invariant builds.
func (r *registered) prepare() {
	if !r.ref.Change.Stamped {
		r.ref.CRC = r.editor.Page().ContentCRC()
	}
	checkChange(r.buf.Page(), r.editor.Page(), r.ref.Change)
}

// encode appends the body; it runs under the insertion lock, when the record's own LSN is known.
func (s *State) encode(dst []byte, lsn page.LSN) []byte {
	dst = appendSection(dst, s.rel, s.annotation, len(s.blocks))
	var before page.BlockNumber
	for i := range s.blocks {
		r := &s.blocks[i]
		if r.ref.Change.Stamped {
			r.editor.Stamp(lsn)
			r.ref.CRC = r.editor.Page().ContentCRC()
		}
		dst = appendBlock(dst, lsn, before, &r.ref)
		before = r.ref.Block
	}
	if s.payload != nil {
		dst = s.payload(dst, lsn)
	}
	return dst
}

// install makes the copy the content of the shared page. end is where the record ends: the log must be durable up
// to there before the page may reach its file.
func (r *registered) install(rel Relation, start, end page.LSN) {
	p := r.editor.Page()
	p.Seal(r.ref.tag(rel), start, r.ref.CRC)
	r.buf.Install(p, start, end)
}

// finishUnlogged installs the copies under a counter (G6). The pages are sealed all the same, so that the checksum
// holds on disk.
func (s *State) finishUnlogged() error {
	if s.payload != nil {
		return ErrPayloadUnlogged
	}
	defer s.m.critical()
	for i := range s.blocks {
		s.blocks[i].buf.MarkDirty()
	}
	for i := range s.blocks {
		r := &s.blocks[i]
		version := s.m.nextCounter(r.ref.PrevLSN)
		if r.ref.Change.Stamped {
			r.editor.Stamp(version)
		}
		r.ref.CRC = r.editor.Page().ContentCRC()
		r.install(s.rel, version, 0)
	}
	return nil
}

// LogPayload inserts a record that changes no page.
func (m *Manager) LogPayload(kind wal.Kind, xid uint64, payload func(dst []byte, lsn page.LSN) []byte) (start, end page.LSN, err error) {
	if err := m.log.EnsureSpace(m.log.MaxBody()); err != nil {
		return 0, 0, err
	}
	start, end = m.log.Insert(kind, xid, func(dst []byte, lsn page.LSN) []byte {
		return payload(appendSection(dst, Relation{}, "", 0), lsn)
	})
	return start, end, nil
}
