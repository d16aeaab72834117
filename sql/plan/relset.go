package plan

import "math/bits"

// relset is a set of the relations of one level, by their number there.
type relset uint64

// maxLevelRels is how many relations one level of a query may join.
const maxLevelRels = 64

func (s relset) has(o relset) bool      { return s&o == o }
func (s relset) overlaps(o relset) bool { return s&o != 0 }
func (s relset) count() int             { return bits.OnesCount64(uint64(s)) }

// only is the number of the single member.
func (s relset) only() int { return bits.TrailingZeros64(uint64(s)) }

// each calls visit with every member, ascending.
func (s relset) each(visit func(i int)) {
	for ; s != 0; s &= s - 1 {
		visit(bits.TrailingZeros64(uint64(s)))
	}
}
