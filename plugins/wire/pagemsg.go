package wire

import (
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// flagFullImage is BlockEdit.flags' only bit.
const flagFullImage = 1

// RefsToProto packs a Read request.
func RefsToProto(refs []PageRef) *pb.Read {
	m := &pb.Read{Blocks: make([]uint32, len(refs))}
	known := false
	for i, r := range refs {
		m.Blocks[i] = uint32(r.Block)
		known = known || r.Known != 0
	}
	if known {
		m.Known = make([]uint64, len(refs))
		for i, r := range refs {
			m.Known[i] = uint64(r.Known)
		}
	}
	return m
}

// RefsFromProto unpacks a Read request.
func RefsFromProto(m *pb.Read) ([]PageRef, error) {
	switch {
	case len(m.GetBlocks()) > MaxReadPages:
		return nil, fmt.Errorf("%w: %d pages asked for, the limit is %d", ErrTooLarge, len(m.GetBlocks()), MaxReadPages)
	case len(m.GetKnown()) != 0 && len(m.GetKnown()) != len(m.GetBlocks()):
		return nil, fmt.Errorf("%w: %d versions for %d blocks", ErrProtocol, len(m.GetKnown()), len(m.GetBlocks()))
	}
	refs := make([]PageRef, len(m.GetBlocks()))
	for i, b := range m.GetBlocks() {
		refs[i].Block = page.BlockNumber(b)
		if len(m.GetKnown()) != 0 {
			refs[i].Known = page.LSN(m.GetKnown()[i])
		}
	}
	return refs, nil
}

// ReadsToProto packs a Read reply.
func ReadsToProto(reads []PageRead) *pb.ReadReply {
	m := &pb.ReadReply{Versions: make([]uint64, len(reads))}
	send, unchanged := 0, false
	for i, r := range reads {
		m.Versions[i] = uint64(r.Version)
		if r.Frame != 0 {
			if m.Frames == nil {
				m.Frames = make([]uint32, len(reads))
			}
			m.Frames[i] = r.Frame
		}
		if r.Unchanged {
			unchanged = true
		} else {
			send++
		}
	}
	if unchanged {
		m.Unchanged = make([]bool, len(reads))
	}
	m.Pages = make([]byte, 0, send*page.Size)
	for i, r := range reads {
		if r.Unchanged {
			m.Unchanged[i] = true
			continue
		}
		m.Pages = append(m.Pages, r.Page...)
	}
	return m
}

// ReadsFromProto unpacks a Read reply to refs. Pages alias the message.
func ReadsFromProto(m *pb.ReadReply, refs []PageRef) ([]PageRead, error) {
	switch {
	case len(m.GetVersions()) != len(refs):
		return nil, fmt.Errorf("%w: %d pages in answer to %d", ErrProtocol, len(m.GetVersions()), len(refs))
	case len(m.GetUnchanged()) != 0 && len(m.GetUnchanged()) != len(refs):
		return nil, fmt.Errorf("%w: %d marks for %d pages", ErrProtocol, len(m.GetUnchanged()), len(refs))
	case len(m.GetFrames()) != 0 && len(m.GetFrames()) != len(refs):
		return nil, fmt.Errorf("%w: %d frames for %d pages", ErrProtocol, len(m.GetFrames()), len(refs))
	}
	reads := make([]PageRead, len(refs))
	rest := m.GetPages()
	for i := range reads {
		reads[i].Version = page.LSN(m.GetVersions()[i])
		if len(m.GetFrames()) != 0 {
			reads[i].Frame = m.GetFrames()[i]
		}
		if len(m.GetUnchanged()) != 0 && m.GetUnchanged()[i] {
			if refs[i].Known == 0 || reads[i].Version != refs[i].Known {
				return nil, fmt.Errorf("%w: block %d is called unchanged since %v, which nobody asked", ErrProtocol, refs[i].Block, reads[i].Version)
			}
			reads[i].Unchanged = true
			continue
		}
		if len(rest) < page.Size {
			return nil, fmt.Errorf("%w: bytes of block %d are missing", ErrProtocol, refs[i].Block)
		}
		reads[i].Page, rest = page.Page(rest[:page.Size:page.Size]), rest[page.Size:]
	}
	if len(rest) != 0 {
		return nil, fmt.Errorf("%w: %d bytes after the last page", ErrProtocol, len(rest))
	}
	return reads, nil
}

// EditsToProto packs a Finish request.
func EditsToProto(annotation string, blocks []BlockEdit) *pb.Finish {
	m := &pb.Finish{Annotation: annotation, Blocks: make([]*pb.BlockEdit, len(blocks))}
	for i, b := range blocks {
		e := &pb.BlockEdit{
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

// EditsFromProto unpacks a Finish request and checks its form: no block twice, an edit list or one whole page, no
// more than MaxFinishBlocks. Edits themselves are judged when they are replayed. Bytes alias the message.
func EditsFromProto(m *pb.Finish) (annotation string, blocks []BlockEdit, err error) {
	if n := len(m.GetBlocks()); n > MaxFinishBlocks {
		return "", nil, fmt.Errorf("%w: %d, the limit is %d", ErrTooManyBlocks, n, MaxFinishBlocks)
	}
	if n := len(m.GetAnnotation()); n > MaxAnnotation {
		return "", nil, fmt.Errorf("%w: annotation of %d bytes, the limit is %d", ErrTooLarge, n, MaxAnnotation)
	}
	blocks = make([]BlockEdit, len(m.GetBlocks()))
	seen := make(map[uint32]bool, len(blocks))
	for i, e := range m.GetBlocks() {
		switch {
		case seen[e.GetBlock()]:
			return "", nil, invalidEdit(e, "it appears twice")
		case e.GetFlags()&^flagFullImage != 0:
			return "", nil, invalidEdit(e, "unknown flags %#x", e.GetFlags())
		case len(e.GetImage()) != 0 && len(e.GetForward()) != 0:
			return "", nil, invalidEdit(e, "it has both an edit list and an image")
		case len(e.GetImage()) != 0 && len(e.GetImage()) != page.Size:
			return "", nil, invalidEdit(e, "image of %d bytes, a page has %d", len(e.GetImage()), page.Size)
		case e.GetNewPage() && e.GetVersion() != 0:
			return "", nil, invalidEdit(e, "a new page has no version, the edit names %v", page.LSN(e.GetVersion()))
		}
		seen[e.GetBlock()] = true
		blocks[i] = BlockEdit{
			Block: page.BlockNumber(e.GetBlock()), Version: page.LSN(e.GetVersion()), New: e.GetNewPage(),
			FullImage: e.GetFlags()&flagFullImage != 0, Forward: e.GetForward(),
			ConflictHorizon: page.LSN(e.GetConflictHorizon()),
		}
		if len(e.GetImage()) != 0 {
			blocks[i].Image = page.Page(e.GetImage())
		}
	}
	return CleanText(m.GetAnnotation()), blocks, nil
}

func invalidEdit(e *pb.BlockEdit, format string, args ...any) *Error {
	return &Error{
		Code: pb.Code_INVALID_EDIT, Message: fmt.Sprintf("block %d: ", e.GetBlock()) + fmt.Sprintf(format, args...),
		Block: page.BlockNumber(e.GetBlock()), HasBlock: true,
	}
}

// LSNs packs versions.
func LSNs(v []page.LSN) []uint64 {
	m := make([]uint64, len(v))
	for i := range v {
		m[i] = uint64(v[i])
	}
	return m
}

// LSNsFrom unpacks want versions.
func LSNsFrom(m []uint64, want int) ([]page.LSN, error) {
	if len(m) != want {
		return nil, fmt.Errorf("%w: %d versions for %d blocks", ErrProtocol, len(m), want)
	}
	v := make([]page.LSN, want)
	for i := range m {
		v[i] = page.LSN(m[i])
	}
	return v, nil
}

// PagesFrom cuts bytes into pages; they alias b.
func PagesFrom(b []byte, limit int) ([]page.Page, error) {
	if len(b)%page.Size != 0 {
		return nil, fmt.Errorf("%w: %d bytes are no whole number of pages", ErrProtocol, len(b))
	}
	if len(b)/page.Size > limit {
		return nil, fmt.Errorf("%w: %d pages, the limit is %d", ErrTooLarge, len(b)/page.Size, limit)
	}
	pages := make([]page.Page, 0, len(b)/page.Size)
	for ; len(b) > 0; b = b[page.Size:] {
		pages = append(pages, page.Page(b[:page.Size:page.Size]))
	}
	return pages, nil
}

// JoinPages is the reverse of PagesFrom.
func JoinPages(pages []page.Page) []byte {
	b := make([]byte, 0, len(pages)*page.Size)
	for _, p := range pages {
		b = append(b, p...)
	}
	return b
}
