package btree

import (
	"bytes"

	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/plugins/sdk"
)

// giveSpan tells the host all that the leaf has, for it to answer searches by itself while the leaf does not change. low is a position
// that the leaf's lower end is not above.
//
// What lies in [low, bound) is on this leaf and nowhere else (T3), and as long as the leaf has this version that stays so: its bound is on it, its lower end does
// not rise (T5), and an entry that belongs there changes the leaf when it comes and when it goes. All entries of a key lie there if the key
// itself is not below low, a key being below its full keys, and not above or part of the bound, which may end within the addresses of a key.
func (s *schema) giveSpan(n *node, low []byte, hits *sdk.HitWriter) error {
	bound, bounded := n.bound()
	high := s.keyOf(bound)
	if !bounded {
		high = nil
	}
	if bounded && bytes.Compare(low, high) >= 0 { // entries of one key only, which go on on either side
		return nil
	}
	span := hits.Span(n.blk, n.page.LSN(), low, high)
	for at := firstData; at <= n.last(); at++ {
		e := decodeEntry(n.item(at))
		if bytes.Compare(e.key, low) < 0 {
			continue
		}
		if bounded && bytes.Compare(e.key, high) >= 0 {
			break
		}
		for i := range e.count() {
			if err := span.Add(e.key, e.at(i)); err != nil {
				return corrupt(n.blk, "item %d: %v", at, err)
			}
		}
	}
	return nil
}

// keyOf is a separator without what it has of a row's address: a key, or a part of one.
func (s *schema) keyOf(sep []byte) []byte {
	rest := sep
	for _, c := range s.columns {
		n, err := ordkey.Length(c.Type, rest, c.Descending)
		if err != nil {
			return sep
		}
		rest = rest[n:]
	}
	return sep[: len(sep)-len(rest) : len(sep)-len(rest)]
}
