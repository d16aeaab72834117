package plan

import (
	"github.com/quiredb/quire/sql/expr"
)

// path is one way to get the rows of some relations. Nothing is built before the choice is made.
type path struct {
	rels relset
	cost Cost
	rows float64
	// rescan is what reading the rows once more costs.
	rescan float64
	// params are the columns of other relations that the path needs: it can only stand on the inner side of a nested loop with them.
	params []*expr.ColumnRef
	outer  relset // their relations
	// uses are the join conditions that the path has tested already.
	uses []*restriction
	// ordered says that the rows come in the wished order.
	ordered bool
	// build makes the node, whose output row is out.
	build func(out []expr.Expr) Node
}

// joinRel is a set of relations with the best paths to it.
type joinRel struct {
	rels  relset
	rows  float64
	width float64
	paths []*path
}

// add keeps a path unless another one is at least as good in every respect, and drops those that the new one beats.
func (r *joinRel) add(n *path, startupCounts bool) {
	for _, o := range r.paths {
		if o.beats(n, startupCounts) {
			return
		}
	}
	keep := make([]*path, 0, len(r.paths)+1)
	for _, o := range r.paths {
		if !n.beats(o, startupCounts) {
			keep = append(keep, o)
		}
	}
	r.paths = append(keep, n)
}

// beats reports whether p is no worse than o in anything that counts.
func (p *path) beats(o *path, startupCounts bool) bool {
	return p.cost.Total <= o.cost.Total && (!startupCounts || p.cost.Startup <= o.cost.Startup) && p.rescan <= o.rescan &&
		p.rows <= o.rows && (p.ordered || !o.ordered) && o.outer.has(p.outer)
}
