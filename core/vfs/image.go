package vfs

import "bytes"

const (
	// SectorSize is the unit that a crash keeps or loses, in bytes.
	SectorSize = 512

	chunkSize       = 4096
	sectorsPerChunk = chunkSize / SectorSize
	fullMask        = 1<<sectorsPerChunk - 1
)

// chunk is a piece of a file. Only the image whose token it carries may write to it; everyone else copies first.
type chunk struct {
	owner *token
	data  [chunkSize]byte
}

// token is the right to write in place. An image that shares its chunks takes a new token, which revokes the right
// for all of them at once. The type has a size, so that two tokens have two addresses.
type token struct{ _ byte }

// image is the content of a file at one time: chunks by number, a missing one all zero. Images share chunks, and
// the list of them, until one is written; so a copy costs nothing and a file of zeros no memory.
type image struct {
	size   int64
	chunks []*chunk
	own    *token // chunks with this owner are written in place
	shared bool   // the list is someone else's too: copy it before a change
}

// share returns a second image with the same content.
func (im *image) share() image {
	im.own = nil
	im.shared = true
	return image{size: im.size, chunks: im.chunks, shared: true}
}

func (im *image) chunk(i int64) *chunk {
	if i < int64(len(im.chunks)) {
		return im.chunks[i]
	}
	return nil
}

// set puts c at place i. The list grows as needed.
func (im *image) set(i int64, c *chunk) {
	if c == nil && i >= int64(len(im.chunks)) {
		return
	}
	if n := int64(len(im.chunks)); im.shared || i >= int64(cap(im.chunks)) {
		want := max(n, i+1)
		if i >= n {
			want = max(want, min(2*n, n+4096))
		}
		list := make([]*chunk, max(n, i+1), want)
		copy(list, im.chunks)
		im.chunks, im.shared = list, false
	} else if i >= n {
		im.chunks = im.chunks[:i+1]
	}
	im.chunks[i] = c
}

// writable returns chunk i for writing, a private copy if it was shared or missing.
func (im *image) writable(i int64) *chunk {
	c := im.chunk(i)
	w := im.replaceable(i)
	if c != nil && c != w {
		w.data = c.data
	}
	return w
}

// replaceable returns chunk i for writing all of it: a fresh one if it was shared or missing.
func (im *image) replaceable(i int64) *chunk {
	c := im.chunk(i)
	if c != nil && c.owner != nil && c.owner == im.own {
		return c
	}
	if im.own == nil {
		im.own = new(token)
	}
	w := &chunk{owner: im.own}
	im.set(i, w)
	return w
}

// read copies [off, off+len(p)) and does not look at the size.
func (im *image) read(p []byte, off int64) {
	for len(p) > 0 {
		i, at := off/chunkSize, off%chunkSize
		n := min(len(p), int(chunkSize-at))
		if c := im.chunk(i); c != nil {
			copy(p[:n], c.data[at:])
		} else {
			clear(p[:n])
		}
		p, off = p[n:], off+int64(n)
	}
}

// write stores p at off and does not look at the size. Zeros over a missing chunk stay missing.
func (im *image) write(p []byte, off int64) {
	for len(p) > 0 {
		i, at := off/chunkSize, off%chunkSize
		n := min(len(p), int(chunkSize-at))
		switch {
		case im.chunk(i) == nil && allZero(p[:n]):
		case n == chunkSize:
			copy(im.replaceable(i).data[:], p)
		default:
			copy(im.writable(i).data[at:], p[:n])
		}
		p, off = p[n:], off+int64(n)
	}
}

// clearFrom zeroes everything at and behind off.
func (im *image) clearFrom(off int64) {
	i := (off + chunkSize - 1) / chunkSize
	if at := off % chunkSize; at != 0 && im.chunk(off/chunkSize) != nil {
		clear(im.writable(off / chunkSize).data[at:])
	}
	if i < int64(len(im.chunks)) {
		im.chunks = im.chunks[:i:i] // capacity cut too: an append must not reach chunks of the past
	}
}

// copySectors takes the sectors in mask of chunk i from another image, the whole chunk shared if mask is full.
func (im *image) copySectors(from *image, i int64, mask uint8) {
	if mask == 0 {
		return
	}
	c := from.chunk(i)
	if mask == fullMask {
		from.own = nil
		im.set(i, c)
		return
	}
	if c == nil && im.chunk(i) == nil {
		return
	}
	w := im.writable(i)
	for s := range sectorsPerChunk {
		if mask&(1<<s) == 0 {
			continue
		}
		dst := w.data[s*SectorSize : (s+1)*SectorSize]
		if c == nil {
			clear(dst)
		} else {
			copy(dst, c.data[s*SectorSize:])
		}
	}
}

var zeroChunk [chunkSize]byte

// allZero reports whether p, at most a chunk long, holds only zero bytes.
func allZero(p []byte) bool { return bytes.Equal(p, zeroChunk[:len(p)]) }
