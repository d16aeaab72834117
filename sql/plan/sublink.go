package plan

import (
	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// subquery analyses a SELECT inside an expression in scope sc.
func (a *analyzer) subquery(sc *scope, n *pg_query.Node) (*Query, error) {
	switch a.clause.name {
	case inDefault.name:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "cannot use subquery in DEFAULT expression")
	case "check constraints":
		return nil, pgerr.New(pgerr.FeatureNotSupported, "cannot use subquery in check constraint")
	}
	saved, clause, untyped := a.outer, a.clause, a.untyped
	a.outer, a.untyped = sc, false
	q, err := a.selectStmt(n.GetSelectStmt())
	a.outer, a.clause, a.untyped = saved, clause, untyped
	return q, err
}

func (a *analyzer) subLink(sc *scope, x *pg_query.SubLink) (expr.Expr, error) {
	q, err := a.subquery(sc, x.Subselect)
	if err != nil {
		return nil, a.at(err, x.Location)
	}
	link := &expr.SubLink{Query: q, Outer: q.outer(), T: expr.TypeOf(datum.Bool), Volatile: q.volatile()}
	visible := q.Visible()
	switch x.SubLinkType {
	case pg_query.SubLinkType_EXISTS_SUBLINK:
		link.Kind = expr.SubExists
		return link, nil
	case pg_query.SubLinkType_EXPR_SUBLINK, pg_query.SubLinkType_ARRAY_SUBLINK:
		if visible != 1 {
			return nil, a.errorf(x.Location, pgerr.SyntaxError, "subquery must return only one column")
		}
		link.Kind, link.T = expr.SubScalar, q.Targets[0].Expr.Type()
		if x.SubLinkType == pg_query.SubLinkType_ARRAY_SUBLINK {
			info := datum.Lookup(link.T.OID)
			if info == nil || info.Array == 0 {
				return nil, a.errorf(x.Location, pgerr.UndefinedObject, "could not find array type for data type %s", expr.TypeName(link.T.OID))
			}
			link.Kind, link.T = expr.SubArray, expr.TypeOf(info.Array)
		}
		return link, nil
	case pg_query.SubLinkType_ANY_SUBLINK:
		link.Kind = expr.SubAny
	case pg_query.SubLinkType_ALL_SUBLINK:
		link.Kind = expr.SubAll
	default:
		return nil, a.unsupported("a row comparison with a subquery", x.Location)
	}
	left := []*pg_query.Node{x.Testexpr}
	if row := x.Testexpr.GetRowExpr(); row != nil {
		left = row.Args
	}
	tests, err := a.exprs(sc, left)
	if err != nil {
		return nil, err
	}
	switch {
	case visible < len(tests):
		return nil, a.errorf(x.Location, pgerr.SyntaxError, "subquery has too few columns")
	case visible > len(tests):
		return nil, a.errorf(x.Location, pgerr.SyntaxError, "subquery has too many columns")
	}
	name := "="
	if parts := names(x.OperName); len(parts) > 0 {
		name = parts[len(parts)-1]
	}
	columns := make([]expr.Expr, visible)
	for i := range columns {
		columns[i] = &expr.SubColumn{Index: i, T: q.Targets[i].Expr.Type(), Name: q.Targets[i].Name}
	}
	if len(tests) == 1 {
		link.Test, err = a.b.Op(name, tests[0], columns[0])
		if err == nil && link.Test.Type().OID != datum.Bool {
			err = a.errorf(x.Location, pgerr.WrongObjectType, "operator must return type boolean, not type %s", expr.TypeName(link.Test.Type().OID))
		}
	} else {
		link.Test, err = a.b.RowCompare(name, tests, columns)
	}
	return link, a.at(err, x.Location)
}
