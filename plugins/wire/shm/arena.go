package shm

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
)

// The memory of an arena, as package core/buffer lays it out: a header that says where things are, a descriptor for each frame
// with its version word and what it holds, and the pages.
const (
	arenaMagic   = "QUIREARN"
	arenaVersion = 1
	arenaHeader  = 40
	descriptor   = 32

	descriptorRel   = 8
	descriptorBlock = 12
	descriptorFork  = 16
)

// arenasReadable says whether two loads of the version word with a copy in between are done in that order. On other processors
// than this one the copy would need barriers that Go does not have.
const arenasReadable = Supported && runtime.GOARCH == "amd64"

// An Arena is the frames of an access method's pages in the host's memory, mapped for reading. The host changes them at any time: a page
// counts only if the version word of its frame was even and the same before and after it was copied. Version words never repeat, so
// a word that is still the same says that the frame still holds the same page, unchanged.
type Arena struct {
	bytes       []byte
	frames      uint32
	descriptors int
	pages       int
}

// MapArena maps the memory of an arena. It is there until the process ends.
func MapArena(file *os.File) (*Arena, error) {
	if !arenasReadable {
		return nil, fmt.Errorf("map an arena: %w: not on this processor", wire.ErrUnsupported)
	}
	bytes, err := mapRead(file)
	if err != nil {
		return nil, fmt.Errorf("map an arena: %w", err)
	}
	return ArenaOf(bytes)
}

// ArenaOf reads the header of an arena's memory.
func ArenaOf(bytes []byte) (*Arena, error) {
	if len(bytes) < arenaHeader || string(bytes[:8]) != arenaMagic {
		return nil, fmt.Errorf("%w: this is no arena", wire.ErrProtocol)
	}
	u32, u64 := binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
	frames, descriptors, pages, size := u64(bytes[16:]), u64(bytes[24:]), u64(bytes[32:]), uint64(len(bytes))
	switch {
	case u32(bytes[8:]) != arenaVersion || u32(bytes[12:]) != page.Size:
		return nil, fmt.Errorf("%w: arena of version %d with pages of %d bytes", wire.ErrProtocol, u32(bytes[8:]), u32(bytes[12:]))
	case frames == 0 || frames > size/page.Size || descriptors%8 != 0 || descriptors > size-frames*descriptor || pages > size-frames*page.Size:
		return nil, fmt.Errorf("%w: arena of %d bytes with %d frames, descriptors at %d, pages at %d", wire.ErrProtocol, size, frames, descriptors, pages)
	}
	return &Arena{bytes: bytes, frames: uint32(frames), descriptors: int(descriptors), pages: int(pages)}, nil
}

// Frames is the number of frames.
func (a *Arena) Frames() int { return int(a.frames) }

func (a *Arena) descriptor(frame uint32) []byte {
	at := a.descriptors + int(frame)*descriptor
	return a.bytes[at : at+descriptor]
}

// Word is the version word of a frame, 0 if there is no such frame. It is odd while the frame changes.
func (a *Arena) Word(frame uint32) uint64 {
	if frame >= a.frames {
		return 0
	}
	return (*atomic.Uint64)(unsafe.Pointer(&a.descriptor(frame)[0])).Load()
}

// holds reports whether a frame is described as holding a page. It counts if the version word stays the same.
func (a *Arena) holds(frame uint32, tag page.Tag) bool {
	d, u32 := a.descriptor(frame), binary.LittleEndian.Uint32
	return u32(d[descriptorRel:]) == uint32(tag.Rel) && u32(d[descriptorBlock:]) == uint32(tag.Block) && u32(d[descriptorFork:]) == uint32(tag.Fork)
}

func (a *Arena) page(frame uint32) page.Page {
	at := a.pages + int(frame)*page.Size
	return page.Page(a.bytes[at : at+page.Size])
}

// Version returns the version of a page and the word that says so, if the frame holds it and it is not changing right now.
func (a *Arena) Version(frame uint32, tag page.Tag) (word uint64, version page.LSN, ok bool) {
	word = a.Word(frame)
	if word == 0 || word&1 == 1 || !a.holds(frame, tag) {
		return 0, 0, false
	}
	version = a.page(frame).LSN()
	return word, version, a.Word(frame) == word
}

// Copy copies a page if the frame holds it and it does not change meanwhile, and returns the word that says so.
func (a *Arena) Copy(frame uint32, tag page.Tag, to page.Page) (word uint64, ok bool) {
	word = a.Word(frame)
	if word == 0 || word&1 == 1 || !a.holds(frame, tag) {
		return 0, false
	}
	copy(to, a.page(frame))
	return word, a.Word(frame) == word
}
