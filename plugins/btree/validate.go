package btree

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
)

// checkRounds is how often Check reads the index if it keeps changing under its eyes.
const checkRounds = 3

// Check reads the tree level by level, from left to right, and holds every page against its siblings and its parent; then
// it looks at the blocks that no level has. Other calls may change the tree meanwhile: what looks wrong is reported only if the pages
// that show it are afterwards still what they were, so that they all were so at one time. Otherwise the tree is read again.
func (Method) Check(ctx context.Context, ix *sdk.Index, report func(string)) error {
	s, err := schemaOf(ix)
	if err != nil {
		return err
	}
	for round := 1; ; round++ {
		c := &checker{schema: s, ix: ix, ctx: ctx}
		if err := c.run(); err != nil {
			return err
		}
		again := false
		for _, f := range c.findings {
			real, err := c.confirm(f)
			if err != nil {
				return err
			}
			if real {
				report(f.text)
			}
			again = again || !real
		}
		if !again || round == checkRounds {
			return nil
		}
	}
}

// A seen page is one as it was read.
type seen struct {
	node
	version page.LSN
}

// A finding is what looks wrong, and the pages that show it.
type finding struct {
	text  string
	pages []seen
}

// A checker is one reading of the index.
type checker struct {
	*schema
	ix       *sdk.Index
	ctx      context.Context
	findings []finding
	visited  blockSet
	lives    []uint16 // of the visited blocks
	blocks   page.BlockNumber
	top      uint8
}

// broken notes a finding. The text begins with the block of the first page.
func (c *checker) broken(pages []seen, format string, args ...any) {
	c.findings = append(c.findings, finding{
		text:  fmt.Sprintf("block %d: %s", pages[0].blk, fmt.Sprintf(format, args...)),
		pages: slices.Clone(pages),
	})
}

// confirm reports whether the pages of a finding are still what they were.
func (c *checker) confirm(f finding) (bool, error) {
	for _, p := range f.pages {
		_, version, err := c.ix.ReadPage(p.blk)
		if err != nil && !errors.Is(err, sdk.ErrNotFound) {
			return false, err
		}
		if version != p.version {
			return false, nil
		}
	}
	return true, nil
}

func (c *checker) run() error {
	var err error
	if c.blocks, err = c.ix.NBlocks(); err != nil {
		return err
	}
	mp, version, err := c.ix.ReadPage(metaBlock)
	if err != nil {
		return err
	}
	mseen := seen{node{blk: metaBlock, page: mp}, version}
	m, err := decodeMeta(mp, len(c.columns))
	if err != nil {
		c.findings = append(c.findings, finding{text: err.Error(), pages: []seen{mseen}})
		return nil
	}
	c.top = m.level
	first, above := m.root, mseen
	for level := int(m.level); level >= 0 && len(c.findings) == 0; level-- {
		if above, err = c.level(uint8(level), first, above); err != nil {
			return err
		}
		if level > 0 && above.page != nil {
			first, _ = downlink(above.item(firstData))
		}
	}
	if len(c.findings) > 0 { // what is not reached then is no news
		return nil
	}
	return c.rest()
}

// fetch reads the page that a link on another one leads to. A page that is not well formed is a finding.
func (c *checker) fetch(to link, from seen) (seen, bool, error) {
	if err := c.ctx.Err(); err != nil {
		return seen{}, false, err
	}
	p, version, err := c.ix.ReadPage(to.blk)
	if errors.Is(err, sdk.ErrNotFound) {
		c.broken([]seen{from}, "leads to block %d, beyond the end of the index", to.blk)
		return seen{}, false, nil
	}
	if err != nil {
		return seen{}, false, err
	}
	s := seen{node{blk: to.blk, page: p}, version}
	n, err := openNode(to.blk, p)
	if err != nil {
		c.findings = append(c.findings, finding{text: err.Error(), pages: []seen{s, from}})
		return s, false, nil
	}
	s.node = n
	switch {
	case n.deleted():
		c.broken([]seen{s, from}, "deleted, yet block %d leads to it", from.blk)
	case n.life != to.life:
		c.broken([]seen{s, from}, "in its life %d, block %d leads to life %d", n.life, from.blk, to.life)
	default:
		return s, true, nil
	}
	return s, false, nil
}

// rest looks at the blocks that no level has: free ones, and such that a split has just made.
func (c *checker) rest() error {
	r := c.ix.ReadPages(metaBlock+1, c.blocks)
	for r.Next() {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		if c.visited.has(r.Block()) || r.Page().IsNew() {
			continue
		}
		s := seen{node{blk: r.Block(), page: r.Page()}, r.Version()}
		n, err := openNode(r.Block(), r.Page())
		if err != nil {
			c.findings = append(c.findings, finding{text: err.Error(), pages: []seen{s}})
			continue
		}
		s.node = n
		if n.deleted() {
			if n.page.NumItems() > 0 {
				c.broken([]seen{s}, "deleted, with %d items", n.page.NumItems())
			}
			continue
		}
		if err := c.orphan(s); err != nil {
			return err
		}
	}
	return r.Err()
}

// visit notes a page and reports whether it was not visited before. A block may come twice if it was used again in between.
func (c *checker) visit(n *node) bool {
	if c.visited.has(n.blk) && c.lives[n.blk] == n.life {
		return false
	}
	c.visited.add(n.blk)
	if k := int(n.blk) + 1 - len(c.lives); k > 0 {
		c.lives = append(c.lives, make([]uint16, k)...)
	}
	c.lives[n.blk] = n.life
	return true
}

// orphan reports a page that its left sibling does not lead to, or that has none and is not the left-most of its level.
func (c *checker) orphan(n seen) error {
	pages := []seen{n}
	if n.left.none() {
		t := newTree(c.ix)
		t.anew = true
		d, err := t.descend(c.ctx, nil, n.level, false)
		if err != nil && !errors.Is(err, sdk.ErrCorruptIndex) {
			return err
		}
		if err == nil && d.node.link() == n.link() {
			return nil
		}
	} else {
		p, version, err := c.ix.ReadPage(n.left.blk)
		if err != nil && !errors.Is(err, sdk.ErrNotFound) {
			return err
		}
		if left, err := openNode(n.left.blk, p); err == nil {
			if !left.deleted() && left.right == n.link() {
				return nil
			}
			pages = append(pages, seen{left, version})
		}
	}
	c.broken(pages, "a page of level %d that nothing leads to", n.level)
	return nil
}
