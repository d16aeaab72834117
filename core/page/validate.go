package page

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrLayout marks a page whose header, line pointers or hole cannot be right.
var ErrLayout = errors.New("page layout")

func layoutErrorf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrLayout, fmt.Sprintf(format, args...))
}

// Validate checks the layout of untrusted bytes: bounds in order, line pointers inside the item area and not on top
// of each other, the hole zero. LSN, checksum and what items contain are not its business. A page of zeros is valid.
// Errors wrap ErrLayout.
func (p Page) Validate() error {
	if len(p) != Size {
		return layoutErrorf("%d bytes instead of %d", len(p), Size)
	}
	if p.IsNew() {
		if !isZero(p[ContentStart:]) {
			return layoutErrorf("lower and upper are 0 but the page is not empty")
		}
		return nil
	}
	if v := p.u16(offVersion); v != sizeVersion {
		return layoutErrorf("size and version %d, want %d", v, sizeVersion)
	}
	if r := p.u16(offReserved); r != 0 {
		return layoutErrorf("reserved header bytes hold %d, want 0", r)
	}
	lower, upper, ok := p.hole()
	if !ok {
		return layoutErrorf("lower %d, upper %d, special %d do not satisfy %d <= lower <= upper <= special <= %d",
			p.Lower(), p.Upper(), p.Special(), HeaderSize, Size)
	}
	if p.Special()%MaxAlign != 0 {
		return layoutErrorf("special %d is not a multiple of %d", p.Special(), MaxAlign)
	}
	if !isZero(p[lower:upper]) {
		return layoutErrorf("the hole [%d,%d) is not zero", lower, upper)
	}
	if p.IsArray() {
		return nil
	}
	return p.validateItems()
}

func (p Page) validateItems() error {
	if (p.Lower()-HeaderSize)%lpSize != 0 {
		return layoutErrorf("lower %d cuts a line pointer (a page without items needs FlagArray)", p.Lower())
	}
	var taken unitSet
	var overlap uint64
	n, upper, special := p.NumItems(), p.Upper(), p.Special()
	slots := p.slots()
	for i := 1; i <= n; i++ {
		id := ItemID(binary.LittleEndian.Uint32(slots[(i-1)*lpSize:]))
		if !id.hasStorage() {
			if err := validateBare(id, i, n); err != nil {
				return err
			}
			continue
		}
		lo, hi := id.Offset(), id.Offset()+id.Length()
		if lo%MaxAlign != 0 || lo < upper || hi > special {
			return layoutErrorf("item %d at [%d,%d) is not aligned in [%d,%d) (a page without items needs FlagArray)",
				i, lo, hi, upper, special)
		}
		// The common case is written out: items that lie within one word of the set.
		u, units := uint(lo)/MaxAlign, uint(Align(hi)-lo)/MaxAlign
		if bit := u % 64; bit+units < 64 {
			mask := (uint64(1)<<units - 1) << bit
			word := &taken[u/64%unitWords]
			overlap = *word & mask
			*word |= mask
		} else if !taken.add(u, u+units) {
			overlap = 1
		}
		if overlap != 0 {
			return layoutErrorf("item %d at [%d,%d) lies on another item", i, lo, hi)
		}
	}
	return nil
}

const unitWords = Size / MaxAlign / 64

// unitSet has a bit per unit of MaxAlign bytes.
type unitSet [unitWords]uint64

// add adds the units [lo,hi), false if one is there already.
func (s *unitSet) add(lo, hi uint) bool {
	for lo < hi {
		k := min(hi-lo, 64-lo%64) // units of this word
		mask := ^uint64(0) >> (64 - k) << (lo % 64)
		if s[lo/64]&mask != 0 {
			return false
		}
		s[lo/64] |= mask
		lo += k
	}
	return true
}

// validateBare checks line pointer i of n, which has no storage.
func validateBare(id ItemID, i, n int) error {
	switch {
	case id.Flags() == ItemNormal:
		return layoutErrorf("item %d is normal but has no bytes", i)
	case id.Length() != 0:
		return layoutErrorf("item %d has no storage but length %d", i, id.Length())
	case id.Flags() == ItemRedirect && (id.Offset() < 1 || id.Offset() > n):
		return layoutErrorf("item %d redirects to %d of %d", i, id.Offset(), n)
	case id.Flags() == ItemUnused && id != 0:
		return layoutErrorf("item %d is unused but not zero", i)
	}
	return nil
}
