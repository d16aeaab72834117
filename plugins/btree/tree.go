package btree

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

const (
	// maxHops bounds a walk along right links, which may lead through many deleted pages, before the way is looked for again. While
	// pages come from the process's memory a shorter walk is reason enough.
	maxHops      = 1 << 10
	maxStaleHops = 32
	// maxDescents bounds the attempts of one descent.
	maxDescents = 32
)

// errStale says that a link led to a page that is another one by now. The descent begins again, on pages read anew.
var errStale = errors.New("a link is out of date")

// A tree is an index as one call sees it. With an XLog it sees the call's own changes, too.
type tree struct {
	ix *sdk.Index
	x  *sdk.XLog // nil for readers
	// edited are the pages registered so far.
	edited map[page.BlockNumber]*page.Editor
	// anew says that inner pages are to be confirmed by the host: what this process remembers led astray.
	anew bool
	// opened are the pages found well formed, as they were last read.
	opened map[page.BlockNumber]node
}

func newTree(ix *sdk.Index) *tree { return &tree{ix: ix, opened: make(map[page.BlockNumber]node)} }

// peek is a page as this process last saw it, or as it is if anew is set.
func (t *tree) peek(blk page.BlockNumber) (node, error) {
	if ed, ok := t.edited[blk]; ok {
		return viewNode(blk, ed.Page()), nil
	}
	if t.anew {
		return t.read(blk)
	}
	p, _, err := t.ix.PeekPage(blk)
	if err != nil {
		return node{}, err
	}
	return t.open(blk, p)
}

// read is a page as it is now.
func (t *tree) read(blk page.BlockNumber) (node, error) {
	if ed, ok := t.edited[blk]; ok {
		return viewNode(blk, ed.Page()), nil
	}
	p, _, err := t.ix.ReadPage(blk)
	if err != nil {
		return node{}, err
	}
	return t.open(blk, p)
}

func (t *tree) open(blk page.BlockNumber, p page.Page) (node, error) {
	if n, ok := t.opened[blk]; ok && &n.page[0] == &p[0] {
		return n, nil
	}
	var n node
	var err error
	if len(p) == page.Size && wellFormed.has(p) {
		n = viewNode(blk, p)
	} else if n, err = openNode(blk, p); err == nil {
		wellFormed.add(p)
	}
	if err == nil {
		t.opened[blk] = n
	}
	return n, err
}

func (t *tree) meta() (meta, error) {
	if ed, ok := t.edited[metaBlock]; ok {
		return decodeMeta(ed.Page(), len(t.ix.Columns()))
	}
	read := t.ix.PeekPage
	if t.anew {
		read = t.ix.ReadPage
	}
	p, _, err := read(metaBlock)
	if err != nil {
		return meta{}, err
	}
	return decodeMeta(p, len(t.ix.Columns()))
}

// A descent is the way to a page: the inner pages from the root down to it, and what is known of its lower end.
type descent struct {
	path []link
	node node
	// low is a position that all keys of the page are known not to be below, or that was as high when the way was found. Keys of
	// pages deleted since to the left of this one may be below it. Empty on the left-most page of a level.
	low []byte
}

// descend finds the page of a level that covers pos; with before the one that covers what lies just below pos. Leaves are
// read as they are now unless the tree has an XLog: then Finish will tell.
func (t *tree) descend(ctx context.Context, pos []byte, level uint8, before bool) (descent, error) {
	for attempt := 0; ; attempt++ {
		d, err := t.tryDescend(pos, level, before)
		if !errors.Is(err, errStale) {
			return d, err
		}
		if err := ctx.Err(); err != nil {
			return d, err
		}
		if t.anew && t.x != nil && attempt >= 2 {
			return d, fmt.Errorf("%w: %w", sdk.ErrConflict, err)
		}
		if attempt == maxDescents {
			return d, fmt.Errorf("%w: %w, however often the way is looked for", sdk.ErrCorruptIndex, err)
		}
		t.anew = true
	}
}

func (t *tree) tryDescend(pos []byte, level uint8, before bool) (descent, error) {
	var d descent
	m, err := t.meta()
	if err != nil {
		return d, err
	}
	if m.level < level {
		return d, fmt.Errorf("%w: the root is at level %d, a page of level %d was looked for", errStale, m.level, level)
	}
	to, at := m.root, m.level
	for {
		n, err := t.visit(to, at)
		if err != nil {
			return d, err
		}
		if err := t.moveRight(&n, pos, before, &d.low); err != nil {
			return d, err
		}
		if at == level {
			d.node = n
			return d, nil
		}
		d.path = append(d.path, n.link())
		var sep []byte
		if to, sep = downlink(n.item(n.child(pos, before))); len(sep) > 0 {
			d.low = sep
		}
		at--
	}
}

// visit reads the page that a link leads to.
func (t *tree) visit(to link, level uint8) (node, error) {
	var n node
	var err error
	if level == 0 && t.x == nil {
		n, err = t.read(to.blk)
	} else {
		n, err = t.peek(to.blk)
	}
	if errors.Is(err, sdk.ErrNotFound) && !t.anew { // a page this process knows from a later time than its parent
		return n, fmt.Errorf("%w: block %d is not there", errStale, to.blk)
	}
	if err != nil {
		return n, err
	}
	if n.life != to.life || n.level != level {
		return n, fmt.Errorf("%w: block %d was expected to be at level %d in its life %d and is at level %d, life %d",
			errStale, to.blk, level, to.life, n.level, n.life)
	}
	return n, nil
}

// moveRight goes on along the right links while pos lies beyond the page or the page was deleted. low becomes the bound
// of the last page passed.
func (t *tree) moveRight(n *node, pos []byte, before bool, low *[]byte) error {
	for hops := 0; n.deleted() || n.beyond(pos, before); hops++ {
		limit := maxHops
		if !t.anew {
			limit = maxStaleHops
		}
		if hops == limit {
			return fmt.Errorf("%w: %d right links in a row from block %d on do not lead to the key", errStale, hops, n.blk)
		}
		if n.right.none() {
			return fmt.Errorf("%w: block %d was deleted and has no right sibling", errStale, n.blk)
		}
		if sep, ok := n.bound(); ok && !n.deleted() {
			*low = sep
		}
		next, err := t.visit(n.right, n.level)
		if err == nil {
			err = ascend(n, &next)
		}
		if err != nil {
			return err
		}
		*n = next
	}
	return nil
}

// ascend is errStale unless the bound of a page is above that of the one to the left. So nobody walks in circles. A sound tree has such pages
// only if the left one is out of date: it was deleted since, and its sibling, which got what it covered, was divided there.
func ascend(left, right *node) error {
	if left.deleted() || right.deleted() {
		return nil
	}
	l, bounded := left.bound()
	if r, ok := right.bound(); !bounded || ok && bytes.Compare(r, l) <= 0 {
		return fmt.Errorf("%w: block %d is not to the right of block %d", errStale, right.blk, left.blk)
	}
	return nil
}

// register adds a page to the XLog and returns its editor and the page as it then is.
func (t *tree) register(blk page.BlockNumber) (*page.Editor, node, error) {
	if ed, ok := t.edited[blk]; ok {
		return ed, viewNode(blk, ed.Page()), nil
	}
	ed, err := t.x.RegisterBuffer(blk, 0)
	if err != nil {
		return nil, node{}, err
	}
	var n node
	if o, ok := t.opened[blk]; ok && o.page.LSN() == ed.Page().LSN() { // a copy of that page
		n = viewNode(blk, ed.Page())
	} else if n, err = openNode(blk, ed.Page()); err != nil {
		return ed, n, err
	}
	t.edited[blk] = ed
	return ed, n, nil
}

// registerLink is register for the page that a link leads to. A page that is another one by now is a conflict.
func (t *tree) registerLink(to link, level uint8) (*page.Editor, node, error) {
	ed, n, err := t.register(to.blk)
	if err == nil && (n.life != to.life || n.level != level || n.deleted()) {
		err = fmt.Errorf("%w: block %d is another page by now", sdk.ErrConflict, to.blk)
	}
	return ed, n, err
}
