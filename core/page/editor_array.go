package page

// ArrayInsert puts elems, one or more elements of width bytes, at an index of a packed array that has count elements
// and begins at base. Where the array ends at lower, lower moves along (the page needs FlagArray); elsewhere as many
// zero bytes must follow the array. ErrNoSpace if it does not fit.
func (e *Editor) ArrayInsert(base, width, count, index int, elems []byte) error {
	a, p := array{base, width, count}, e.Page()
	lower := a.atLower(p)
	if err := p.checkArrayInsert(a, index, elems, lower); err != nil {
		return err
	}
	if len(elems) == 0 {
		return nil
	}
	if err := e.free([2]int{base + index*width, a.end() + len(elems)}); err != nil {
		return err
	}
	if err := p.arrayInsert(a, index, elems, lower); err != nil {
		return err
	}
	e.other, e.loose = true, true
	code := byte(codeArrayInsert)
	if lower {
		code |= flagLower
	}
	e.both(code, base, width, count, index, len(elems)/width)
	e.data(elems)
	return nil
}

// ArrayDelete removes the elements with these indexes, in increasing order, and closes the gaps. Where the array ends
// at lower, lower moves along; elsewhere zeros follow.
func (e *Editor) ArrayDelete(base, width, count int, indexes []int) error {
	a, p := array{base, width, count}, e.Page()
	if err := p.checkArray(a); err != nil {
		return err
	}
	if len(indexes) == 0 {
		return nil
	}
	prev := -1
	for _, i := range indexes {
		if i <= prev || i >= count {
			return argErrorf("element %d after %d of %d: they must increase", i, prev, count)
		}
		prev = i
	}
	if err := e.free([2]int{base, a.end()}); err != nil {
		return err
	}
	e.other, e.loose = true, true
	code := byte(codeArrayDelete)
	lower := a.atLower(p)
	if lower && !p.IsArray() {
		return argErrorf("an array that moves lower needs a page with FlagArray: pass it to Init")
	}
	if lower {
		code |= flagLower
	}
	set := encodeSet(e, indexes, 0)
	e.both(code, base, width, count)
	e.data(e.out)
	if e.wantLogged() {
		for _, i := range indexes {
			e.logged = append(e.logged, p[base+i*width:base+(i+1)*width]...)
		}
	}
	e.recorded()
	p.closeUp(a, set)
	if lower {
		p.setU16(offLower, a.end()-len(indexes)*width)
	}
	return nil
}
