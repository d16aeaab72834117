package page

import "encoding/binary"

// initialise makes an empty page with a special area of at least specialSize bytes.
func (p Page) initialise(specialSize int, flags uint16) error {
	if specialSize < 0 || Align(specialSize) > Size-HeaderSize {
		return argErrorf("special area of %d bytes, at most %d fit", specialSize, Size-HeaderSize)
	}
	clear(p[ContentStart:])
	special := Size - Align(specialSize)
	p.SetFlags(flags)
	p.setU16(offLower, HeaderSize)
	p.setU16(offUpper, special)
	p.setU16(offSpecial, special)
	p.setU16(offVersion, sizeVersion)
	return nil
}

// setBounds moves the hole. What joins the hole must be zero already.
func (p Page) setBounds(lower, upper int) error {
	oldLower, oldUpper, ok := p.hole()
	if !ok {
		return p.checkInit()
	}
	if lower < HeaderSize || lower > upper || upper > p.Special() {
		return argErrorf("bounds %d and %d do not satisfy %d <= lower <= upper <= %d",
			lower, upper, HeaderSize, p.Special())
	}
	if !isZero(p[lower:upper]) {
		return argErrorf("[%d,%d) cannot become the hole: it is not zero outside of the old one [%d,%d)",
			lower, upper, oldLower, oldUpper)
	}
	p.setU16(offLower, lower)
	p.setU16(offUpper, upper)
	return nil
}

const stampSize = 8

// checkStamp fails unless eight zero bytes outside the hole wait at off.
func (p Page) checkStamp(off int) error {
	if err := p.checkWritable(off, stampSize); err != nil {
		return err
	}
	if !isZero(p[off : off+stampSize]) {
		return argErrorf("the bytes [%d,%d) for the LSN are not zero", off, off+stampSize)
	}
	return nil
}

// stamp puts lsn where zeros wait for it.
func (p Page) stamp(off int, lsn LSN) error {
	if err := p.checkStamp(off); err != nil {
		return err
	}
	binary.LittleEndian.PutUint64(p[off:], uint64(lsn))
	return nil
}

// unstamp takes lsn away again.
func (p Page) unstamp(off int, lsn LSN) error {
	if err := p.checkWritable(off, stampSize); err != nil {
		return err
	}
	if got := binary.LittleEndian.Uint64(p[off:]); got != uint64(lsn) {
		return layoutErrorf("LSN %v at %d, stamped was %v", LSN(got), off, lsn)
	}
	clear(p[off : off+stampSize])
	return nil
}
