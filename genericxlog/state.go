package genericxlog

import (
	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
)

// A State is one record in the making: buffers registered, copies edited, nothing shared touched yet. It serves
// one goroutine, and it is dead after Finish or Abort, together with its editors.
type State struct {
	m          *Manager
	rel        Relation
	xid        uint64
	kind       wal.Kind
	payload    func(dst []byte, lsn page.LSN) []byte
	annotation string
	blocks     []registered  // in the order of registration
	few        [2]registered // where blocks begins, since most records change one page or two
	done       bool
	untrusted  bool // the edits are another process's
}

// registered is one page of a State.
type registered struct {
	buf     *buffer.Buffer
	editor  *page.Editor
	flags   Flags
	ref     BlockRef
	changed bool
}

// Start begins a record about rel. The caller holds the pin and the exclusive content lock of each buffer from
// before its registration until after Finish or Abort, and takes those locks in the order given in the
// package comment.
func (m *Manager) Start(rel Relation) *State {
	s := &State{m: m, rel: rel, kind: wal.Generic}
	s.blocks = s.few[:0]
	return s
}

// RegisterBuffer adds the page in b to the record and returns the editor of a private copy. Registering a buffer
// again returns the same editor; FullImage in either call holds. Fails with ErrTooManyBlocks.
func (s *State) RegisterBuffer(b *buffer.Buffer, flags Flags) (*page.Editor, error) {
	if s.done {
		return nil, ErrFinished
	}
	if r := s.find(b); r != nil {
		r.flags |= flags
		return r.editor, nil
	}
	tag := b.Tag()
	inMap := tag.Fork == page.VisibilityFork && s.rel.Fork == page.MainFork
	if tag.Rel != s.rel.Rel || tag.Fork != s.rel.Fork && !inMap {
		return nil, &ValidationError{Tag: tag, Reason: "buffer of another relation in a record about " + s.rel.Tag(0).RelFile.String()}
	}
	if len(s.blocks) == MaxBlocks {
		return nil, ErrTooManyBlocks
	}
	ed := newEditor(b.Page())
	s.blocks = append(s.blocks, registered{buf: b, editor: ed, flags: flags, ref: BlockRef{Block: tag.Block, Map: inMap}})
	return ed, nil
}

func (s *State) find(b *buffer.Buffer) *registered {
	for i := range s.blocks {
		if s.blocks[i].buf == b || s.blocks[i].ref.tag(s.rel) == b.Tag() {
			return &s.blocks[i]
		}
	}
	return nil
}

// SetXID names the transaction that the record belongs to.
func (s *State) SetXID(xid uint64) { s.xid = xid }

// SetKind makes the record one of another kind than wal.Generic. payload appends the body that follows the blocks section;
// it is called once, under the WAL insertion lock, with the record's own LSN, and must not fail.
func (s *State) SetKind(kind wal.Kind, payload func(dst []byte, lsn page.LSN) []byte) {
	s.kind, s.payload = kind, payload
}

// Annotate adds a short text for the log dump. Longer texts are cut at MaxAnnotation bytes.
func (s *State) Annotate(text string) {
	if len(text) > MaxAnnotation {
		text = text[:MaxAnnotation]
	}
	s.annotation = text
}

// SetConflictHorizon notes that snapshots older than lsn could still see what the change to b removes. Replay
// on a standby settles with such readers first. A page with a horizon is logged even if nothing in it changes: that is how
// removals elsewhere, which carry none, are announced.
func (s *State) SetConflictHorizon(b *buffer.Buffer, lsn page.LSN) {
	if r := s.find(b); r != nil && lsn > r.ref.ConflictHorizon {
		r.ref.ConflictHorizon = lsn
	}
}

// SetRecycled notes that the block in b is being used again for something else.
func (s *State) SetRecycled(b *buffer.Buffer) {
	if r := s.find(b); r != nil {
		r.ref.Recycled = true
	}
}

// Abort forgets the copies. Locks and pins stay with the caller.
func (s *State) Abort() {
	if !s.done {
		s.release()
	}
}

// release returns the editors to their pool.
func (s *State) release() {
	for i := range s.blocks {
		freeEditor(s.blocks[i].editor)
	}
	s.blocks = nil
	s.done = true
}
