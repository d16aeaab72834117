package plan

import (
	"math"

	"github.com/quiredb/quire/core/am"
)

// indexCost estimates reading the index for m, from the coefficients that the access method declares, as genericcostestimate does.
//
// An ordered index is taken for a tree (btcostestimate): only the conditions on its leading columns, equalities up to the first that is
// none, narrow down what is read; every value of a list is a search of its own; and a search costs the way down, with a comparison for
// each time that the entries can be halved and some work for each level.
func (p *planner) indexCost(est *estimator, x *Index, t *Table, m match, e scanEstimate) indexEstimate {
	sel := est.conjunction(m.used)
	if m.single(x) {
		sel = math.Min(sel, 1/math.Max(e.tuples, 1))
	}
	c := x.Desc.Cost
	read, searches := sel, 1.0
	if x.Desc.Caps.Ordered {
		var leading match
		leading, searches = leadingConds(x, m)
		read = est.conjunction(leading.used)
		if m.single(x) {
			read = sel
		}
	}
	part := math.Max(c.PagesFraction, read/searches)
	entries := clampRows(part * e.tuples)
	if x.Desc.Caps.Ordered && c.PagesFraction == 0 {
		part = entries / math.Max(e.tuples, 1)
	}
	pages := math.Max(c.StartupPages+math.Ceil(part*math.Max(x.Pages-c.StartupPages, 0)), 1)
	if scans := searches * math.Max(e.loops, 1); scans > 1 { // pages stay in the cache from one search to the next
		pages = p.costs.pagesFetched(pages*scans, x.Pages, x.Pages, e.total) / math.Max(e.loops, 1)
	}
	perPage := c.PerPage * p.costs.SeqPage
	if c.PerPage == 0 {
		perPage = p.costs.RandomPage
	}
	perTuple := c.PerTuple
	if perTuple == 0 {
		perTuple = 1
	}
	run := pages*perPage + searches*entries*(perTuple*p.costs.CPUIndexTuple+float64(len(m.conds))*p.costs.CPUOperator)
	startup := 0.0
	for _, cond := range m.conds {
		if cond.Arg != nil {
			startup += p.costs.operatorCost(cond.Arg.Expr)
		}
	}
	out := indexEstimate{selectivity: math.Min(sel+c.Lossiness*(1-sel), 1), pages: x.Pages}
	if x.Desc.Caps.Ordered {
		descent := p.costs.descent(e.tuples, x.Pages)
		startup += descent
		run += (searches - 1) * descent
		out.correlation = correlation(x, t)
	}
	out.Cost = Cost{startup, startup + run}
	return out
}

// leadingConds are the conditions of m that bound the part of an ordered index that is read, and searches how many such parts there are.
func leadingConds(x *Index, m match) (out match, searches float64) {
	searches = 1
	for column := range x.Attrs {
		equal := false
		for i, c := range m.conds {
			if c.Column != column {
				continue
			}
			switch c.Strategy {
			case "=", am.IsNull:
				equal = true
			case am.AnyEqual:
				equal = true
				n := float64(len(c.List))
				if c.Arg != nil {
					n = 10 // as PostgreSQL guesses of an array that is not known
				}
				searches *= math.Max(n, 1)
			}
			out.conds, out.used = append(out.conds, c), append(out.used, m.used[i])
		}
		if !equal {
			break
		}
	}
	return out, searches
}

// descent is the cost of finding a place in a tree of so many entries on so many pages.
func (c *Costs) descent(entries, pages float64) float64 {
	const (
		fanout       = 300 // of an inner page with short keys
		levelOpCosts = 50  // DEFAULT_PAGE_CPU_MULTIPLIER
	)
	cost := 0.0
	if entries > 1 {
		cost = math.Ceil(math.Log2(entries)) * c.CPUOperator
	}
	levels := 1.0
	for n := pages - 1; n > 1; n /= fanout { // the first page is no part of the tree
		levels++
	}
	return cost + levels*levelOpCosts*c.CPUOperator
}

// correlation is how far reading the index in its order reads the heap in order. Further columns are taken to lessen it.
func correlation(x *Index, t *Table) float64 {
	c := t.Columns[x.Attrs[0]].Correlation
	if x.Def.Columns[0].Desc {
		c = -c
	}
	if len(x.Attrs) > 1 {
		c *= 0.75
	}
	return c
}
