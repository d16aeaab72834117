package page

import "bytes"

// resizeItem replaces the bytes of item `at`, old by new, of different lengths. What lies below the item moves by the
// difference of the aligned lengths; the page must be packed if there is one. The inverse is the same with old and
// new exchanged.
func (p Page) resizeItem(at int, old, item []byte) error {
	id, err := p.checkResize(at, len(item))
	if err != nil {
		return err
	}
	off, length := id.Offset(), id.Length()
	if !bytes.Equal(p[off:off+length], old) || !p.paddingZero(id) {
		return layoutErrorf("item %d has other bytes than the one to replace", at)
	}
	by := Align(length) - Align(len(item)) // bytes upwards
	if by != 0 {
		var order itemOrder
		if !p.packed(&order) {
			return layoutErrorf("items do not fill [%d,%d)", p.Upper(), p.Special())
		}
		p.slide(off, by)
	}
	off += by
	copy(p[off:], item)
	clear(p[off+len(item) : Align(off+len(item))])
	p.setItemID(at, makeItemID(off, id.Flags(), len(item)))
	return nil
}

// checkResize fails unless item `at` can take n bytes. It returns the line pointer.
func (p Page) checkResize(at, n int) (ItemID, error) {
	if err := p.checkItems(); err != nil {
		return 0, err
	}
	id := p.ItemID(OffsetNumber(at))
	off, length := id.Offset(), id.Length()
	switch {
	case id.Flags() != ItemNormal || length == 0:
		return 0, argErrorf("line pointer %d of %d has no item to overwrite", at, p.NumItems())
	case off%MaxAlign != 0 || off < p.Upper() || off+length > p.Special():
		return 0, layoutErrorf("item %d at [%d,%d) lies outside of [%d,%d)", at, off, off+length, p.Upper(), p.Special())
	case n < 1 || n > MaxItemSize:
		return 0, argErrorf("item of %d bytes, allowed are 1 to %d", n, MaxItemSize)
	}
	more, have := Align(n)-Align(length), p.Upper()-p.Lower()
	if more > have {
		return 0, noSpaceErrorf("item of %d bytes needs %d more than the old one, the hole has %d", n, more, have)
	}
	if more > 0 && !isZero(p[p.Upper()-more:p.Upper()]) {
		return 0, layoutErrorf("the hole [%d,%d) is not zero", p.Lower(), p.Upper())
	}
	return id, nil
}

// slide moves the items in [upper,end) of a packed page up by `by` bytes, down if negative. Room is there.
func (p Page) slide(end, by int) {
	upper := p.Upper()
	copy(p[upper+by:end+by], p[upper:end])
	if by > 0 {
		clear(p[upper : upper+by])
	}
	for i, n := 1, p.NumItems(); i <= n; i++ {
		if id := p.itemID(i); id.hasStorage() && id.Offset() < end {
			p.setItemID(i, makeItemID(id.Offset()+by, id.Flags(), id.Length()))
		}
	}
	p.setU16(offUpper, upper+by)
}
