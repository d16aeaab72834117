package page

import "encoding/binary"

// itemOrder has, for each unit of MaxAlign bytes, the item that begins there, else 0.
type itemOrder [Size / MaxAlign]orderEntry

// orderEntry is a line pointer (from 1), the length of its item in units, and the mark of an item to delete.
//
//	0                 16             31        32
//	+-----------------+--------------+---------+
//	| line pointer    | length       | removed |
//	+-----------------+--------------+---------+
type orderEntry uint32

const orderRemoved orderEntry = 1 << 31

func (o orderEntry) item() int     { return int(o & 0xffff) }
func (o orderEntry) units() int    { return int(o >> 16 & 0x7fff) }
func (o orderEntry) removed() bool { return o&orderRemoved != 0 }

// packed reports whether items fill [upper,special) without a gap and without overlap, and where they lie. Pages that
// were only ever changed by item edits are packed; deletion can be undone on those alone.
func (p Page) packed(order *itemOrder) bool {
	upper, special := p.Upper(), p.Special()
	total := 0
	slots := p.slots()
	for i := 0; i+lpSize <= len(slots); i += lpSize {
		id := ItemID(binary.LittleEndian.Uint32(slots[i:]))
		if !id.hasStorage() {
			continue
		}
		off, length := id.Offset(), id.Length()
		if off%MaxAlign != 0 || off < upper || off+length > special || order[off/MaxAlign] != 0 {
			return false
		}
		order[off/MaxAlign] = orderEntry(i/lpSize+1) | orderEntry(Align(length)/MaxAlign)<<16
		total += Align(length)
	}
	if total != special-upper {
		return false
	}
	for u := upper / MaxAlign; u < special/MaxAlign; {
		if order[u] == 0 {
			return false
		}
		u += order[u].units()
	}
	return true // the lengths add up, so the walk met every item
}

// slots is the bytes of the line pointers.
func (p Page) slots() []byte { return p[HeaderSize : HeaderSize+p.NumItems()*lpSize] }

// rebuild lays all items out anew in the order of their line pointers, without those that drop names and, if at is
// not 0, with item in place of item `at`. It is for pages that are not packed, where the edit becomes a diff.
func (p Page) rebuild(drop func(i int) bool, at int, item []byte) error {
	var buf [Size]byte
	fresh := Page(buf[:])
	copy(fresh, p)
	w, lower := p.Special(), p.Lower()
	for i, n := 1, p.NumItems(); i <= n; i++ {
		id := p.itemID(i)
		if drop(i) || !id.hasStorage() {
			continue
		}
		off, b := id.Offset(), item
		if i != at {
			if off < HeaderSize || off+id.Length() > p.Special() {
				return layoutErrorf("item %d at [%d,%d) lies outside of the page", i, off, off+id.Length())
			}
			b = p[off : off+id.Length()]
		}
		if w -= Align(len(b)); w < lower {
			return noSpaceErrorf("items need %d bytes more than the page has", lower-w)
		}
		clear(fresh[w : w+Align(len(b))])
		copy(fresh[w:], b)
		fresh.setItemID(i, makeItemID(w, id.Flags(), len(b)))
	}
	clear(fresh[lower:w])
	fresh.setU16(offUpper, w)
	copy(p[ContentStart:], fresh[ContentStart:])
	return nil
}
