package heap

import (
	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/genericxlog"
)

// A prune is what can be taken off a page without asking any index: versions that nobody sees (H3). The line pointers of heap-only ones go
// with them. A root stays for the indexes' sake: it redirects to the oldest version that is left, or is dead until a vacuum has
// told the indexes.
type prune struct {
	remove   []page.OffsetNumber // items and line pointers that go, ascending
	redirect []redirection
	dead     []page.OffsetNumber // roots of which nothing is left
	horizon  page.LSN            // the newest commit that removed one of the versions
	freed    int                 // bytes of the items

	versions, live, recent int64 // what goes, what lives, and what some snapshot may still see
	unsettled              int64 // of those that live, what some snapshot may not see yet
}

// redirection is a root and the version that it leads to from now on.
type redirection struct{ root, to page.OffsetNumber }

func (pr *prune) empty() bool { return len(pr.remove)+len(pr.redirect)+len(pr.dead) == 0 }

// visible reports whether all rows of the page p, for which the plan was made, are seen by everybody once it is carried out. An empty
// page is not counted among those, so that cutting it off leaves no bit behind. indexed is as in planPrune.
func (pr *prune) visible(p page.Page, indexed bool) bool {
	if pr.live == 0 || pr.recent+pr.unsettled > 0 {
		return false
	}
	return !indexed || len(pr.dead) == 0 && len(deadPointers(p)) == 0
}

// pruner plans the pruning of one page.
type pruner struct {
	rel     Relation
	p       page.Page
	blk     page.BlockNumber
	indexed bool // the relation may have indexes: roots stay
	fates   []fate
	gone    []bool
	prune
}

// planPrune finds what can be taken off a page now. Holds: a content lock of the page, or a copy.
func planPrune(rel Relation, p page.Page, blk page.BlockNumber, c *clerk, indexed bool) (prune, error) {
	n := p.NumItems()
	pr := pruner{rel: rel, p: p, blk: blk, indexed: indexed, fates: make([]fate, n+1)}
	if err := pr.judge(c); err != nil {
		return prune{}, err
	}
	if pr.versions == 0 && indexed {
		return pr.prune, nil
	}
	pr.gone = make([]bool, n+1)
	for off := page.OffsetNumber(1); off <= page.OffsetNumber(n); off++ {
		if err := pr.root(off); err != nil {
			return prune{}, corrupt(rel, page.TID{Block: blk, Offset: off}, err)
		}
	}
	pr.gather()
	return pr.prune, nil
}

// judge decides the fate of every version.
func (pr *pruner) judge(c *clerk) error {
	for off := page.OffsetNumber(1); int(off) < len(pr.fates); off++ {
		item, ok := pr.p.Item(off)
		if !ok {
			continue
		}
		tid := page.TID{Block: pr.blk, Offset: off}
		if len(item) < headerSize {
			return corrupt(pr.rel, tid, errShortItem)
		}
		f, removed, err := c.fate(decodeHeader(item))
		if err != nil {
			return corrupt(pr.rel, tid, err)
		}
		switch pr.fates[off] = f; f {
		case fateDead:
			pr.versions++
			pr.horizon = max(pr.horizon, removed)
		case fateRecent:
			pr.recent++
		default:
			pr.live++
			settled, err := c.settled(decodeHeader(item))
			if err != nil {
				return corrupt(pr.rel, tid, err)
			}
			if !settled {
				pr.unsettled++
			}
		}
	}
	return nil
}

// root decides what becomes of a chain. Its dead versions are the oldest ones: who replaced a later version committed later.
func (pr *pruner) root(off page.OffsetNumber) error {
	id := pr.p.ItemID(off)
	if id.Flags() == page.ItemDead && !pr.indexed {
		pr.gone[off] = true
	}
	var survivor page.OffsetNumber
	dead := 0
	for c := chainFrom(pr.p, pr.blk, off); ; dead++ {
		member, _, ok, err := c.next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if pr.fates[member] != fateDead {
			survivor = member
			break
		}
		pr.gone[member] = true
	}
	switch {
	case dead == 0:
	case survivor != 0:
		pr.redirect = append(pr.redirect, redirection{off, survivor})
	case pr.indexed:
		pr.dead = append(pr.dead, off)
	default:
		pr.gone[off] = true
	}
	return nil
}

// gather lists what goes. A heap-only version that is dead and that no chain led to was inserted in vain, and nothing leads to it.
func (pr *pruner) gather() {
	for off := 1; off < len(pr.gone); off++ {
		if pr.gone[off] || pr.fates[off] == fateDead {
			pr.remove = append(pr.remove, page.OffsetNumber(off))
			pr.freed += page.Align(pr.p.ItemID(page.OffsetNumber(off)).Length())
		}
	}
}

// apply edits a copy of the page. Holds: what planPrune was given must still be true.
func (pr *prune) apply(s *genericxlog.State, b *buffer.Buffer, e *page.Editor, unlogged bool) error {
	if err := e.DeleteItems(pr.remove, true); err != nil {
		return err
	}
	for _, r := range pr.redirect {
		if err := e.SetRedirect(r.root, r.to); err != nil {
			return err
		}
	}
	for _, off := range pr.dead {
		if err := e.SetDead(off); err != nil {
			return err
		}
	}
	if !unlogged && pr.horizon != 0 {
		s.SetConflictHorizon(b, pr.horizon)
	}
	return nil
}

// deadPointers lists the roots of which nothing is left.
func deadPointers(p page.Page) (dead []page.OffsetNumber) {
	for off := page.OffsetNumber(1); off <= page.OffsetNumber(p.NumItems()); off++ {
		if p.ItemID(off).Flags() == page.ItemDead {
			dead = append(dead, off)
		}
	}
	return dead
}
