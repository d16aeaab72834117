package page

// Init makes the copy an empty page with a special area of at least specialSize bytes (rounded up to 8) and these
// flags. Over a page that has content the change becomes a barrier or a long diff: prefer to delete what is there.
func (e *Editor) Init(specialSize int, flags uint16) error {
	if err := e.free([2]int{HeaderSize, Size}); err != nil {
		return err
	}
	if err := e.Page().initialise(specialSize, flags); err != nil {
		return err
	}
	if !e.raw {
		e.logged, e.compare = e.logged[:0], false // nothing before Init matters
		e.forward, e.overflow = e.forward[:0], false
	}
	e.reinit, e.loose, e.other = !e.fresh, false, true
	e.both(codeInit, specialSize, int(flags))
	return nil
}

// SetFlags stores the flag word.
func (e *Editor) SetFlags(flags uint16) error {
	p := e.Page()
	if err := p.checkInit(); err != nil {
		return err
	}
	e.other, e.loose = true, true
	old := p.Flags()
	if old == flags {
		return nil
	}
	if e.wantLogged() {
		e.logged = appendEdit(e.logged, codeFlags, int(old^flags))
	}
	if e.wantForward() {
		e.forward = appendEdit(e.forward, codeFlags, int(flags))
	}
	e.recorded()
	p.SetFlags(flags)
	return nil
}

// SetBounds moves the hole to [lower,upper). Bytes that join the hole must be zero already: Fill them first.
func (e *Editor) SetBounds(lower, upper int) error {
	p := e.Page()
	if err := e.free([2]int{lower, upper}); err != nil {
		return err
	}
	e.other, e.loose = true, true
	oldLower, oldUpper := p.Lower(), p.Upper()
	if err := p.setBounds(lower, upper); err != nil {
		return err
	}
	if lower == oldLower && upper == oldUpper {
		return nil
	}
	if e.wantLogged() {
		e.logged = appendSigned(appendSigned(append(e.logged, codeBounds), lower-oldLower), upper-oldUpper)
	}
	if e.wantForward() {
		e.forward = appendEdit(e.forward, codeBounds, lower, upper)
	}
	e.recorded()
	return nil
}

// StampLSN reserves the eight bytes at off, zero so far, for the LSN of the record itself: they receive it (little
// endian) when the record is inserted. In the copy they stay zero. No later edit may touch them (P6).
func (e *Editor) StampLSN(off int) error {
	if err := e.Page().checkStamp(off); err != nil {
		return err
	}
	if err := e.free([2]int{off, off + stampSize}); err != nil {
		return err
	}
	e.stamps = append(e.stamps, uint16(off))
	e.plain++
	e.both(codeStamp, off)
	e.recorded()
	return nil
}
