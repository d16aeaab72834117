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

// appendDiff appends the fragments in which two pages differ. It gives up, complete false, as soon as it has appended
// more than limit bytes: what is appended then is of no use. Only the first step of the comparison is by long
// strides, then eight bytes at a time.
func appendDiff(dst []byte, a, b Page, limit int) (out []byte, complete bool) {
	limit += len(dst)
	prev := ContentStart // end of the last fragment
	start, end := -1, 0  // the open fragment
	for i := ContentStart &^ 7; i < Size; {
		if i%diffStride == 0 && bytes.Equal(a[i:i+diffStride], b[i:i+diffStride]) {
			i += diffStride
			continue
		}
		x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:])
		if i < ContentStart {
			x &= ^uint64(0) << (8 * (ContentStart - i))
		}
		for ; x != 0; x &= ^uint64(0) << (bits.TrailingZeros64(x)&^7 + 8) {
			at := i + bits.TrailingZeros64(x)/8
			next := at + 1
			if (x-lowBits)&^x&highBits == 0 { // no byte of the word is equal
				at, next, x = i, i+8, 1<<63 // the last round of this word
			}
			if start >= 0 && at-end > diffGap {
				dst = appendFragment(dst, a, b, prev, start, end)
				prev, start = end, -1
				if len(dst) > limit {
					return dst, false
				}
			}
			if start < 0 {
				start = at
			}
			end = next
		}
		if start >= 0 && end-start+len(dst) > limit {
			return dst, false
		}
		i += 8
	}
	if start >= 0 {
		dst = appendFragment(dst, a, b, prev, start, end)
	}
	return dst, len(dst) <= limit
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
