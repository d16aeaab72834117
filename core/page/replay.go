package page

// Replay runs a forward list of another Editor on this one. The list is not trusted: each edit is decoded with bounds
// checked and goes through the method its author called. On an error, an *EditError, the edits before the bad one
// have been done: Reset, or drop the Editor.
func (e *Editor) Replay(forward []byte) error {
	if len(forward) > MaxForward {
		return malformedf("edit list of %d bytes, at most %d", len(forward), MaxForward)
	}
	d := decoder{b: forward}
	for i := 0; len(d.b) > 0; i++ {
		code := d.b[0]
		ed, err := decodeForward(&d)
		if err == nil {
			err = e.run(&ed)
		}
		if err != nil {
			return &EditError{i, codeName(code), err}
		}
	}
	return nil
}

// run does one forward edit.
func (e *Editor) run(ed *edit) error {
	switch ed.code & codeMask {
	case codeWrite:
		return e.Write(ed.off, ed.data)
	case codeFill:
		return e.Fill(ed.off, ed.n, ed.data[0])
	case codeMove:
		return e.Move(ed.off, ed.src, ed.n)
	case codeInsert:
		return e.InsertItem(OffsetNumber(ed.insertAt(e.Page().NumItems()+1)), ed.data)
	case codePut:
		return e.PutItem(OffsetNumber(ed.at), ed.data)
	case codeDelete:
		e.offs = e.offs[:0]
		for it := ed.set.iter(); it.next(); {
			if it.v >= Size {
				return argErrorf("line pointer %d", it.v+1)
			}
			e.offs = append(e.offs, OffsetNumber(it.v+1))
		}
		return e.DeleteItems(e.offs, ed.has(flagKeepSlots))
	case codeResize:
		return e.OverwriteItem(OffsetNumber(ed.at), ed.data)
	case codeArrayInsert:
		return e.ArrayInsert(ed.off, ed.width, ed.count, ed.index, ed.data)
	case codeArrayDelete:
		e.indexes = e.indexes[:0]
		for it := ed.set.iter(); it.next(); {
			if it.v >= Size {
				return argErrorf("element %d", it.v)
			}
			e.indexes = append(e.indexes, it.v)
		}
		return e.ArrayDelete(ed.off, ed.width, ed.count, e.indexes)
	case codeFlags:
		return e.SetFlags(uint16(ed.off))
	case codeBounds:
		return e.SetBounds(ed.off, ed.src)
	case codeStamp:
		return e.StampLSN(ed.off)
	case codeInit:
		return e.Init(ed.off, uint16(ed.n))
	}
	return nil
}
