package plan

import (
	"math"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// maxExhaustive is the number of relations up to which every order of joining is considered; beyond, the cheapest next join is taken.
const maxExhaustive = 8

// joinTree plans a FROM with the conditions of WHERE that depend on rows, and computes out over the joined rows.
func (p *planner) joinTree(q *Query, est *estimator, w wish, quals, out []expr.Expr) (Node, bool, error) {
	lv, err := p.newLevel(q, est, w, out, quals)
	if err != nil {
		return nil, false, err
	}
	base := make([]*joinRel, len(lv.rels))
	for i := range lv.rels {
		if base[i], err = lv.basePaths(i); err != nil {
			return nil, false, err
		}
	}
	for i := range base {
		lv.lookups(i, base[i], base)
	}
	final := base[0]
	switch n := len(base); {
	case n > maxExhaustive:
		final = lv.greedy(base)
	case n > 1:
		final = lv.exhaustive(base)
	}
	if lv.err != nil {
		return nil, false, lv.err
	}
	var best *path
	bestCost := 0.0
	if final != nil {
		width := float64(est.widths(out))
		for _, c := range final.paths {
			if cost := p.finalCost(c, width, w); c.outer == 0 && (best == nil || cost < bestCost) {
				best, bestCost = c, cost
			}
		}
	}
	if best == nil {
		return nil, false, noJoin(lv)
	}
	node := best.build(out)
	return node, best.ordered && len(w.order) > 0, lv.err
}

// noJoin is the answer when no order of joining satisfies what outer joins and LATERAL ask for.
func noJoin(lv *level) error {
	for _, sp := range lv.specials {
		if sp.kind == FullJoin {
			return pgerr.New(pgerr.FeatureNotSupported, "FULL JOIN is only supported with merge-joinable or hash-joinable join conditions")
		}
	}
	return pgerr.New(pgerr.FeatureNotSupported, "a LATERAL reference of this kind across joins is not supported")
}

// exhaustive finds the best paths for every set of relations that is worth joining, smaller sets first.
func (lv *level) exhaustive(base []*joinRel) *joinRel {
	for _, cross := range []bool{false, true} {
		sets := map[relset]*joinRel{}
		bySize := make([][]*joinRel, len(base)+1)
		bySize[1] = base
		for size := 2; size <= len(base); size++ {
			for small := 1; small <= size/2; small++ {
				for i, a := range bySize[small] {
					for k, b := range bySize[size-small] {
						if a.rels.overlaps(b.rels) || small == size-small && k <= i || !cross && !lv.connected(a.rels, b.rels) {
							continue
						}
						if r := lv.joined(sets, a, b); r != nil && r.new {
							r.new = false
							bySize[size] = append(bySize[size], r.joinRel)
						}
					}
				}
			}
		}
		if final := sets[lv.all()]; final != nil && len(final.paths) > 0 {
			return final
		}
	}
	return nil
}

// greedy joins, one pair after the other, the two sets that give the fewest rows.
func (lv *level) greedy(base []*joinRel) *joinRel {
	left := append([]*joinRel(nil), base...)
	for len(left) > 1 {
		var best *joinRel
		var bi, bk int
		for _, cross := range []bool{false, true} {
			for i, a := range left {
				for k := i + 1; k < len(left); k++ {
					if !cross && !lv.connected(a.rels, left[k].rels) {
						continue
					}
					r := lv.joined(map[relset]*joinRel{}, a, left[k])
					if r != nil && len(r.paths) > 0 && (best == nil || r.rows < best.rows || r.rows == best.rows && r.paths[0].cost.Total < best.paths[0].cost.Total) {
						best, bi, bk = r.joinRel, i, k
					}
				}
			}
			if best != nil {
				break
			}
		}
		if best == nil {
			return nil
		}
		left[bi] = best
		left = append(left[:bk], left[bk+1:]...)
	}
	return left[0]
}

// connected reports whether two sets have a reason to be joined: a condition over both, a special join or LATERAL between them, or one of
// them has nothing to do with any other.
func (lv *level) connected(a, b relset) bool {
	aLinked, bLinked := false, false
	for _, c := range lv.clauses {
		over := c.rels
		if over == 0 {
			continue
		}
		if over.overlaps(a) && over.overlaps(b) {
			return true
		}
		aLinked = aLinked || over.overlaps(a) && !a.has(over)
		bLinked = bLinked || over.overlaps(b) && !b.has(over)
	}
	for _, sp := range lv.specials {
		if a.has(sp.left) && b.has(sp.right) || b.has(sp.left) && a.has(sp.right) {
			return true
		}
		both := sp.left | sp.right
		aLinked = aLinked || both.overlaps(a) && !a.has(both)
		bLinked = bLinked || both.overlaps(b) && !b.has(both)
	}
	for i := range lv.rels {
		one := relset(1) << i
		need := lv.rels[i].lateral
		if a.has(one) && need.overlaps(b) || b.has(one) && need.overlaps(a) {
			return true
		}
		aLinked = aLinked || need != 0 && (a.has(one) && !a.has(need) || need.overlaps(a) && !a.has(one))
		bLinked = bLinked || need != 0 && (b.has(one) && !b.has(need) || need.overlaps(b) && !b.has(one))
	}
	return !aLinked || !bLinked
}

// legal says how two sets may be joined: the special join that it carries out, if any, and whether b is the left side of it. The right
// side of a special join is joined with nothing before it is complete, and then only by that join.
func (lv *level) legal(a, b relset) (sp *special, swap, ok bool) {
	both := a | b
	for _, s := range lv.specials {
		switch {
		case !both.overlaps(s.right) && s.kind != FullJoin, s.right.has(both),
			s.kind == FullJoin && (s.left.has(both) || !both.overlaps(s.left|s.right)),
			a.has(s.left | s.right), b.has(s.left | s.right):
			continue
		case sp != nil:
			return nil, false, false
		case a.has(s.left) && b == s.right:
			sp, swap = s, false
		case b.has(s.left) && a == s.right:
			sp, swap = s, true
		default:
			return nil, false, false
		}
	}
	return sp, swap, true
}

// newRelation is a joinRel that may just have been made.
type newRelation struct {
	*joinRel
	new bool
}

// joined adds the paths of joining a and b to their union, or returns nil if they may not be joined.
func (lv *level) joined(sets map[relset]*joinRel, a, b *joinRel) *newRelation {
	sp, swap, ok := lv.legal(a.rels, b.rels)
	if !ok {
		return nil
	}
	if swap {
		a, b = b, a
	}
	kind := InnerJoin
	if sp != nil {
		kind = sp.kind
	}
	list, filter := lv.conditions(a.rels, b.rels, sp)
	all := a.rels | b.rels
	r := sets[all]
	fresh := r == nil
	if fresh {
		r = &joinRel{rels: all, width: a.width + b.width}
		r.rows = lv.joinRows(a.rows, b.rows, kind, list, filter)
		sets[all] = r
	}
	lv.joinPaths(r, a, b, kind, sp, list, filter)
	if kind == InnerJoin {
		lv.joinPaths(r, b, a, kind, sp, list, filter)
	}
	return &newRelation{r, fresh}
}

// conditions are the restrictions that can be tested when a and b are joined and not before: those that decide about partners, and those
// that filter the joined rows.
func (lv *level) conditions(a, b relset, sp *special) (list, filter []*restriction) {
	both := a | b
	for _, c := range lv.clauses {
		if !both.has(c.need) || a.has(c.need) || b.has(c.need) || c.of != nil && c.of != sp {
			continue
		}
		if sp == nil || c.of == sp {
			list = append(list, c)
		} else {
			filter = append(filter, c)
		}
	}
	return list, filter
}

func exprsOf(list []*restriction) []expr.Expr {
	out := make([]expr.Expr, len(list))
	for i, c := range list {
		out[i] = c.expr
	}
	return out
}

// joinRows estimates the rows of a join, as calc_joinrel_size_estimate does.
func (lv *level) joinRows(a, b float64, kind JoinKind, list, filter []*restriction) float64 {
	sel := 1.0
	for _, c := range list {
		if kind == SemiJoin || kind == AntiJoin {
			sel *= lv.est.semi(c, b)
		} else {
			sel *= lv.est.condition(c.expr)
		}
	}
	rows := a * b * sel
	switch kind {
	case LeftJoin:
		rows = math.Max(rows, a)
	case FullJoin:
		rows = math.Max(rows, math.Max(a, b))
	case SemiJoin:
		rows = a * sel
	case AntiJoin:
		rows = a * (1 - sel)
	}
	return clampRows(rows * lv.est.conjunction(exprsOf(filter)))
}
