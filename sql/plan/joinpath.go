package plan

import (
	"math"
	"slices"

	"github.com/quiredb/quire/sql/expr"
)

// joinPaths adds the ways to join with a outside and b inside.
func (lv *level) joinPaths(r, a, b *joinRel, kind JoinKind, sp *special, list, filter []*restriction) {
	startup := lv.w.limit > 0
	for _, o := range a.paths {
		if o.outer.overlaps(b.rels) || len(o.uses) > 0 {
			continue
		}
		if kind != FullJoin {
			for _, i := range b.paths {
				if n := lv.nestedLoop(r, o, i, kind, sp, list, filter); n != nil {
					r.add(n, startup)
				}
			}
		}
		for _, i := range b.paths {
			if i.outer.overlaps(a.rels) || len(i.uses) > 0 {
				continue
			}
			if n := lv.hashJoin(r, o, i, kind, list, filter); n != nil {
				r.add(n, startup)
			}
		}
	}
	if kind == LeftJoin { // the other way round: the left side is hashed, and its rows without a partner come at the end
		for _, o := range b.paths {
			for _, i := range a.paths {
				if o.outer.overlaps(a.rels) || i.outer.overlaps(b.rels) || len(o.uses)+len(i.uses) > 0 {
					continue
				}
				if n := lv.hashJoin(r, o, i, RightJoin, list, filter); n != nil {
					r.add(n, startup)
				}
			}
		}
	}
}

// union joins two lists of parameters without those that the relations in have give.
func (lv *level) union(a, b []*expr.ColumnRef, have relset) []*expr.ColumnRef {
	var out []*expr.ColumnRef
	for _, c := range slices.Concat(a, b) {
		if have.has(1<<lv.number(c.Rel)) || slices.ContainsFunc(out, func(o *expr.ColumnRef) bool { return o.Rel == c.Rel && o.Index == c.Index }) {
			continue
		}
		out = append(out, c)
	}
	return out
}

// nestedLoop prices running i once for each row of o (cost_nestloop), with i's rows kept in memory where that is cheaper.
func (lv *level) nestedLoop(r *joinRel, o, i *path, kind JoinKind, sp *special, list, filter []*restriction) *path {
	for _, c := range i.uses {
		if c.of != sp {
			return nil
		}
	}
	if len(i.uses) > 0 && !o.rels.has(i.outer) {
		return nil
	}
	p := lv.p
	rest := slices.DeleteFunc(slices.Clone(list), func(c *restriction) bool { return slices.Contains(i.uses, c) })
	kept := false
	rescan := i.rescan
	if i.outer == 0 && o.rows > 1 {
		if again := p.costs.CPUOperator * i.rows; again < rescan {
			rescan, kept = again, true
		}
	}
	n := &path{rels: r.rels, rows: r.rows, ordered: o.ordered, params: lv.union(o.params, i.params, r.rels)}
	n.outer = lv.relsOf(n.params)
	qual := p.costs.qualCost(exprsOf(append(slices.Clone(rest), filter...)))
	part := 1.0 // of the inner rows that are looked at
	if kind == SemiJoin || kind == AntiJoin {
		matched := math.Min(r.rows/math.Max(o.rows, 1), 1)
		if kind == AntiJoin {
			matched = 1 - matched
		}
		part = matched*math.Min(2/(i.rows+1), 1) + (1 - matched)
	}
	cost := Cost{o.cost.Startup + i.cost.Startup + qual.Startup, o.cost.Total + i.cost.Total + qual.Startup}
	if kept {
		cost.Total += 2 * p.costs.CPUOperator * i.rows
	}
	cost.Total += math.Max(o.rows-1, 0) * rescan * part
	cost.Total += o.rows * i.rows * part * (p.costs.CPUTuple + qual.Total)
	if !p.costs.NestLoop {
		cost.Startup += disableCost
		cost.Total += disableCost
	}
	n.cost, n.rescan = cost, cost.Total
	n.build = func(out []expr.Expr) Node { return lv.buildLoop(n, o, i, kind, kept, rest, filter, out) }
	return n
}

// hashJoin prices building a hash table of i's rows and looking o's up in it (cost_hashjoin); nil if no condition is an equality over the
// two sides.
func (lv *level) hashJoin(r *joinRel, o, i *path, kind JoinKind, list, filter []*restriction) *path {
	p := lv.p
	var keys, rest []*restriction
	distinct := 1.0
	for _, c := range list {
		switch {
		case c.left != nil && o.rels.has(c.leftRels) && i.rels.has(c.rightRels):
			distinct = math.Max(distinct, lv.est.distinctOf(c.right, i.rows))
		case c.left != nil && o.rels.has(c.rightRels) && i.rels.has(c.leftRels):
			distinct = math.Max(distinct, lv.est.distinctOf(c.left, i.rows))
		default:
			rest = append(rest, c)
			continue
		}
		keys = append(keys, c)
	}
	if len(keys) == 0 {
		return nil
	}
	n := &path{rels: r.rels, rows: r.rows, params: lv.union(o.params, i.params, r.rels)}
	n.outer = lv.relsOf(n.params)
	k := float64(len(keys))
	bytes := i.rows * float64(lv.widthOf(i.rels)+24)
	cost := Cost{o.cost.Startup + i.cost.Total, o.cost.Total + i.cost.Total}
	build := (p.costs.CPUOperator*k + p.costs.CPUTuple) * i.rows
	cost.Startup += build
	cost.Total += build + p.costs.CPUOperator*k*o.rows
	if bytes > float64(2*p.costs.WorkMem) { // both sides go through files
		pages := math.Ceil(bytes / 8192)
		outer := math.Ceil(o.rows * float64(lv.widthOf(o.rels)+24) / 8192)
		cost.Startup += p.costs.SeqPage * pages
		cost.Total += p.costs.SeqPage * (2*pages + 2*outer)
	}
	bucket := math.Max(i.rows/distinct, 1)
	hash := p.costs.qualCost(exprsOf(keys))
	cost.Total += hash.Total * o.rows * bucket * 0.5
	qual := p.costs.qualCost(exprsOf(append(slices.Clone(rest), filter...)))
	matches := o.rows * i.rows * lv.est.conjunction(exprsOf(keys))
	if kind == SemiJoin || kind == AntiJoin {
		matches = math.Min(matches, o.rows)
	}
	cost.Total += (p.costs.CPUTuple + qual.Total) * matches
	if !p.costs.HashJoin {
		cost.Startup += disableCost
		cost.Total += disableCost
	}
	n.cost, n.rescan = cost, cost.Total
	if n.outer == 0 && bytes <= float64(2*p.costs.WorkMem) && i.outer == 0 {
		n.rescan = cost.Total - cost.Startup + o.cost.Startup // the table is there
	}
	n.build = func(out []expr.Expr) Node { return lv.buildHash(n, o, i, kind, keys, rest, filter, out) }
	return n
}

// widthOf estimates the bytes of a row of some relations: of what the level reads of them.
func (lv *level) widthOf(rels relset) int {
	n := 0
	rels.each(func(i int) { n += lv.rels[i].width(lv) })
	return n
}

// width is the size of the columns of a relation that are needed above it.
func (r *baseRel) width(lv *level) int {
	if r.bytes == 0 {
		var seen []int
		for _, c := range lv.needs(lv.number(r.rel)) {
			if !slices.Contains(seen, c) && c < len(r.Columns) {
				seen = append(seen, c)
				r.bytes += lv.est.width(&expr.ColumnRef{Rel: r.rel, Index: c, T: r.Columns[c].Type})
			}
		}
		r.bytes = max(r.bytes, 1)
	}
	return r.bytes
}

// lookups adds the paths that look rows of table i up in an index by columns of other relations.
func (lv *level) lookups(i int, out *joinRel, base []*joinRel) {
	r := &lv.rels[i]
	if r.Kind != RelTable || r.Table.View != nil || len(r.Table.Indexes) == 0 || len(lv.rels) == 1 {
		return
	}
	own := relset(1) << i
	var usable []*restriction
	var sets []relset
	for _, c := range lv.clauses {
		others := c.rels &^ own
		if !c.rels.has(own) || others == 0 || c.late || expr.HasSubLinks(c.expr) || c.of != nil && (c.of.right != own || c.of.kind == FullJoin) {
			continue
		}
		usable = append(usable, c)
		if !slices.Contains(sets, others) {
			sets = append(sets, others)
		}
	}
	for k, n := 0, len(sets); k < n; k++ { // conditions of two kinds together
		for l := range k {
			if both := sets[k] | sets[l]; !slices.Contains(sets, both) && len(sets) < 12 {
				sets = append(sets, both)
			}
		}
	}
	done := map[*special]bool{}
	for _, c := range usable {
		if done[c.of] {
			continue
		}
		done[c.of] = true
		for _, outer := range sets {
			lv.lookup(i, out, base, usable, c.of, outer)
		}
	}
}

// lookup adds the best index path for table i whose parameters come from the relations in outer.
func (lv *level) lookup(i int, out *joinRel, base []*joinRel, usable []*restriction, of *special, outer relset) {
	r, p := &lv.rels[i], lv.p
	own := relset(1) << i
	var uses []*restriction
	var exprs []expr.Expr
	var params []*expr.ColumnRef
	for _, c := range usable {
		if c.of == of && (own | outer).has(c.rels) {
			uses = append(uses, c)
			exprs = append(exprs, lv.parametrised(c.expr, own, &params))
		}
	}
	if len(uses) == 0 || lv.relsOf(params) != outer {
		return
	}
	quals := slices.Concat(r.quals, exprs)
	loops := 1e100
	outer.each(func(k int) { loops = math.Min(loops, base[k].rows) })
	e := scanEstimate{
		pages: r.Table.Pages, tuples: r.Table.Tuples, allVisible: r.Table.AllVisible, qual: p.costs.qualCost(quals), loops: loops, outer: outer,
		needed: lv.needs(i), total: lv.tablePages(), rows: clampRows(r.Table.Tuples * lv.est.conjunction(quals)),
	}
	var best *path
	for _, x := range r.Table.Indexes {
		if !x.Readable() {
			continue
		}
		m := p.matchIndex(x, r.rel, exprs)
		if len(m.conds) == 0 {
			continue
		}
		own := e
		if m.single(x) {
			own.rows = 1
		}
		for _, n := range lv.indexPaths(i, x, quals, own) {
			if best == nil || n.cost.Total < best.cost.Total {
				best = n
			}
		}
	}
	if best != nil {
		best.params, best.outer, best.uses = params, outer, uses
		out.paths = append(out.paths, best)
	}
}
