package btree

import (
	"bytes"

	"github.com/quiredb/quire/core/page"
)

// A position is a place in the order of full keys: any string of bytes, mostly a full key, a key, or a separator. A full key is
// behind a position if it is not below it.

// below reports whether position pos lies beyond what the page covers to the right, so that one has to move on. With
// before, what is looked for are the keys just below pos, and a page that ends there is the right one.
func (n *node) beyond(pos []byte, before bool) bool {
	sep, ok := n.bound()
	if !ok {
		return false
	}
	c := bytes.Compare(sep, pos)
	return c < 0 || c == 0 && !before
}

// child is the downlink to follow to pos: the last whose separator is not above it. With before, the last whose separator is
// below it.
func (n *node) child(pos []byte, before bool) page.OffsetNumber {
	lo, hi := firstData+1, n.last()+1 // the first one with a separator above pos is in [lo,hi]
	for lo < hi {
		m := (lo + hi) / 2
		_, sep := downlink(n.item(m))
		if c := bytes.Compare(sep, pos); c < 0 || c == 0 && !before {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo - 1
}

// seek is the first address of a leaf whose full key is not below pos: the entry, and the place in it. Behind the last
// entry it is last()+1.
func (n *node) seek(pos []byte) (page.OffsetNumber, int) {
	lo, hi := firstData, n.last()+1
	if lo == hi || below(n.item(hi-1), pos) { // where rows come in order they go to the end
		return hi, 0
	}
	for hi--; lo < hi; {
		m := (lo + hi) / 2
		if below(n.item(m), pos) {
			lo = m + 1
		} else {
			hi = m
		}
	}
	e := decodeEntry(n.item(lo))
	a, b := 0, e.count()-1 // the last is not below
	for a < b {
		m := (a + b) / 2
		if e.full(m).compareSep(pos) < 0 {
			a = m + 1
		} else {
			b = m
		}
	}
	return lo, a
}

// below reports whether all full keys of a leaf's item are below pos. Addresses are looked at only if the key does not decide.
func below(item, pos []byte) bool {
	key, _, _ := splitKey(item)
	n := min(len(key), len(pos))
	if c := bytes.Compare(key[:n], pos[:n]); c != 0 {
		return c < 0
	}
	e := decodeEntry(item)
	return e.full(e.count()-1).compareSep(pos) < 0
}

// successor is the least position above every string that begins with prefix; ok is false if there is none.
func successor(prefix []byte) ([]byte, bool) {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			out := bytes.Clone(prefix[:i+1])
			out[i]++
			return out, true
		}
	}
	return nil, false
}
