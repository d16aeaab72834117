package page

import "bytes"

// array is a packed array of count elements of width bytes that begins at base.
type array struct{ base, width, count int }

func (a array) end() int { return a.base + a.count*a.width }

// atLower reports whether growth of the array moves lower.
func (a array) atLower(p Page) bool {
	return a.end() == p.Lower() && (a.base < p.Lower() || p.IsArray())
}

func (p Page) checkArray(a array) error {
	if a.width < 1 || a.width > Size || a.count < 0 || a.count > Size {
		return argErrorf("array of %d elements of %d bytes", a.count, a.width)
	}
	return p.checkWritable(a.base, a.count*a.width)
}

// checkArrayInsert fails unless elems, a whole number of elements, fit at index.
func (p Page) checkArrayInsert(a array, index int, elems []byte, lower bool) error {
	if err := p.checkArray(a); err != nil {
		return err
	}
	if index < 0 || index > a.count {
		return argErrorf("insert at element %d of %d", index, a.count)
	}
	if len(elems)%a.width != 0 {
		return argErrorf("%d bytes are no whole number of elements of %d bytes", len(elems), a.width)
	}
	if !lower {
		if err := p.checkWritable(a.base, a.count*a.width+len(elems)); err != nil {
			return err
		}
		if !isZero(p[a.end() : a.end()+len(elems)]) {
			return noSpaceErrorf("the %d bytes behind the array are in use", len(elems))
		}
		return nil
	}
	switch have := p.Upper() - p.Lower(); {
	case !p.IsArray():
		return argErrorf("an array that moves lower needs a page with FlagArray: pass it to Init")
	case a.end() != p.Lower():
		return argErrorf("the array ends at %d, not at lower %d", a.end(), p.Lower())
	case len(elems) > have:
		return noSpaceErrorf("%d bytes of elements, the hole has %d", len(elems), have)
	case !isZero(p[a.end() : a.end()+len(elems)]):
		return layoutErrorf("the hole [%d,%d) is not zero", p.Lower(), p.Upper())
	}
	return nil
}

// arrayInsert shifts the elements from index upwards and puts elems there. Behind the array lie zeros: the hole, and
// then lower moves along, or slack that the owner keeps.
func (p Page) arrayInsert(a array, index int, elems []byte, lower bool) error {
	if err := p.checkArrayInsert(a, index, elems, lower); err != nil {
		return err
	}
	at := a.base + index*a.width
	copy(p[at+len(elems):], p[at:a.end()])
	copy(p[at:], elems)
	if lower {
		p.setU16(offLower, p.Lower()+len(elems))
	}
	return nil
}

// undoArrayInsert takes k elements at index away, of an array that had a.count before.
func (p Page) undoArrayInsert(a array, index, k int, elems []byte, lower bool) error {
	grown := array{a.base, a.width, a.count + k}
	if err := p.checkArray(grown); err != nil {
		return err
	}
	at := a.base + index*a.width
	if index < 0 || index > a.count || lower && grown.end() != p.Lower() || !bytes.Equal(p[at:at+len(elems)], elems) {
		return layoutErrorf("the array does not hold the elements inserted at %d", index)
	}
	copy(p[at:], p[at+len(elems):grown.end()])
	clear(p[a.end():grown.end()])
	if lower {
		p.setU16(offLower, a.end())
	}
	return nil
}

// arrayDelete removes the elements of a set, which the page must hold as they are in removed, and closes up. Lower
// moves along if the array ends there, else zeros follow.
func (p Page) arrayDelete(a array, set numberSet, removed []byte, lower bool) error {
	if err := p.checkArray(a); err != nil {
		return err
	}
	if lower && (a.end() != p.Lower() || !p.IsArray()) {
		return argErrorf("the array ends at %d, not at lower %d", a.end(), p.Lower())
	}
	at := 0
	for it := set.iter(); it.next(); at += a.width {
		if it.v >= a.count {
			return argErrorf("element %d of %d", it.v, a.count)
		}
		if e := a.base + it.v*a.width; !bytes.Equal(p[e:e+a.width], removed[at:at+a.width]) {
			return layoutErrorf("element %d is not the one to delete", it.v)
		}
	}
	p.closeUp(a, set)
	if lower {
		p.setU16(offLower, a.end()-set.len()*a.width)
	}
	return nil
}

// closeUp moves the elements that stay together and zeroes the rest of the array.
func (p Page) closeUp(a array, set numberSet) {
	w, r := a.base, a.base
	for it := set.iter(); it.next(); {
		e := a.base + it.v*a.width
		w += copy(p[w:], p[r:e])
		r = e + a.width
	}
	w += copy(p[w:], p[r:a.end()])
	clear(p[w:a.end()])
}

// undoArrayDelete puts removed elements back at their places in an array that had a.count elements before.
func (p Page) undoArrayDelete(a array, set numberSet, removed []byte, lower bool) error {
	k := set.len()
	shrunk := array{a.base, a.width, a.count - k}
	if err := p.checkArray(shrunk); err != nil {
		return err
	}
	for it := set.iter(); it.next(); {
		if it.v >= a.count {
			return layoutErrorf("no element %d of %d", it.v, a.count)
		}
	}
	if lower && shrunk.end() != p.Lower() {
		return layoutErrorf("the array ends at %d, not at lower %d", shrunk.end(), p.Lower())
	}
	if lower && a.end() > p.Upper() {
		return layoutErrorf("no room for %d elements", k)
	}
	if !lower {
		if err := p.checkArray(a); err != nil {
			return err
		}
	}
	if !isZero(p[shrunk.end():a.end()]) {
		return layoutErrorf("the bytes behind the array are not zero")
	}
	var buf [Size]byte
	kept := buf[:copy(buf[:], p[shrunk.base:shrunk.end()])]
	w := a.base
	for it := set.iter(); it.next(); {
		n := copy(p[w:a.base+it.v*a.width], kept)
		kept, w = kept[n:], w+n
		w += copy(p[w:], removed[:a.width])
		removed = removed[a.width:]
	}
	copy(p[w:a.end()], kept)
	if lower {
		p.setU16(offLower, a.end())
	}
	return nil
}
