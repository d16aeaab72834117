package page

import (
	"bytes"
	"encoding/binary"
)

// checkInit fails unless the header is one that edits can work with.
func (p Page) checkInit() error {
	if _, _, ok := p.hole(); ok {
		return nil
	}
	if p.IsNew() {
		return layoutErrorf("the page is new: Init comes first")
	}
	return layoutErrorf("lower %d, upper %d, special %d are out of order", p.Lower(), p.Upper(), p.Special())
}

// checkWritable fails unless [off, off+n) lies behind the header and outside the hole.
func (p Page) checkWritable(off, n int) error {
	lower, upper, ok := p.hole()
	if !ok {
		return p.checkInit()
	}
	if n < 0 || off < HeaderSize || off > Size-n {
		return argErrorf("bytes [%d,%d) do not lie in [%d,%d)", off, off+n, HeaderSize, Size)
	}
	if n > 0 && lower < upper && off < upper && off+n > lower {
		return argErrorf("bytes [%d,%d) reach into the hole [%d,%d): SetBounds comes first", off, off+n, lower, upper)
	}
	return nil
}

// xor changes p[off:off+len(x)] by x, which is its own inverse.
func (p Page) xor(off int, x []byte) error {
	if err := p.checkWritable(off, len(x)); err != nil {
		return err
	}
	xorBytes(p[off:], x)
	return nil
}

func xorBytes(dst, x []byte) {
	for len(x) >= 8 {
		binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(dst)^binary.LittleEndian.Uint64(x))
		dst, x = dst[8:], x[8:]
	}
	for i, b := range x {
		dst[i] ^= b
	}
}

// fillXor changes each byte of a range by x.
func (p Page) fillXor(off, n int, x byte) error {
	if err := p.checkWritable(off, n); err != nil {
		return err
	}
	for i := range p[off : off+n] {
		p[off+i] ^= x
	}
	return nil
}

// uniform reports whether all bytes are equal, and to what.
func uniform(b []byte) (byte, bool) {
	return b[0], bytes.Equal(b[1:], b[:len(b)-1])
}

// overwritten is the part of a move's destination that does not survive at the source: [from, from+n).
func overwritten(dst, src, n int) (from, length int) {
	switch d := dst - src; {
	case d >= n || -d >= n:
		return dst, n
	case d > 0:
		return src + n, d
	default:
		return dst, -d
	}
}

// checkMove fails unless both ranges may be written: the way back writes the source.
func (p Page) checkMove(dst, src, n int) error {
	if err := p.checkWritable(dst, n); err != nil {
		return err
	}
	return p.checkWritable(src, n)
}

// move copies n bytes; the ranges may overlap. What it overwrites must be lost, nil for zeros.
func (p Page) move(dst, src, n int, lost []byte) error {
	if err := p.checkMove(dst, src, n); err != nil {
		return err
	}
	from, length := overwritten(dst, src, n)
	if old := p[from : from+length]; lost == nil && !isZero(old) || lost != nil && !bytes.Equal(old, lost) {
		return layoutErrorf("[%d,%d) has other bytes than the move was made for", from, from+length)
	}
	copy(p[dst:dst+n], p[src:src+n])
	return nil
}

// undoMove copies back and restores what the move overwrote; nil stands for zeros.
func (p Page) undoMove(dst, src, n int, lost []byte) error {
	if err := p.checkMove(dst, src, n); err != nil {
		return err
	}
	from, length := overwritten(dst, src, n)
	if from != dst || length != n { // the ranges overlap
		copy(p[src:src+n], p[dst:dst+n])
	}
	if lost == nil {
		clear(p[from : from+length])
		return nil
	}
	copy(p[from:from+length], lost)
	return nil
}
