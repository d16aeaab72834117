package walrec

import (
	"encoding/binary"
	"fmt"

	"github.com/quiredb/quire/core/page"
)

// A page image leaves the hole out. A page of zeros is all hole; one whose bounds make no sense, or whose hole is not
// zero, has no hole.
//
//	+--------+----------------+------------------+-------------------+
//	| from v | length v       | bytes [0, from)  | bytes behind hole |
//	+--------+----------------+------------------+-------------------+
//
// The hole is [from, from+length). No hole is 0, 0.

// appendImage appends the image of a page.
func appendImage(dst []byte, p page.Page) []byte {
	if len(p) != page.Size {
		panic(fmt.Sprintf("walrec: page image of %d bytes, a page has %d", len(p), page.Size))
	}
	from, to := hole(p)
	dst = binary.AppendUvarint(dst, uint64(from))
	dst = binary.AppendUvarint(dst, uint64(to-from))
	dst = append(dst, p[:from]...)
	return append(dst, p[to:]...)
}

// hole returns the bytes [from, to) of p that need not be stored.
func hole(p page.Page) (from, to int) {
	if isZero(p) {
		return 0, page.Size
	}
	from, to = p.Lower(), p.Upper()
	if from < page.HeaderSize || from >= to || to > page.Size || !isZero(p[from:to]) {
		return 0, 0
	}
	return from, to
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// image reads a page image. A hole that appendImage would not have chosen is refused, so that each page has one form.
func (d *decoder) image() page.Page {
	from := int(d.uint("hole", page.Size))
	length := int(d.uint("hole length", uint64(page.Size-from)))
	b := d.bytes("page", page.Size-length)
	if d.err != nil {
		return nil
	}
	p := page.New()
	copy(p, b[:from])
	copy(p[from+length:], b[from:])
	if f, t := hole(p); f != from || t != from+length {
		d.fail("hole", fmt.Sprintf("[%d,%d) is not the hole of this page", from, from+length))
		return nil
	}
	return p
}
