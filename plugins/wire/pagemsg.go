package wire

import (
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire/pb"
)

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
