package plan

import (
	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

var setOps = map[pg_query.SetOperation]SetOp{
	pg_query.SetOperation_SETOP_UNION: UnionOp, pg_query.SetOperation_SETOP_INTERSECT: IntersectOp, pg_query.SetOperation_SETOP_EXCEPT: ExceptOp,
}

var setOpNames = map[SetOp]string{UnionOp: "UNION", IntersectOp: "INTERSECT", ExceptOp: "EXCEPT"}

// setOperation analyses UNION, INTERSECT and EXCEPT as a query over one relation that has the queries as its arms.
func (a *analyzer) setOperation(s *pg_query.SelectStmt) (*Query, *scope, error) {
	op := setOps[s.Op]
	arms := make([]*Query, 2)
	for i, side := range []*pg_query.SelectStmt{s.Larg, s.Rarg} {
		untyped := a.untyped
		a.untyped = true
		q, err := a.selectStmt(side)
		a.untyped = untyped
		if err != nil {
			return nil, nil, err
		}
		arms[i] = q
	}
	if arms[0].Visible() != arms[1].Visible() {
		return nil, nil, a.errorf(targetLocation(s.Rarg), pgerr.SyntaxError, "each %s query must have the same number of columns", setOpNames[op])
	}
	rel := &Rel{Kind: RelSetOp, Alias: "*SELECT*", Name: "*SELECT*", Op: op, All: s.All}
	for i := range arms[0].Visible() {
		both, t, err := a.b.Unify(setOpNames[op], []expr.Expr{arms[0].Targets[i].Expr, arms[1].Targets[i].Expr})
		if err != nil {
			return nil, nil, a.at(err, targetLocation(s.Rarg))
		}
		rel.Columns = append(rel.Columns, RelColumn{arms[0].Targets[i].Name, t})
		for k := range arms {
			if arms[k].Targets[i].Expr != both[k] {
				arms[k] = a.retype(arms[k], i, both[k])
			}
		}
	}
	rel.Arms = arms
	if l := arms[0].only(); op == UnionOp && l != nil && l.Kind == RelSetOp && l.Op == UnionOp && (l.All == s.All || !s.All) && arms[0].plain() {
		rel.Arms = append(append([]*Query(nil), l.Arms...), arms[1]) // duplicates that l would remove are removed here, too
	}
	for _, arm := range rel.Arms {
		rel.Free = append(rel.Free, arm.Free...)
		rel.Outer = append(rel.Outer, arm.outer()...)
	}
	q := &Query{Command: Select, Distinct: !s.All && op == UnionOp}
	item, r := a.addRel(rel, "")
	q.From, q.Rels = []FromItem{item}, a.rels
	for i, c := range rel.Columns {
		q.Targets = append(q.Targets, Target{Expr: r.ref(i), Name: c.Name})
	}
	return q, &scope{rels: []scopeRel{r}, parent: a.outer}, nil
}

// plain reports whether a query passes the rows of its only relation on as they are, duplicates aside.
func (q *Query) plain() bool {
	if q.Where != nil || q.Limit != nil || q.Offset != nil || len(q.OrderBy) > 0 {
		return false
	}
	for i, t := range q.Targets {
		if c, ok := t.Expr.(*expr.ColumnRef); !ok || c.Index != i {
			return false
		}
	}
	return true
}

// retype replaces target i of an arm by e, which is the same value in another type. Where the type matters to the query itself, a query
// round it does the conversion.
func (a *analyzer) retype(q *Query, i int, e expr.Expr) *Query {
	_, literal := q.Targets[i].Expr.(*expr.Const)
	if literal || !q.Distinct && q.DistinctOn == 0 && len(q.OrderBy) == 0 && len(q.GroupBy) == 0 {
		c := *q
		c.Targets = append([]Target(nil), q.Targets...)
		c.Targets[i].Expr = e
		return &c
	}
	rel := subqueryRel(q)
	rel.Alias = "*SELECT*"
	item, r := a.addRel(rel, "")
	outer := &Query{Command: Select, From: []FromItem{item}, Rels: a.rels, Free: q.Free}
	old := q.Targets[i].Expr
	for k, t := range q.Targets[:q.Visible()] {
		column := r.ref(k)
		if k == i {
			column, _ = expr.RewriteTop(e, func(n expr.Expr) (expr.Expr, error) {
				if n == old {
					return column, nil
				}
				return nil, nil
			})
		}
		outer.Targets = append(outer.Targets, Target{Expr: column, Name: t.Name})
	}
	return outer
}

// targetLocation is where the first target of a query stands.
func targetLocation(s *pg_query.SelectStmt) int32 {
	for s.Larg != nil {
		s = s.Larg
	}
	if len(s.TargetList) > 0 {
		return locationOf(s.TargetList[0].GetResTarget().GetVal())
	}
	if len(s.ValuesLists) > 0 {
		return locationOf(s.ValuesLists[0])
	}
	return -1
}
