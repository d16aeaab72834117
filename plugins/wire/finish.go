package wire

import (
	"fmt"
	"slices"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// flagFullImage is BlockEdit.flags' only bit.
const flagFullImage = 1

// FinishToProto packs a Finish request.
func FinishToProto(f Finish) *pb.Finish {
	m := &pb.Finish{Annotation: f.Annotation, Blocks: make([]*pb.BlockEdit, len(f.Blocks)), Last: f.Last, Conflicts: f.Conflicts}
	if len(f.Dead) > 0 {
		m.Dead = RowFatesToProto(f.Dead, f.DeadTo)
	}
	edits := make([]pb.BlockEdit, len(f.Blocks))
	for i, b := range f.Blocks {
		e := &edits[i]
		*e = pb.BlockEdit{
			Block: uint32(b.Block), Version: uint64(b.Version), NewPage: b.New,
			Forward: b.Forward, Image: b.Image, ConflictHorizon: uint64(b.ConflictHorizon),
		}
		if b.FullImage {
			e.Flags |= flagFullImage
		}
		m.Blocks[i] = e
	}
	return m
}

// FinishFromProto unpacks a Finish request and checks its form: no block twice, an edit list or one whole page, no more than
// MaxFinishBlocks. Edits themselves are judged when they are replayed. Bytes alias the message.
func FinishFromProto(m *pb.Finish) (f Finish, err error) {
	if n := len(m.GetAnnotation()); n > MaxAnnotation {
		return f, fmt.Errorf("%w: annotation of %d bytes, the limit is %d", ErrTooLarge, n, MaxAnnotation)
	}
	f.Annotation, f.Last, f.Conflicts = CleanText(m.GetAnnotation()), m.GetLast(), m.GetConflicts()
	if f.Blocks, err = editsFromProto(m.GetBlocks()); err != nil {
		return f, err
	}
	f.Dead, f.DeadTo, err = RowFatesFromProto(m.GetDead())
	return f, err
}

func editsFromProto(edits []*pb.BlockEdit) ([]BlockEdit, error) {
	if n := len(edits); n > MaxFinishBlocks {
		return nil, fmt.Errorf("%w: %d, the limit is %d", ErrTooManyBlocks, n, MaxFinishBlocks)
	}
	blocks := make([]BlockEdit, len(edits))
	for i, e := range edits {
		switch {
		case twice(edits[:i], e.GetBlock()):
			return nil, invalidEdit(e, "it appears twice")
		case e.GetFlags()&^flagFullImage != 0:
			return nil, invalidEdit(e, "unknown flags %#x", e.GetFlags())
		case len(e.GetImage()) != 0 && len(e.GetForward()) != 0:
			return nil, invalidEdit(e, "it has both an edit list and an image")
		case len(e.GetImage()) != 0 && len(e.GetImage()) != page.Size:
			return nil, invalidEdit(e, "image of %d bytes, a page has %d", len(e.GetImage()), page.Size)
		case e.GetNewPage() && e.GetVersion() != 0:
			return nil, invalidEdit(e, "a new page has no version, the edit names %v", page.LSN(e.GetVersion()))
		}
		blocks[i] = BlockEdit{
			Block: page.BlockNumber(e.GetBlock()), Version: page.LSN(e.GetVersion()), New: e.GetNewPage(),
			FullImage: e.GetFlags()&flagFullImage != 0, Forward: e.GetForward(),
			ConflictHorizon: page.LSN(e.GetConflictHorizon()),
		}
		if len(e.GetImage()) != 0 {
			blocks[i].Image = page.Page(e.GetImage())
		}
	}
	return blocks, nil
}

// twice reports whether a block is among others, which are few.
func twice(edits []*pb.BlockEdit, block uint32) bool {
	return slices.ContainsFunc(edits, func(e *pb.BlockEdit) bool { return e.GetBlock() == block })
}

func invalidEdit(e *pb.BlockEdit, format string, args ...any) *Error {
	return &Error{
		Code: pb.Code_INVALID_EDIT, Message: fmt.Sprintf("block %d: ", e.GetBlock()) + fmt.Sprintf(format, args...),
		Block: page.BlockNumber(e.GetBlock()), HasBlock: true,
	}
}
