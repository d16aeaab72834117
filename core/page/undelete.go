package page

// undoDeleteItems puts back what deleteItems removed, each item at its old offset. The items that stayed move to the
// places between, in the order in which they lie: a packed page can have been arranged in no other way.
func (p Page) undoDeleteItems(ed *edit) error {
	if err := p.checkItems(); err != nil {
		return err
	}
	var order itemOrder
	if !p.packed(&order) {
		return layoutErrorf("items do not fill [%d,%d)", p.Upper(), p.Special())
	}
	var ends removedEnds
	size, err := p.placeRemoved(ed, &ends)
	if err != nil {
		return err
	}
	lower, upper := p.Lower(), p.Upper()-size
	if !ed.has(flagKeepSlots) {
		lower += ed.set.len() * lpSize
	}
	if lower > upper {
		return layoutErrorf("no room for what was deleted")
	}
	if err := p.checkReturn(ed); err != nil {
		return err
	}
	if err := p.spread(&order, &ends, upper); err != nil {
		return err
	}
	p.returnSlots(ed)
	p.setU16(offLower, lower)
	p.setU16(offUpper, upper)
	for it := p.removed(ed); it.next(); {
		if it.data == nil {
			continue
		}
		off := it.id.Offset()
		clear(p[off+len(it.data) : Align(off+len(it.data))])
		copy(p[off:], it.data)
	}
	return nil
}

// removedEnds has, for each unit of MaxAlign bytes, the size in units of the removed item that ends there.
type removedEnds [Size/MaxAlign + 1]uint16

// placeRemoved notes where removed items go and returns their total size in bytes.
func (p Page) placeRemoved(ed *edit, ends *removedEnds) (int, error) {
	total := 0
	it := p.removed(ed)
	for it.next() {
		if it.data == nil {
			continue
		}
		off, size := it.id.Offset(), Align(len(it.data))
		if off%MaxAlign != 0 || off+size > p.Special() || ends[(off+size)/MaxAlign] != 0 {
			return 0, layoutErrorf("removed item %d cannot lie at %d", it.i+1, off)
		}
		ends[(off+size)/MaxAlign] = uint16(size / MaxAlign)
		total += size
	}
	if total > Size {
		return 0, layoutErrorf("more was removed than a page holds")
	}
	return total, it.d.err
}

// checkReturn fails unless the line pointers of the set can come back.
func (p Page) checkReturn(ed *edit) error {
	n := p.NumItems()
	keep := ed.has(flagKeepSlots)
	if !keep {
		n += ed.set.len()
	}
	for it := ed.set.iter(); it.next(); {
		if it.v >= n {
			return layoutErrorf("no line pointer %d", it.v+1)
		}
		if keep && p.itemID(it.v+1) != 0 {
			return layoutErrorf("line pointer %d is in use", it.v+1)
		}
	}
	return nil
}

// spread moves the items of a packed page downwards so that the places in ends are free. All items then begin at
// upper or above. It changes nothing if it returns an error.
func (p Page) spread(order *itemOrder, ends *removedEnds, upper int) error {
	var to [Size / MaxAlign]uint16 // new unit of the item that begins at a unit
	w := p.Special() / MaxAlign    // places from w upwards are given away
	skip := func() {
		for w > upper/MaxAlign && ends[w] != 0 {
			w -= int(ends[w])
		}
	}
	for u := p.Special()/MaxAlign - 1; u >= p.Upper()/MaxAlign; u-- {
		if order[u] == 0 {
			continue
		}
		skip()
		w -= order[u].units()
		if w < upper/MaxAlign {
			break
		}
		to[u] = uint16(w)
	}
	skip()
	if w != upper/MaxAlign {
		return layoutErrorf("what was removed does not fit between the items")
	}
	for u := p.Upper() / MaxAlign; u < p.Special()/MaxAlign; u++ {
		i := order[u].item()
		if i == 0 || int(to[u]) == u {
			continue
		}
		id := p.itemID(i)
		off, size := int(to[u])*MaxAlign, order[u].units()*MaxAlign
		copy(p[off:off+size], p[u*MaxAlign:u*MaxAlign+size])
		p.setItemID(i, makeItemID(off, id.Flags(), id.Length()))
	}
	return nil
}

// returnSlots puts the line pointers of a deletion back. checkReturn has passed and the room is there.
func (p Page) returnSlots(ed *edit) {
	if ed.has(flagKeepSlots) {
		for it := p.removed(ed); it.next(); {
			p.setItemID(it.i+1, it.id)
		}
		return
	}
	var buf [Size]byte
	kept := Page(buf[:])
	copy(kept, p[:p.Lower()])
	r, w, n := 1, 1, p.NumItems() // line pointers from 1: read of kept, written of p
	for it := p.removed(ed); it.next(); w++ {
		for ; w < it.i+1 && r <= n; w++ {
			p.setItemID(w, kept.itemID(r))
			r++
		}
		p.setItemID(w, it.id)
	}
	for ; r <= n; r++ {
		p.setItemID(w, kept.itemID(r))
		w++
	}
}
