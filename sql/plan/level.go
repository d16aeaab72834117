package plan

import (
	"math"
	"slices"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// level is the planning of one FROM and WHERE: relations, conditions, the joins whose order matters, and the paths found.
type level struct {
	p    *planner
	q    *Query
	est  *estimator
	w    wish
	rels []baseRel
	// clauses are the conditions over more than one relation, or that have to wait for an outer join.
	clauses  []*restriction
	specials []*special
	// postponed are conditions of merged LATERAL subqueries whose relations are not all below the item being taken apart.
	postponed []expr.Expr
	// out is what the level computes.
	out []expr.Expr
	// params are the execution parameters that hand columns to inner sides.
	params map[[2]int]*expr.ExecParam
	err    error
}

// baseRel is one relation of a level.
type baseRel struct {
	rel int // in the range table
	*Rel
	// lateral are the relations that this one takes columns from: it can only stand on the inner side of a join with them.
	lateral relset
	quals   []expr.Expr // conditions over this relation alone
	rows    float64     // after them
	bytes   int         // of the columns that are needed above it, 0 until asked for
}

// restriction is one condition.
type restriction struct {
	expr expr.Expr
	rels relset // that it mentions
	// need are the relations that must be joined before it may be tested.
	need relset
	// of is the outer, semi or anti join whose ON it is part of, nil for all others.
	of *special
	// late says that it waits for an outer join below: it filters the join's rows and takes no part in it.
	late bool
	// left and right are the sides of an equality that can be hashed, leftRels and rightRels what they mention.
	left, right         expr.Expr
	leftRels, rightRels relset
}

// special is a join that cannot be done in any order: outer, semi or anti. left and right must be complete before it is done; allLeft
// and allRight are all relations below it.
type special struct {
	kind              JoinKind
	left, right       relset
	allLeft, allRight relset
}

// newLevel takes a join tree apart.
func (p *planner) newLevel(q *Query, est *estimator, w wish, out []expr.Expr, where []expr.Expr) (*level, error) {
	lv := &level{p: p, q: q, est: est, w: w, out: out}
	own := q.own()
	if len(own) > maxLevelRels {
		return nil, pgerr.New(pgerr.StatementTooComplex, "a query cannot join more than %d relations", maxLevelRels)
	}
	lv.rels = make([]baseRel, len(own))
	for i, rel := range own {
		lv.rels[i] = baseRel{rel: rel, Rel: q.Rels[rel]}
	}
	if _, plain := q.From[0].(RelItem); plain && len(own) == 1 {
		lv.rels[0].quals = where
	} else {
		root := FromItem(&listItem{items: q.From})
		if len(where) > 0 {
			root = &listItem{items: q.From, where: expr.Conjunction(where)}
		}
		all := lv.deconstruct(reduceOuterJoins(root, nil))
		lv.distribute(nil, all)
	}
	for i := range lv.rels {
		r := &lv.rels[i]
		switch r.Kind {
		case RelFunction:
			lv.laterals(i, []expr.Expr{r.Call})
		case RelSubquery, RelSetOp:
			lv.laterals(i, r.Outer)
		case RelProjectSet:
			lv.laterals(i, append([]expr.Expr{r.Call}, r.Outer...))
			r.lateral &^= 1 << i
		case RelValues:
			for _, row := range r.Values {
				lv.laterals(i, row)
			}
		}
		p.orderQuals(r.quals)
	}
	return lv, lv.err
}

// laterals notes which relations the expressions inside relation i need.
func (lv *level) laterals(i int, list []expr.Expr) {
	for _, e := range list {
		lv.rels[i].lateral |= lv.mentioned(e)
	}
}

// number is the number of a relation in this level, -1 if it is not one of it.
func (lv *level) number(rel int) int {
	for i := range lv.rels {
		if lv.rels[i].rel == rel {
			return i
		}
	}
	return -1
}

// mentioned is the set of the level's relations whose columns e reads.
func (lv *level) mentioned(e expr.Expr) relset {
	var s relset
	expr.Columns(e, func(c *expr.ColumnRef) {
		if i := lv.number(c.Rel); i >= 0 {
			s |= 1 << i
		}
	})
	return s
}

// deconstruct hands the conditions of a join tree to where they belong and returns the tree's relations.
func (lv *level) deconstruct(item FromItem) relset {
	switch n := item.(type) {
	case RelItem:
		return 1 << lv.number(n.Rel)
	case *listItem:
		var all relset
		for _, x := range n.items {
			all |= lv.deconstruct(x)
		}
		lv.distribute(n.where, all)
		return all
	case *JoinItem:
		left, right := lv.deconstruct(n.Left), lv.deconstruct(n.Right)
		if n.Kind == InnerJoin {
			lv.distribute(n.On, left|right)
		} else {
			lv.special(n, left, right)
		}
		return left | right
	}
	return 0
}

// conjuncts simplifies a condition and splits it.
func (lv *level) conjuncts(e expr.Expr) []expr.Expr {
	if e == nil {
		return nil
	}
	var out []expr.Expr
	for _, c := range expr.Conjuncts(lv.p.simplifyCondition(e)) {
		if k, ok := c.(*expr.Const); ok && !k.D.Null && k.D.Bool() {
			continue
		}
		out = append(out, c)
	}
	return out
}

// distribute places conditions that hold for all rows of the relations in scope. One that mentions others, in a LATERAL subquery that was
// merged, is placed where those are in scope too: such a subquery is never on the nullable side of an outer join in between.
func (lv *level) distribute(e expr.Expr, scope relset) {
	waiting := lv.postponed
	lv.postponed = nil
	for _, c := range append(waiting, lv.conjuncts(e)...) {
		if scope.has(lv.mentioned(c)) {
			lv.place(c, scope)
		} else {
			lv.postponed = append(lv.postponed, c)
		}
	}
}

// place hands one condition to a relation or to the joins. It is tested as soon as its relations are there, but not before the outer
// joins that may replace their columns by nulls.
func (lv *level) place(e expr.Expr, scope relset) {
	c := &restriction{expr: e, rels: lv.mentioned(e)}
	c.need = c.rels
	if c.need == 0 {
		c.need = scope
	}
	for again := true; again; {
		again = false
		for _, sp := range lv.specials {
			if sp.kind != LeftJoin && sp.kind != FullJoin || !scope.has(sp.allLeft|sp.allRight) {
				continue
			}
			nullable := sp.allRight
			if sp.kind == FullJoin {
				nullable |= sp.allLeft
			}
			c.late = c.late || c.rels.overlaps(nullable)
			if c.need.overlaps(nullable) && !c.need.has(sp.left|sp.right) {
				c.need |= sp.left | sp.right
				again = true
			}
		}
	}
	if c.need.count() == 1 {
		r := &lv.rels[c.need.only()]
		r.quals = append(r.quals, e)
		return
	}
	lv.sides(c)
	lv.clauses = append(lv.clauses, c)
}

// special enters a join whose place is bound. The right side is always complete before; the left side must hold what the condition
// mentions, and whole outer joins where it mentions their nullable side.
func (lv *level) special(n *JoinItem, left, right relset) {
	sp := &special{kind: n.Kind, allLeft: left, allRight: right, right: right}
	for _, l := range lv.q.Locks {
		if at := lv.number(l.Rel); at >= 0 && lv.err == nil && (n.Kind == FullJoin && (left|right).has(1<<at) || n.Kind == LeftJoin && right.has(1<<at)) {
			lv.err = pgerr.New(pgerr.FeatureNotSupported, "%s cannot be applied to the nullable side of an outer join", l.Mode)
		}
	}
	list := lv.conjuncts(n.On)
	var mentioned relset
	for _, e := range list {
		mentioned |= lv.mentioned(e)
	}
	sp.left = mentioned & left
	if sp.left == 0 || n.Kind == FullJoin {
		sp.left = left
	}
	for again := true; again; {
		again = false
		for _, below := range lv.specials {
			if !left.has(below.allLeft | below.allRight) {
				continue
			}
			if (below.kind == FullJoin || sp.left.overlaps(below.allRight)) && !sp.left.has(below.allLeft|below.allRight) {
				sp.left |= below.allLeft | below.allRight
				again = true
			}
		}
	}
	lv.specials = append(lv.specials, sp)
	for _, e := range list {
		rels := lv.mentioned(e)
		switch volatile := expr.MaxVolatility(e) == expr.Volatile; {
		case n.Kind != FullJoin && rels != 0 && right.has(rels) && !volatile:
			lv.place(e, right) // it decides only which rows of the right side are partners
		case n.Kind == SemiJoin && rels != 0 && left.has(rels) && !volatile:
			lv.place(e, left)
		default:
			c := &restriction{expr: e, rels: rels, need: sp.left | sp.right, of: sp}
			lv.sides(c)
			lv.clauses = append(lv.clauses, c)
		}
	}
}

// sides recognises "expression = expression" over different relations.
func (lv *level) sides(c *restriction) {
	op, ok := c.expr.(*expr.OpExpr)
	if !ok || op.Op.Name != "=" || len(op.Args) != 2 || !hashable(op) || expr.MaxVolatility(op) == expr.Volatile {
		return
	}
	l, r := lv.mentioned(op.Args[0]), lv.mentioned(op.Args[1])
	if l == 0 || r == 0 || l.overlaps(r) {
		return
	}
	c.left, c.right, c.leftRels, c.rightRels = op.Args[0], op.Args[1], l, r
}

// hashable reports whether equal values of an equality's two types have equal hashes.
func hashable(op *expr.OpExpr) bool {
	return op.Op.Compare != nil && sameHash(op.Args[0], op.Args[1])
}

// flipped is a comparison with its operands exchanged.
func flipped(compare func(a, b datum.Datum) int) func(a, b datum.Datum) int {
	return func(a, b datum.Datum) int { return -compare(b, a) }
}

// tidColumn is the column behind the last one, in which a scan gives the place of the row.
func tidColumn(rel int, t *Table) *expr.ColumnRef {
	return &expr.ColumnRef{Rel: rel, Index: t.TIDSlot(), Attr: -1, T: expr.TypeOf(datum.Int8), Name: "ctid"}
}

// orderQuals puts cheap conditions first, as PostgreSQL's order_qual_clauses has it, and equalities behind others of the same cost:
// PostgreSQL keeps those in equivalence classes, and gives them back to their relations last.
func (p *planner) orderQuals(quals []expr.Expr) {
	if len(quals) < 2 {
		return
	}
	slices.SortStableFunc(quals, func(a, b expr.Expr) int {
		x, y := p.costs.operatorCost(a), p.costs.operatorCost(b)
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		case isEquality(a) == isEquality(b):
			return 0
		case isEquality(b):
			return -1
		}
		return 1
	})
}

func isEquality(e expr.Expr) bool {
	op, ok := e.(*expr.OpExpr)
	return ok && op.Op.Name == "=" && op.Op.Compare != nil
}

// param is the execution parameter for a column of one of the level's relations.
func (lv *level) param(c *expr.ColumnRef) *expr.ExecParam {
	key := [2]int{c.Rel, c.Index}
	if lv.params == nil {
		lv.params = map[[2]int]*expr.ExecParam{}
	}
	e := lv.params[key]
	if e == nil {
		e = &expr.ExecParam{Slot: lv.p.newSlot(), T: c.T, Label: expr.QuoteIdent(lv.q.Rels[c.Rel].Alias) + "." + expr.QuoteIdent(c.Name)}
		lv.params[key] = e
	}
	return e
}

// parametrised replaces the columns of relations outside of own by execution parameters, and adds those columns to list.
func (lv *level) parametrised(e expr.Expr, own relset, list *[]*expr.ColumnRef) expr.Expr {
	out, err := expr.RewriteTop(e, func(n expr.Expr) (expr.Expr, error) {
		c, ok := n.(*expr.ColumnRef)
		if !ok {
			return nil, nil
		}
		i := lv.number(c.Rel)
		if i < 0 || own.has(1<<i) {
			return nil, nil
		}
		if !slices.ContainsFunc(*list, func(o *expr.ColumnRef) bool { return o.Rel == c.Rel && o.Index == c.Index }) {
			*list = append(*list, c)
		}
		return lv.param(c), nil
	})
	if err != nil && lv.err == nil {
		lv.err = err
	}
	return out
}

// parametrisedAll is parametrised for a list.
func (lv *level) parametrisedAll(in []expr.Expr, own relset, list *[]*expr.ColumnRef) []expr.Expr {
	out := make([]expr.Expr, len(in))
	for i, e := range in {
		out[i] = lv.parametrised(e, own, list)
	}
	return out
}

// relsOf is the set of relations that a list of columns belongs to.
func (lv *level) relsOf(list []*expr.ColumnRef) relset {
	var s relset
	for _, c := range list {
		s |= 1 << lv.number(c.Rel)
	}
	return s
}

// all is the set of all relations.
func (lv *level) all() relset {
	if len(lv.rels) == maxLevelRels {
		return math.MaxUint64
	}
	return 1<<len(lv.rels) - 1
}
