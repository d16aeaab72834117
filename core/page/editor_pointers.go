package page

import "encoding/binary"

// SetRedirect makes line pointer `at`, which must have no item, name line pointer `to` in place of one.
func (e *Editor) SetRedirect(at, to OffsetNumber) error {
	if n := e.Page().NumItems(); to < 1 || int(to) > n {
		return argErrorf("redirect to %d, the page has %d items", to, n)
	}
	return e.setBare(at, makeItemID(int(to), ItemRedirect, 0))
}

// SetDead marks line pointer `at`, which must have no item, as taken and leading nowhere.
func (e *Editor) SetDead(at OffsetNumber) error { return e.setBare(at, makeItemID(0, ItemDead, 0)) }

// setBare stores a line pointer without storage in place of another.
func (e *Editor) setBare(at OffsetNumber, id ItemID) error {
	p := e.Page()
	if err := p.checkItems(); err != nil {
		return err
	}
	if n := p.NumItems(); at < 1 || int(at) > n {
		return argErrorf("line pointer %d, the page has %d items", at, n)
	}
	if old := p.itemID(int(at)); old.hasStorage() {
		return argErrorf("line pointer %d has an item", at)
	}
	off := HeaderSize + (int(at)-1)*lpSize
	if err := e.free([2]int{off, off + lpSize}); err != nil {
		return err
	}
	e.other = true
	e.write(off, binary.LittleEndian.AppendUint32(nil, uint32(id)))
	return nil
}
