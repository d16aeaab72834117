package btree

import (
	"bytes"

	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/core/page"
)

// level checks the pages of a level from its left-most on, which it returns. above is the left-most page of the level above,
// the metapage for the root.
func (c *checker) level(level uint8, first link, above seen) (leftmost seen, err error) {
	var parents *parentWalk
	if level < c.top {
		parents = &parentWalk{c: c, page: above, at: firstData}
	}
	from := above
	var prev seen
	for to := first; !to.none(); to = prev.right {
		n, ok, err := c.fetch(to, from)
		if err != nil || !ok {
			return leftmost, err
		}
		if !c.frame(level, n, prev, from) {
			return leftmost, nil
		}
		c.contents(n, prev)
		if parents != nil {
			if ok, err := parents.meet(n, prev); err != nil || !ok {
				return leftmost, err
			}
		}
		if leftmost.page == nil {
			leftmost = n
		}
		prev, from = n, n
	}
	if parents != nil && !parents.ended() {
		c.broken([]seen{parents.page, prev}, "item %d leads on where block %d is the last page of level %d", parents.at, prev.blk, level)
	}
	return leftmost, nil
}

// frame checks level, links and flags. It returns false if going on from this page makes no sense.
func (c *checker) frame(level uint8, n, prev, from seen) bool {
	pages := []seen{n, from}
	if !c.visit(&n.node) {
		c.broken(pages, "in the tree twice, block %d leads to it", from.blk)
		return false
	}
	if n.level != level {
		c.broken(pages, "at level %d, block %d leads to it as one of level %d", n.level, from.blk, level)
		return false
	}
	if n.left != prev.link() {
		c.broken(pages, "its left link leads to block %d (life %d), its left sibling is block %d (life %d)",
			n.left.blk, n.left.life, prev.blk, prev.life)
	}
	if n.root() != (level == c.top) {
		c.broken(pages, "flagged as root: %t, at level %d of %d", n.root(), level, c.top)
	}
	if level == c.top && !n.right.none() {
		c.broken(pages, "the root has a right sibling, block %d", n.right.blk)
		return false
	}
	return true
}

// contents checks the order of a page's items, from the left sibling's bound to the page's own.
func (c *checker) contents(n, prev seen) {
	pages := []seen{n}
	var low []byte
	if prev.page != nil {
		pages = append(pages, prev)
		low, _ = prev.bound()
	}
	bound, bounded := n.bound()
	if bounded && bytes.Compare(bound, low) <= 0 {
		c.broken(pages, "item %d: the bound is not above that of the left sibling", boundAt)
	}
	var last fullKey
	var lastSep []byte
	for at := firstData; at <= n.last(); at++ {
		if !n.leaf() {
			_, sep := downlink(n.item(at))
			switch {
			case at == firstData:
			case at > firstData+1 && bytes.Compare(sep, lastSep) <= 0, bytes.Compare(sep, low) <= 0:
				c.broken(pages, "item %d: the separator is not above the one before", at)
			case bounded && bytes.Compare(sep, bound) >= 0:
				c.broken(pages, "item %d: the separator is not below the bound", at)
			}
			lastSep = sep
			continue
		}
		e := decodeEntry(n.item(at))
		if why := c.entry(&e); why != "" {
			c.broken(pages[:1], "item %d: %s", at, why)
			continue
		}
		if at > firstData && last.key != nil && last.compare(e.full(0)) >= 0 {
			c.broken(pages[:1], "item %d: the key is not above the one before", at)
		}
		if e.full(0).compareSep(low) < 0 {
			c.broken(pages, "item %d: the key is below the bound of the left sibling, block %d", at, prev.blk)
		}
		if bounded && e.full(e.count()-1).compareSep(bound) >= 0 {
			c.broken(pages[:1], "item %d: the key is not below the page's bound", at)
		}
		last = e.full(e.count() - 1)
	}
}

// entry says what is wrong with an entry by itself.
func (c *checker) entry(e *entry) string {
	key := e.key
	for _, col := range c.columns {
		n, err := ordkey.Length(col.Type, key, col.Descending)
		if err != nil {
			return err.Error()
		}
		key = key[n:]
	}
	if len(key) > 0 {
		return "the key goes on behind its last column"
	}
	for i := range e.count() {
		if !e.at(i).IsValid() {
			return "the row address " + e.at(i).String() + " cannot be"
		}
		if i > 0 && bytes.Compare(e.tid(i-1), e.tid(i)) >= 0 {
			return "its row addresses are not in order"
		}
	}
	return ""
}

// A parentWalk goes along the downlinks of the level above.
type parentWalk struct {
	c    *checker
	page seen
	prev seen // the parent before, if any
	at   page.OffsetNumber
}

// meet holds the next downlink against the next page of the level. It returns false if they do not go together.
func (w *parentWalk) meet(n, prev seen) (bool, error) {
	pages := []seen{w.page, n}
	if prev.page != nil {
		pages = append(pages, prev)
	}
	if w.at > w.page.last() {
		if w.page.right.none() {
			w.c.broken(pages, "no downlink leads to block %d of level %d", n.blk, n.level)
			return false, nil
		}
		next, ok, err := w.c.fetch(w.page.right, w.page)
		if err != nil || !ok {
			return false, err
		}
		w.prev, w.page, w.at = w.page, next, firstData
		pages[0] = next
	}
	to, sep := downlink(w.page.item(w.at))
	if to != n.link() {
		w.c.broken(pages, "item %d leads to block %d (life %d), the next page of level %d is block %d (life %d)",
			w.at, to.blk, to.life, n.level, n.blk, n.life)
		return false, nil
	}
	if w.at == firstData && w.prev.page != nil {
		sep, _ = w.prev.bound()
		pages = append(pages, w.prev)
	}
	if prev.page != nil {
		if bound, _ := prev.bound(); !bytes.Equal(bound, sep) {
			w.c.broken(pages, "item %d: the separator is not the bound of the page before, block %d", w.at, prev.blk)
		}
	}
	if w.at == w.page.last() {
		mine, _ := n.bound()
		if its, _ := w.page.bound(); !bytes.Equal(mine, its) {
			w.c.broken(pages, "item %d: its page, block %d, ends elsewhere than its parent", w.at, n.blk)
		}
	}
	w.at++
	return true, nil
}

// ended reports whether all downlinks were met.
func (w *parentWalk) ended() bool { return w.at > w.page.last() && w.page.right.none() }
