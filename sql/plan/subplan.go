package plan

import (
	"fmt"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// Subplan is a subquery in an expression.
type Subplan struct {
	Root Node
	// Title is how EXPLAIN heads it: "SubPlan 1".
	Title string
	Init  bool
	// Types are those of its visible columns.
	Types []datum.OID
	// Reads are the execution parameters that its rows depend on. While they keep their values, so does the answer.
	Reads    []int
	Volatile bool
}

// plannedSub is a subquery that has been planned, for all the copies that an expression makes of its SubLink.
type plannedSub struct {
	id     int
	slots  []int
	label  string
	init   bool
	hashed bool
	cost   Cost
	rows   float64
}

// planSubLinks replaces the subqueries of an expression by plans.
func (p *planner) planSubLinks(e expr.Expr) expr.Expr {
	if !expr.HasSubLinks(e) {
		return e
	}
	out, err := expr.Rewrite(e, func(n expr.Expr) (expr.Expr, error) {
		if link, ok := n.(*expr.SubLink); ok {
			return p.planSubLink(link)
		}
		return n, nil
	})
	if err != nil {
		if p.err == nil {
			p.err = err
		}
		return e
	}
	return out
}

func (p *planner) planSubLink(link *expr.SubLink) (expr.Expr, error) {
	q := link.Query.(*Query)
	s := p.subs[q]
	keys, columns := hashKeys(link)
	if s == nil {
		var err error
		if s, err = p.plannedSubquery(link, q, len(keys) > 0); err != nil {
			return nil, err
		}
		if p.subs == nil {
			p.subs = map[*Query]*plannedSub{}
		}
		p.subs[q] = s
	}
	e := &expr.SubPlan{
		Kind: link.Kind, Test: link.Test, Args: link.Outer, Slots: s.slots, ID: s.id, Init: s.init, Volatile: link.Volatile, Label: s.label, T: link.T,
	}
	switch {
	case s.init:
		e.Startup = s.cost.Total
	case s.hashed:
		e.Keys, e.Columns = keys, columns
		e.Startup, e.PerCall = s.cost.Total+p.costs.CPUOperator*s.rows, p.costs.CPUOperator
	case link.Kind == expr.SubExists:
		e.PerCall = s.cost.Startup + (s.cost.Total-s.cost.Startup)/s.rows
	case link.Kind == expr.SubAny || link.Kind == expr.SubAll:
		e.PerCall = s.cost.Startup + (s.cost.Total-s.cost.Startup)/2
	default:
		e.PerCall = s.cost.Total
	}
	return e, nil
}

// plannedSubquery plans a subquery under execution parameters for the columns that it takes from outside.
func (p *planner) plannedSubquery(link *expr.SubLink, q *Query, hashed bool) (*plannedSub, error) {
	s := &plannedSub{hashed: hashed && len(link.Outer) == 0 && !link.Volatile}
	values := make([]expr.Expr, len(q.Free))
	for i, c := range q.Free {
		slot := p.newSlot()
		s.slots = append(s.slots, slot)
		values[i] = &expr.ExecParam{Slot: slot, T: c.T, Label: expr.QuoteIdent(q.Rels[c.Rel].Alias) + "." + expr.QuoteIdent(c.Name)}
	}
	limit := -1.0
	types := make([]datum.OID, q.Visible())
	for i := range types {
		types[i] = q.Targets[i].Expr.Type().OID
	}
	if link.Kind == expr.SubExists {
		limit = 1
		if !q.grouped() && q.Limit == nil && q.Offset == nil && len(q.From) > 0 {
			c := *q // whether there is a row does not depend on what is in it
			c.Targets, c.OrderBy, c.Distinct, c.DistinctOn = nil, nil, false, 0
			q, types = &c, nil
		}
	}
	bound, err := q.bound(q.Free, values)
	if err != nil {
		return nil, err
	}
	s.init = len(link.Outer) == 0 && link.Kind != expr.SubAny && link.Kind != expr.SubAll
	sub := &Subplan{Types: types, Init: s.init, Reads: s.slots, Volatile: link.Volatile}
	if sub.Root, err = p.query(bound, limit); err != nil {
		return nil, err
	}
	s.id = len(p.plan.Subplans) // behind those within it, as PostgreSQL counts
	p.plan.Subplans = append(p.plan.Subplans, sub)
	b := sub.Root.Common()
	s.cost, s.rows = b.Cost, b.Rows
	switch {
	case s.init:
		s.label = fmt.Sprintf("$%d", p.newSlot())
		sub.Title = fmt.Sprintf("InitPlan %d (returns %s)", s.id+1, s.label)
	case s.hashed:
		s.label, sub.Title = fmt.Sprintf("(hashed SubPlan %d)", s.id+1), fmt.Sprintf("SubPlan %d", s.id+1)
	default:
		s.label, sub.Title = fmt.Sprintf("(SubPlan %d)", s.id+1), fmt.Sprintf("SubPlan %d", s.id+1)
	}
	return s, nil
}

// hashKeys takes the test of an ANY apart into equalities that a hash table can answer; nil if it is not made of them.
func hashKeys(link *expr.SubLink) (keys, columns []expr.Expr) {
	if link.Kind != expr.SubAny {
		return nil, nil
	}
	for _, c := range expr.Conjuncts(link.Test) {
		op, ok := c.(*expr.OpExpr)
		if !ok || op.Op.Name != "=" || len(op.Args) != 2 || !hashable(op) || hasSubColumns(op.Args[0]) || !hasSubColumns(op.Args[1]) ||
			expr.HasColumns(op.Args[1]) || expr.MaxVolatility(op) == expr.Volatile {
			return nil, nil
		}
		keys, columns = append(keys, op.Args[0]), append(columns, op.Args[1])
	}
	return keys, columns
}

func hasSubColumns(e expr.Expr) bool {
	return expr.Contains(e, func(n expr.Expr) bool { _, ok := n.(*expr.SubColumn); return ok })
}

// sameHash reports whether values of two expressions that are equal have the same hash.
func sameHash(a, b expr.Expr) bool {
	x, y := datum.Lookup(a.Type().OID), datum.Lookup(b.Type().OID)
	return x != nil && y != nil && (x.OID == y.OID || x.IsInteger() && y.IsInteger() || isText(x.OID) && isText(y.OID))
}
