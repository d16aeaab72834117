package genericxlog

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
)

// A BlockEdit is what an access method did to its copy of one page. It has either an edit list or an image.
type BlockEdit struct {
	Block           page.BlockNumber
	Version         page.LSN // of the page that was copied; 0 for a block that was never written
	New             bool     // the block was reserved for this edit
	Flags           Flags
	Forward         []byte    // edit list (page.Editor.ForwardEdits); untrusted
	Image           page.Page // whole page in place of a list; untrusted
	ConflictHorizon page.LSN
	Recycled        bool
}

// FinishEdits is the conditional form of a record: it succeeds if every page still has the version that was edited, and
// returns the new versions in the order of blocks (the old one where nothing changed). The caller holds no locks. If a page
// moved on, the error is ErrConflict; if the edits are not acceptable, a *ValidationError; in both cases nothing
// happened (G7).
//
// All pages are pinned and locked exclusively for the duration, by ascending block number, which is also the order in the
// record. The bytes in blocks must not change during the call: what comes from shared memory is copied before (R4).
func (m *Manager) FinishEdits(rel Relation, xid uint64, annotation string, blocks []BlockEdit) ([]page.LSN, error) {
	order, err := m.admit(rel, annotation, blocks)
	if err != nil {
		return nil, err
	}
	pins := make([]*buffer.Buffer, 0, len(blocks))
	defer func() {
		for _, b := range pins {
			b.Unpin()
		}
	}()
	for _, i := range order {
		b, err := m.pinEdit(rel, &blocks[i])
		if err != nil {
			return nil, err
		}
		pins = append(pins, b)
		if b.Version() != blocks[i].Version {
			return nil, conflict(rel, &blocks[i], b.Version())
		}
	}
	for _, b := range pins {
		b.Lock()
		defer b.Unlock()
	}
	return m.finishLocked(rel, xid, annotation, blocks, order, pins)
}

// admit checks everything that needs no page, and returns the order of locking.
func (m *Manager) admit(rel Relation, annotation string, blocks []BlockEdit) ([]int, error) {
	if len(blocks) > MaxBlocks {
		return nil, fmt.Errorf("%w: got %d", ErrTooManyBlocks, len(blocks))
	}
	if err := checkAnnotation(rel, annotation); err != nil {
		return nil, err
	}
	length, err := m.pool.Length(rel.File())
	if err != nil {
		return nil, err
	}
	order := make([]int, len(blocks))
	for i := range blocks {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(blocks[a].Block, blocks[b].Block) })
	for i, at := range order {
		e := &blocks[at]
		if i > 0 && e.Block == blocks[order[i-1]].Block {
			return nil, &ValidationError{Tag: rel.Tag(e.Block), Reason: "registered twice in one record"}
		}
		if err := m.admitBlock(rel, e, length); err != nil {
			return nil, err
		}
	}
	return order, nil
}

func (m *Manager) admitBlock(rel Relation, e *BlockEdit, length page.BlockNumber) error {
	refuse := func(format string, args ...any) error {
		return &ValidationError{Tag: rel.Tag(e.Block), Reason: fmt.Sprintf(format, args...)}
	}
	switch {
	case e.Block >= length && !(e.New && m.pool.Reserved(rel.File(), e.Block)):
		return refuse("no such block: the relation has %d and this one was not reserved", length)
	case e.Flags&^FullImage != 0:
		return refuse("unknown flags %#x", e.Flags)
	case e.Image != nil && len(e.Forward) > 0:
		return refuse("both an image and an edit list")
	case e.Image != nil && len(e.Image) != page.Size:
		return refuse("image of %d bytes, a page has %d", len(e.Image), page.Size)
	}
	return nil
}

func checkAnnotation(rel Relation, text string) error {
	if len(text) > MaxAnnotation {
		return &ValidationError{Tag: rel.Tag(0), Reason: fmt.Sprintf("annotation of %d bytes, limit %d", len(text), MaxAnnotation)}
	}
	for _, c := range []byte(text) {
		if c < ' ' || c > '~' {
			return &ValidationError{Tag: rel.Tag(0), Reason: fmt.Sprintf("annotation %q is not printable ASCII", text)}
		}
	}
	return nil
}

// pinEdit pins the page of an edit. A block that was never written has nothing to read.
func (m *Manager) pinEdit(rel Relation, e *BlockEdit) (*buffer.Buffer, error) {
	if e.New && e.Version == 0 {
		return m.pool.PinNew(rel.Tag(e.Block))
	}
	return m.pool.Pin(rel.Tag(e.Block))
}

func (m *Manager) finishLocked(rel Relation, xid uint64, annotation string, blocks []BlockEdit, order []int, pins []*buffer.Buffer) ([]page.LSN, error) {
	s := m.Start(rel)
	defer s.Abort()
	s.untrusted = true
	s.SetXID(xid)
	s.Annotate(annotation)
	for i, at := range order {
		if err := s.replayEdit(&blocks[at], pins[i]); err != nil {
			return nil, err
		}
	}
	if _, err := s.Finish(); err != nil {
		return nil, err
	}
	versions := make([]page.LSN, len(blocks))
	for i, at := range order {
		versions[at] = pins[i].Version()
	}
	return versions, nil
}

// replayEdit runs one edit on a private copy of the page as it is now.
func (s *State) replayEdit(e *BlockEdit, b *buffer.Buffer) error {
	if b.Version() != e.Version {
		return conflict(s.rel, e, b.Version())
	}
	ed, err := s.RegisterBuffer(b, e.Flags)
	if err != nil {
		return err
	}
	s.SetConflictHorizon(b, e.ConflictHorizon)
	if e.Recycled {
		s.SetRecycled(b)
	}
	if e.Image != nil {
		ed.ReplaceImage(e.Image)
		return nil
	}
	if err := ed.Replay(e.Forward); err != nil {
		return &ValidationError{Tag: b.Tag(), Reason: "bad edit list", Err: err}
	}
	return nil
}

// A ConflictError says which page moved on. It is ErrConflict to errors.Is.
type ConflictError struct {
	Tag           page.Tag
	Edited, Found page.LSN
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("page %v: %v: edited at %v, now at %v", e.Tag, ErrConflict, e.Edited, e.Found)
}

// Is makes errors.Is(err, ErrConflict) true.
func (e *ConflictError) Is(target error) bool { return errors.Is(ErrConflict, target) }

func conflict(rel Relation, e *BlockEdit, found page.LSN) error {
	return &ConflictError{Tag: rel.Tag(e.Block), Edited: e.Version, Found: found}
}
