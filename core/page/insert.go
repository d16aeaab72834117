package page

// checkItems fails unless the page has line pointers that item edits can work with, and room is a multiple of units.
func (p Page) checkItems() error {
	if err := p.checkInit(); err != nil {
		return err
	}
	switch {
	case p.IsArray():
		return argErrorf("the page has FlagArray and therefore no items")
	case (p.Lower()-HeaderSize)%lpSize != 0:
		return layoutErrorf("lower %d cuts a line pointer", p.Lower())
	case p.Upper()%MaxAlign != 0:
		return layoutErrorf("upper %d is not a multiple of %d", p.Upper(), MaxAlign)
	}
	return nil
}

// checkRoom fails unless the hole has place for an item of length n and for lps more line pointers.
func (p Page) checkRoom(n, lps int) error {
	if n < 1 || n > MaxItemSize {
		return argErrorf("item of %d bytes, allowed are 1 to %d", n, MaxItemSize)
	}
	lower, upper := p.Lower(), p.Upper()
	if have := upper - lower; Align(n)+lps*lpSize > have {
		return noSpaceErrorf("item of %d bytes needs %d, the hole has %d", n, Align(n)+lps*lpSize, have)
	}
	if !isZero(p[lower:lower+lps*lpSize]) || !isZero(p[upper-Align(n):upper]) {
		return layoutErrorf("the hole [%d,%d) is not zero", lower, upper)
	}
	return nil
}

// insertItem adds a line pointer at `at` and pushes the later ones up by one. The item goes to the end of the hole.
func (p Page) insertItem(at int, item []byte) error {
	if err := p.checkItems(); err != nil {
		return err
	}
	n := p.NumItems()
	if at < 1 || at > n+1 {
		return argErrorf("insert at %d, the page has %d items", at, n)
	}
	if err := p.checkRoom(len(item), 1); err != nil {
		return err
	}
	lower, upper := p.Lower(), p.Upper()-Align(len(item))
	slot := HeaderSize + (at-1)*lpSize
	copy(p[slot+lpSize:lower+lpSize], p[slot:lower])
	p.setItemID(at, makeItemID(upper, ItemNormal, len(item)))
	copy(p[upper:], item)
	p.setU16(offLower, lower+lpSize)
	p.setU16(offUpper, upper)
	return nil
}

// undoInsertItem takes away the item that insertItem put at `at`.
func (p Page) undoInsertItem(at int, item []byte) error {
	if err := p.takeBack(at, item); err != nil {
		return err
	}
	lower := p.Lower()
	slot := HeaderSize + (at-1)*lpSize
	copy(p[slot:lower-lpSize], p[slot+lpSize:lower])
	clear(p[lower-lpSize : lower])
	p.setU16(offLower, lower-lpSize)
	return nil
}

// putItem gives an unused line pointer an item.
func (p Page) putItem(at int, item []byte) error {
	if err := p.checkItems(); err != nil {
		return err
	}
	if n := p.NumItems(); at < 1 || at > n {
		return argErrorf("put at %d, the page has %d items", at, n)
	}
	if id := p.itemID(at); id != 0 {
		return argErrorf("line pointer %d is in use (state %d, length %d)", at, id.Flags(), id.Length())
	}
	if err := p.checkRoom(len(item), 0); err != nil {
		return err
	}
	upper := p.Upper() - Align(len(item))
	p.setItemID(at, makeItemID(upper, ItemNormal, len(item)))
	copy(p[upper:], item)
	p.setU16(offUpper, upper)
	return nil
}

// undoPutItem makes the line pointer unused again.
func (p Page) undoPutItem(at int, item []byte) error {
	if err := p.takeBack(at, item); err != nil {
		return err
	}
	p.setItemID(at, 0)
	return nil
}

// takeBack gives the storage of item `at`, which must be the one added last, to the hole.
func (p Page) takeBack(at int, item []byte) error {
	if err := p.checkItems(); err != nil {
		return err
	}
	n, upper := len(item), p.Upper()
	if at < 1 || at > p.NumItems() || n < 1 || upper+Align(n) > p.Special() ||
		p.itemID(at) != makeItemID(upper, ItemNormal, n) {
		return layoutErrorf("item %d is not the one of %d bytes that was added last", at, n)
	}
	clear(p[upper : upper+Align(n)])
	p.setU16(offUpper, upper+Align(n))
	return nil
}
