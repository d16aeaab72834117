package page

// InsertItem puts an item at line pointer `at` and pushes later ones up by one; NumItems()+1 appends. ErrNoSpace if it
// does not fit.
func (e *Editor) InsertItem(at OffsetNumber, item []byte) error {
	if err := e.freeItems(); err != nil {
		return err
	}
	end := int(at) == e.Page().NumItems()+1
	if err := e.Page().insertItem(int(at), item); err != nil {
		return err
	}
	e.plain++
	if end {
		e.both(codeInsert|flagEnd, len(item))
	} else {
		e.both(codeInsert, int(at), len(item))
	}
	e.data(item)
	return nil
}

// PutItem gives line pointer `at`, which must be unused, an item and moves no other; NumItems()+1 makes a new one.
func (e *Editor) PutItem(at OffsetNumber, item []byte) error {
	if int(at) == e.Page().NumItems()+1 {
		return e.InsertItem(at, item)
	}
	if err := e.freeItems(); err != nil {
		return err
	}
	if err := e.Page().putItem(int(at), item); err != nil {
		return err
	}
	e.plain++
	e.both(codePut, int(at), len(item))
	e.data(item)
	return nil
}

// DeleteItems removes line pointers, given in increasing order, with their items and closes the gaps. With keepSlots
// the line pointers stay and become unused, so that the others keep their numbers.
func (e *Editor) DeleteItems(offs []OffsetNumber, keepSlots bool) error {
	if len(offs) == 0 {
		return nil
	}
	p := e.Page()
	if err := p.checkItems(); err != nil {
		return err
	}
	if err := checkIncreasing(offs, p.NumItems()); err != nil {
		return err
	}
	if err := e.freeItems(); err != nil {
		return err
	}
	code := byte(codeDelete)
	if keepSlots {
		code |= flagKeepSlots
	}
	e.other = true
	set := encodeSet(e, offs, 1)
	if err := e.deleteItems(code, offs, set); err != nil {
		return err
	}
	if e.wantForward() {
		e.forward = append(append(e.forward, code), e.out...)
	}
	e.recorded()
	return nil
}

func (e *Editor) deleteItems(code byte, offs []OffsetNumber, set numberSet) error {
	p := e.Page()
	var order itemOrder
	packed := p.packed(&order)
	for _, o := range offs {
		if id := p.itemID(int(o)); packed && id.hasStorage() {
			packed = p.paddingZero(id)
			order[id.Offset()/MaxAlign] |= orderRemoved
		}
	}
	if !packed {
		return e.deleteUnpacked(offs, set, code&flagKeepSlots != 0)
	}
	if e.wantLogged() {
		same := p.sameShape(offs)
		if same {
			code |= flagSame
		}
		e.logged = append(append(e.logged, code), e.out...)
		e.logged = appendRemoved(e.logged, p, offs, same)
	}
	p.compact(&order)
	p.dropSlots(set, code&flagKeepSlots != 0)
	return nil
}

// deleteUnpacked deletes on a page whose items leave gaps or overlap. There is no short way back from that, so the
// change becomes a diff.
func (e *Editor) deleteUnpacked(offs []OffsetNumber, set numberSet, keepSlots bool) error {
	left := offs
	drop := func(i int) bool {
		if len(left) > 0 && int(left[0]) == i {
			left = left[1:]
			return true
		}
		return false
	}
	if err := e.Page().rebuild(drop, 0, nil); err != nil {
		return err
	}
	e.Page().dropSlots(set, keepSlots)
	e.compare, e.loose = true, true
	return nil
}

// OverwriteItem replaces the item at a normal line pointer. If the length differs, items that lie below it move.
func (e *Editor) OverwriteItem(at OffsetNumber, item []byte) error {
	p := e.Page()
	id, err := p.checkResize(int(at), len(item))
	if err != nil {
		return err
	}
	off, length := id.Offset(), id.Length()
	if length == len(item) {
		return e.Write(off, item)
	}
	if err := e.freeItems(); err != nil {
		return err
	}
	e.other, e.loose = true, true
	if err := e.resize(int(at), id, item); err != nil {
		return err
	}
	if e.wantForward() {
		e.forward = append(appendEdit(e.forward, codeResize, int(at), len(item)), item...)
	}
	e.recorded()
	return nil
}

func (e *Editor) resize(at int, id ItemID, item []byte) error {
	p := e.Page()
	var order itemOrder
	if Align(len(item)) != Align(id.Length()) && !p.packed(&order) || !p.paddingZero(id) {
		if err := p.rebuild(func(int) bool { return false }, at, item); err != nil {
			return err
		}
		e.compare = true
		return nil
	}
	old := p[id.Offset() : id.Offset()+id.Length()]
	if e.wantLogged() {
		e.logged = appendEdit(e.logged, codeResize, at, len(old), len(item))
		e.logged = append(append(e.logged, old...), item...)
	}
	return p.resizeItem(at, old, item)
}

// checkIncreasing fails unless offs rise and lie in [1,n].
func checkIncreasing(offs []OffsetNumber, n int) error {
	prev := OffsetNumber(0)
	for _, o := range offs {
		if o <= prev || int(o) > n {
			return argErrorf("line pointer %d after %d of %d: they must increase", o, prev, n)
		}
		prev = o
	}
	return nil
}
