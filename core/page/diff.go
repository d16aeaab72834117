package page

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// diffGap is how many equal bytes between two differences go along in one fragment: less than a new header costs.
const diffGap = 2

// diffStride is the unit in which equal stretches are skipped, in bytes; it divides the page.
const diffStride = 256

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// differ collects the fragments of a diff.
type differ struct {
	a, b       *[Size]byte
	dst        []byte
	prev       int // end of the last fragment
	start, end int // the open fragment; none if start is 0
}

// appendDiff appends the fragments in which two pages differ. It gives up, complete false, once it has appended more
// than limit bytes: what is appended then is of no use. Equal stretches are skipped by long strides, the rest is
// compared eight bytes at a time.
func appendDiff(dst []byte, a, b Page, limit int) (out []byte, complete bool) {
	d := differ{a: (*[Size]byte)(a), b: (*[Size]byte)(b), dst: dst, prev: ContentStart}
	limit += len(dst)
	for i := ContentStart &^ 7; i < Size; i += 8 {
		for i&(diffStride-1) == 0 && bytes.Equal(d.a[i:i+diffStride], d.b[i:i+diffStride]) {
			if i += diffStride; i == Size {
				return d.finish(limit)
			}
		}
		x := binary.LittleEndian.Uint64(d.a[i:]) ^ binary.LittleEndian.Uint64(d.b[i:])
		if x == 0 {
			continue
		}
		if i < ContentStart {
			x = x >> (8 * (ContentStart & 7)) << (8 * (ContentStart & 7))
		}
		if d.end == i && (x-lowBits)&^x&highBits == 0 { // every byte differs: the open fragment grows
			d.end = i + 8
		} else {
			d.word(i, x)
		}
		if d.end-d.start+len(d.dst) > limit {
			return d.dst, false
		}
	}
	return d.finish(limit)
}

// word takes in the differences of the eight bytes at i; x is their XOR.
func (d *differ) word(i int, x uint64) {
	for x != 0 {
		lo := bits.TrailingZeros64(x) >> 3
		rest := x >> (8 * lo)
		n := 8 - lo // differing bytes in a row
		if zero := (rest - lowBits) &^ rest & highBits; zero != 0 {
			n = min(n, bits.TrailingZeros64(zero)>>3)
		}
		if at := i + lo; d.start == 0 || at-d.end > diffGap {
			d.flush()
			d.start = at
		}
		d.end = i + lo + n
		if lo+n == 8 {
			return
		}
		x = x >> (8 * (lo + n)) << (8 * (lo + n))
	}
}

// flush appends the open fragment.
func (d *differ) flush() {
	if d.start > 0 {
		d.dst = appendFragment(d.dst, d.a[:], d.b[:], d.prev, d.start, d.end)
		d.prev, d.start = d.end, 0
	}
}

func (d *differ) finish(limit int) ([]byte, bool) {
	d.flush()
	return d.dst, len(d.dst) <= limit
}

func appendFragment(dst []byte, a, b Page, prev, start, end int) []byte {
	dst = appendNumber(appendNumber(dst, start-prev), end-start)
	at := len(dst)
	dst = append(dst, a[start:end]...)
	xorBytes(dst[at:], b[start:end])
	return dst
}

// applyDiff changes p by a list of fragments, in either direction.
func (p Page) applyDiff(payload []byte) error {
	d := decoder{b: payload}
	at := ContentStart
	for i := 0; len(d.b) > 0; i++ {
		skip, n := d.number(), d.number()
		x := d.bytes(n)
		if d.err != nil {
			return &EditError{i, "diff", d.err}
		}
		if at += skip; at+n > Size {
			return &EditError{i, "diff", malformedf("fragment [%d,%d) leaves the page", at, at+n)}
		}
		xorBytes(p[at:], x)
		at += n
	}
	return p.checkHole()
}

// checkHole fails if the page has a hole that is not zero.
func (p Page) checkHole() error {
	lower, upper, ok := p.hole()
	if ok && !isZero(p[lower:upper]) {
		return layoutErrorf("the hole [%d,%d) is not zero: the change was made for another page", lower, upper)
	}
	return nil
}
