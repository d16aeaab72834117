package page

import (
	"bytes"
	"encoding/binary"
)

// removedItem is a line pointer that a deletion took away, and its bytes.
type removedItem struct {
	i    int // line pointer from 0, in the page before
	id   ItemID
	data []byte
}

// removedIter walks what a logged deletion removed, in order of line pointers.
type removedIter struct {
	set     setIter
	d       decoder
	same    bool
	sameLen int
	prevI   int // to predict places, see edit
	prevOff int
	removedItem
}

func (p Page) removed(ed *edit) removedIter {
	it := removedIter{set: ed.set.iter(), d: decoder{b: ed.data}, same: ed.has(flagSame)}
	it.prevI, it.prevOff = -1, p.Special()
	if it.same {
		it.sameLen = it.d.number()
	}
	return it
}

func (it *removedIter) next() bool {
	if !it.set.next() {
		return false
	}
	it.i = it.set.v
	flags, length := ItemNormal, it.sameLen
	if !it.same {
		head := it.d.wide()
		flags, length = ItemFlags(head&3), head>>2
		if !makeItemID(0, flags, length).hasStorage() {
			it.id, it.data = makeItemID(it.d.number(), flags, length), nil
			return it.d.err == nil
		}
	}
	off := predictPlace(it.prevI, it.prevOff, it.i, length) + it.d.signed()*MaxAlign
	if off < HeaderSize || off+length > Size || length == 0 {
		it.d.fail("removed item outside of the page")
		return false
	}
	it.prevI, it.prevOff = it.i, off
	it.id, it.data = makeItemID(off, flags, length), it.d.bytes(length)
	return it.d.err == nil
}

// predictPlace is where item i would begin if items of this length lay in the order of their line pointers.
func predictPlace(prevI, prevOff, i, length int) int { return prevOff - (i-prevI)*Align(length) }

// wide reads the head of a removed item: 15 bits of length and 2 of state.
func (d *decoder) wide() int {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || v > 0x1ffff {
		d.fail("bad item head")
		return 0
	}
	d.b = d.b[n:]
	return int(v)
}

// decodeRemoved finds the end of what a logged deletion removed and keeps it in ed.data.
func decodeRemoved(d *decoder, ed *edit) {
	all := d.b
	if d.err != nil {
		return
	}
	skip := decoder{b: d.b}
	same := ed.has(flagSame)
	length := 0
	if same {
		length = skip.number()
	}
	for range ed.set.len() {
		stored := true
		if !same {
			head := skip.wide()
			length = head >> 2
			stored = makeItemID(0, ItemFlags(head&3), length).hasStorage()
		}
		if !stored {
			skip.number()
			continue
		}
		skip.signed()
		skip.bytes(length)
		if skip.err != nil {
			break
		}
	}
	if skip.err != nil {
		d.err, d.b = skip.err, nil
		return
	}
	ed.data = all[:len(all)-len(skip.b)]
	d.b = skip.b
}

// appendRemoved encodes what deleting the items offs of a packed page removes.
func appendRemoved(dst []byte, p Page, offs []OffsetNumber, same bool) []byte {
	if same {
		dst = appendNumber(dst, p.itemID(int(offs[0])).Length())
	}
	prevI, prevOff := -1, p.Special()
	for _, o := range offs {
		i, id := int(o)-1, p.itemID(int(o))
		length := id.Length()
		if !same {
			dst = appendNumber(dst, length<<2|int(id.Flags()))
		}
		if !id.hasStorage() {
			dst = appendNumber(dst, id.Offset())
			continue
		}
		off := id.Offset()
		dst = appendSigned(dst, (off-predictPlace(prevI, prevOff, i, length))/MaxAlign)
		dst = append(dst, p[off:off+length]...)
		prevI, prevOff = i, off
	}
	return dst
}

// sameShape reports whether the items are all normal and of one length.
func (p Page) sameShape(offs []OffsetNumber) bool {
	first := p.itemID(int(offs[0]))
	for _, o := range offs {
		id := p.itemID(int(o))
		if id.Flags() != ItemNormal || id.Length() == 0 || id.Length() != first.Length() {
			return false
		}
	}
	return true
}

// paddingZero reports whether the bytes between an item's end and the next unit are zero.
func (p Page) paddingZero(id ItemID) bool {
	end := id.Offset() + id.Length()
	return isZero(p[end:Align(end)])
}

// deleteItems is a logged deletion. What it removes must be what the page holds.
func (p Page) deleteItems(ed *edit) error {
	if err := p.checkItems(); err != nil {
		return err
	}
	var order itemOrder
	if !p.packed(&order) {
		return layoutErrorf("items do not fill [%d,%d)", p.Upper(), p.Special())
	}
	n := p.NumItems()
	it := p.removed(ed)
	for it.next() {
		if it.i >= n || p.itemID(it.i+1) != it.id {
			return layoutErrorf("item %d is not the one to delete", it.i+1)
		}
		if it.data == nil {
			continue
		}
		off := it.id.Offset()
		if !bytes.Equal(p[off:off+len(it.data)], it.data) || !p.paddingZero(it.id) {
			return layoutErrorf("item %d has other bytes than the one to delete", it.i+1)
		}
		order[off/MaxAlign] |= orderRemoved
	}
	if it.d.err != nil {
		return it.d.err
	}
	p.compact(&order)
	p.dropSlots(ed.set, ed.has(flagKeepSlots))
	return nil
}

// compact moves what is not marked in order up against special and clears the rest. The page is packed.
func (p Page) compact(order *itemOrder) {
	upper, special := p.Upper(), p.Special()
	w := special                     // kept items lie from w upwards
	runLo, runHi := special, special // a stretch of kept items, not yet moved; it goes to end at w+(runHi-runLo)
	for u := special/MaxAlign - 1; u >= upper/MaxAlign; u-- {
		o := order[u]
		if o == 0 {
			continue
		}
		lo := u * MaxAlign
		if o.removed() {
			copy(p[w:], p[runLo:runHi])
			runLo, runHi = lo, lo
			continue
		}
		w -= o.units() * MaxAlign
		runLo = lo
		if w != lo {
			id := p.itemID(o.item())
			p.setItemID(o.item(), id-ItemID(id.Offset())+ItemID(w))
		}
	}
	copy(p[w:], p[runLo:runHi])
	clear(p[upper:w])
	p.setU16(offUpper, w)
}

// dropSlots takes the line pointers of a set away, or makes them unused.
func (p Page) dropSlots(set numberSet, keep bool) {
	it, k := set.iter(), set.len()
	n := p.NumItems()
	if keep {
		for it.next() {
			p.setItemID(it.v+1, 0)
		}
		return
	}
	w, r := -1, 0 // line pointers from 0: written up to w, read up to r
	for it.next() {
		if w < 0 {
			w = it.v
		} else {
			w += p.copySlots(w, r, it.v)
		}
		r = it.v + 1
	}
	if w >= 0 {
		p.copySlots(w, r, n)
	}
	lower := p.Lower()
	clear(p[lower-k*lpSize : lower])
	p.setU16(offLower, lower-k*lpSize)
}

// copySlots copies line pointers [from,to), counted from 0, down to w.
func (p Page) copySlots(w, from, to int) int {
	return copy(p[HeaderSize+w*lpSize:], p[HeaderSize+from*lpSize:HeaderSize+to*lpSize]) / lpSize
}
