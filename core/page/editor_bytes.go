package page

// mergeGap is how many equal bytes between two changes are cheaper to log than a new edit is.
const mergeGap = 3

// Write stores b at off. The place must lie behind the header and outside of the hole. Bytes that do not change
// cost nothing.
func (e *Editor) Write(off int, b []byte) error {
	p := e.Page()
	if err := p.checkWritable(off, len(b)); err != nil {
		return err
	}
	if err := e.free([2]int{off, off + len(b)}); err != nil {
		return err
	}
	e.loose = e.loose || off < p.Upper()
	e.write(off, b)
	return nil
}

// write records the stretches in which b differs from the page, and copies it.
func (e *Editor) write(off int, b []byte) {
	old := e.page[off : off+len(b)]
	for i := 0; i < len(b); {
		if b[i] == old[i] {
			i++
			continue
		}
		end := i + 1 // behind the last difference
		for j := end; j < len(b) && j-end <= mergeGap; j++ {
			if b[j] != old[j] {
				end = j + 1
			}
		}
		e.recordWrite(off+i, old[i:end], b[i:end])
		i = end
	}
	copy(old, b)
}

func (e *Editor) recordWrite(off int, old, b []byte) {
	if e.wantLogged() {
		e.logged = appendEdit(e.logged, codeWrite, off, len(b))
		at := len(e.logged)
		e.logged = append(e.logged, b...)
		xorBytes(e.logged[at:], old)
	}
	if e.wantForward() {
		e.forward = append(appendEdit(e.forward, codeWrite, off, len(b)), b...)
	}
	e.recorded()
}

// Move copies n bytes from src to dst, both under the rules of Write; the ranges may overlap.
func (e *Editor) Move(dst, src, n int) error {
	p := e.Page()
	if err := p.checkMove(dst, src, n); err != nil {
		return err
	}
	if err := e.free([2]int{dst, dst + n}, [2]int{src, src + n}); err != nil {
		return err
	}
	if n == 0 || dst == src {
		return nil
	}
	e.other, e.loose = true, true
	if e.wantLogged() {
		from, length := overwritten(dst, src, n)
		lost := p[from : from+length]
		code := byte(codeMove)
		if isZero(lost) {
			code, lost = code|flagZero, nil
		}
		e.logged = append(appendEdit(e.logged, code, dst, src, n), lost...)
	}
	if e.wantForward() {
		e.forward = appendEdit(e.forward, codeMove, dst, src, n)
	}
	e.recorded()
	copy(p[dst:dst+n], p[src:src+n])
	return nil
}

// Fill stores n times the byte b at off, under the rules of Write.
func (e *Editor) Fill(off, n int, b byte) error {
	p := e.Page()
	if err := p.checkWritable(off, n); err != nil {
		return err
	}
	if err := e.free([2]int{off, off + n}); err != nil {
		return err
	}
	if n == 0 {
		return nil
	}
	e.other, e.loose = true, true
	dst := p[off : off+n]
	old, same := uniform(dst)
	if same && old == b {
		return nil
	}
	if e.wantForward() {
		e.forward = append(appendEdit(e.forward, codeFill, off, n), b)
	}
	if !same {
		e.logFill(off, dst, b)
	} else if e.wantLogged() {
		e.logged = append(appendEdit(e.logged, codeFill, off, n), old^b)
	}
	e.recorded()
	for i := range dst {
		dst[i] = b
	}
	return nil
}

// logFill logs a fill over bytes that are not all the same.
func (e *Editor) logFill(off int, old []byte, b byte) {
	if !e.wantLogged() {
		return
	}
	e.logged = appendEdit(e.logged, codeWrite, off, len(old))
	for _, o := range old {
		e.logged = append(e.logged, o^b)
	}
}

// SetSpecial stores b at off, counted from the start of the special area.
func (e *Editor) SetSpecial(off int, b []byte) error {
	s := e.Page().Special()
	if off < 0 || off+len(b) > Size-s || s < HeaderSize {
		return argErrorf("special area of %d bytes has no [%d,%d)", max(0, Size-s), off, off+len(b))
	}
	return e.Write(s+off, b)
}
