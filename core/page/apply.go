package page

// Apply makes the old page p the new one; lsn goes where the change is stamped. The header's LSN and checksum are left
// alone: Seal them. On an error p may hold anything: give a copy, or stop.
func (c Change) Apply(p Page, lsn LSN) error {
	if len(p) != Size {
		return layoutErrorf("%d bytes instead of %d", len(p), Size)
	}
	if c.NewPage {
		clear(p[ContentStart:])
	}
	if c.Mode == ModeEdits {
		return p.applyEdits(c.Payload, lsn)
	}
	d := decoder{b: c.Payload}
	stamps, err := c.stamps(&d)
	if err != nil {
		return err
	}
	switch c.Mode {
	case ModeDiff:
		err = p.applyDiff(d.b)
	case ModeImage:
		err = p.applyImage(d.b)
	default:
		err = malformedf("unknown mode %d", uint8(c.Mode))
	}
	if err != nil {
		return err
	}
	for d := (decoder{b: stamps}); len(d.b) > 0; {
		if err := p.stamp(d.number(), lsn); err != nil {
			return err
		}
	}
	return nil
}

// Undo makes the new page p the old one, as Apply does forwards. lsn is the one that Apply was given. ErrBarrier if
// there is no way back.
func (c Change) Undo(p Page, lsn LSN) error {
	switch {
	case len(p) != Size:
		return layoutErrorf("%d bytes instead of %d", len(p), Size)
	case c.NewPage:
		clear(p[ContentStart:])
		return nil
	case c.Barrier || c.Mode == ModeImage:
		return ErrBarrier
	case c.Mode == ModeEdits:
		return p.undoEdits(c.Payload, lsn)
	case c.Mode != ModeDiff:
		return malformedf("unknown mode %d", uint8(c.Mode))
	}
	d := decoder{b: c.Payload}
	stamps, err := c.stamps(&d)
	if err != nil {
		return err
	}
	for d := (decoder{b: stamps}); len(d.b) > 0; {
		if err := p.unstamp(d.number(), lsn); err != nil {
			return err
		}
	}
	return p.applyDiff(d.b)
}

// stamps reads the stamps before a diff or an image: their offsets, encoded. No two may overlap, or they could not be taken back.
func (c Change) stamps(d *decoder) ([]byte, error) {
	if !c.Stamped {
		return nil, nil
	}
	all := d.b
	k := d.number()
	first := len(all) - len(d.b)
	var taken [Size / 64]uint64 // a bit for each byte
	for range k {
		off := d.number()
		if d.err != nil {
			return nil, d.err
		}
		for i := off; i < min(off+stampSize, Size); i++ {
			if taken[i/64]&(1<<(i%64)) != 0 {
				return nil, malformedf("two LSNs overlap at %d", i)
			}
			taken[i/64] |= 1 << (i % 64)
		}
	}
	if d.err != nil {
		return nil, d.err
	}
	return all[first : len(all)-len(d.b)], nil
}

func (p Page) applyImage(b []byte) error {
	if len(b) < HeaderSize-ContentStart || len(b) > Size-ContentStart {
		return malformedf("image of %d bytes", len(b))
	}
	copy(p[ContentStart:HeaderSize], b)
	if want := imageSize(p); len(b) != want {
		return malformedf("image of %d bytes, its header needs %d", len(b), want)
	}
	lower, upper, ok := p.hole()
	if !ok {
		copy(p[ContentStart:], b)
		return nil
	}
	n := copy(p[ContentStart:lower], b)
	clear(p[lower:upper])
	copy(p[upper:], b[n:])
	return nil
}

// applyEdits runs a logged list.
func (p Page) applyEdits(list []byte, lsn LSN) error {
	d := decoder{b: list}
	for i := 0; len(d.b) > 0; i++ {
		code := d.b[0]
		ed, err := decodeLogged(&d)
		if err == nil {
			err = p.apply(&ed, lsn)
		}
		if err != nil {
			return &EditError{i, codeName(code), err}
		}
	}
	return nil
}

// apply runs one logged edit.
func (p Page) apply(ed *edit, lsn LSN) error {
	switch ed.code & codeMask {
	case codeWrite:
		return p.xor(ed.off, ed.data)
	case codeFill:
		return p.fillXor(ed.off, ed.n, ed.data[0])
	case codeMove:
		return p.move(ed.off, ed.src, ed.n, ed.data)
	case codeInsert:
		return p.insertItem(ed.insertAt(p.NumItems()+1), ed.data)
	case codePut:
		return p.putItem(ed.at, ed.data)
	case codeDelete:
		return p.deleteItems(ed)
	case codeResize:
		return p.resizeItem(ed.at, ed.old, ed.data)
	case codeArrayInsert:
		return p.arrayInsert(ed.array(), ed.index, ed.data, ed.has(flagLower))
	case codeArrayDelete:
		return p.arrayDelete(ed.array(), ed.set, ed.data, ed.has(flagLower))
	case codeFlags:
		p.SetFlags(p.Flags() ^ uint16(ed.off))
	case codeBounds:
		return p.setBounds(p.Lower()+ed.off, p.Upper()+ed.src)
	case codeStamp:
		return p.stamp(ed.off, lsn)
	case codeInit:
		return p.initialise(ed.off, uint16(ed.n))
	}
	return nil
}

func (ed *edit) array() array { return array{ed.off, ed.width, ed.count} }

// insertAt is the line pointer of an insertion, end if it is left out.
func (ed *edit) insertAt(end int) int {
	if ed.has(flagEnd) {
		return end
	}
	return ed.at
}

// undoEdits runs a logged list backwards.
func (p Page) undoEdits(list []byte, lsn LSN) error {
	var buf [64]int32
	starts := buf[:0]
	d := decoder{b: list}
	for len(d.b) > 0 {
		code := d.b[0]
		starts = append(starts, int32(len(list)-len(d.b)))
		if _, err := decodeLogged(&d); err != nil {
			return &EditError{len(starts) - 1, codeName(code), err}
		}
	}
	for i := len(starts) - 1; i >= 0; i-- {
		d := decoder{b: list[starts[i]:]}
		ed, err := decodeLogged(&d)
		if err == nil {
			err = p.undo(&ed, lsn)
		}
		if err != nil {
			return &EditError{i, "undo " + codeName(ed.code), err}
		}
	}
	return nil
}

// undo takes one logged edit back.
func (p Page) undo(ed *edit, lsn LSN) error {
	switch ed.code & codeMask {
	case codeMove:
		return p.undoMove(ed.off, ed.src, ed.n, ed.data)
	case codeInsert:
		return p.undoInsertItem(ed.insertAt(p.NumItems()), ed.data)
	case codePut:
		return p.undoPutItem(ed.at, ed.data)
	case codeDelete:
		return p.undoDeleteItems(ed)
	case codeResize:
		return p.resizeItem(ed.at, ed.data, ed.old)
	case codeArrayInsert:
		return p.undoArrayInsert(ed.array(), ed.index, ed.n, ed.data, ed.has(flagLower))
	case codeArrayDelete:
		return p.undoArrayDelete(ed.array(), ed.set, ed.data, ed.has(flagLower))
	case codeBounds:
		return p.setBounds(p.Lower()-ed.off, p.Upper()-ed.src)
	case codeStamp:
		return p.unstamp(ed.off, lsn)
	case codeInit:
		return ErrBarrier
	}
	return p.apply(ed, lsn) // write, fill and flags are their own inverse
}
