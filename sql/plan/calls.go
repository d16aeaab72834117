package plan

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// funcCall analyses a call of a function or an aggregate.
func (a *analyzer) funcCall(sc *scope, x *pg_query.FuncCall) (expr.Expr, error) {
	parts := names(x.Funcname)
	name := parts[len(parts)-1]
	if len(parts) > 1 && parts[0] != "pg_catalog" && parts[0] != "public" {
		return nil, a.errorf(x.Location, pgerr.InvalidSchemaName, `schema "%s" does not exist`, parts[0])
	}
	switch {
	case x.Over != nil:
		return nil, a.unsupported("a window function", x.Location)
	case x.AggWithinGroup:
		return nil, a.unsupported("WITHIN GROUP", x.Location)
	case x.FuncVariadic:
		return nil, a.unsupported("VARIADIC", x.Location)
	}
	if a.env.Registry.IsAggregate(name) {
		return a.aggregate(sc, name, x)
	}
	switch {
	case x.AggStar:
		return nil, a.errorf(x.Location, pgerr.WrongObjectType, "%s(*) specified, but %s is not an aggregate function", name, name)
	case x.AggDistinct:
		return nil, a.errorf(x.Location, pgerr.WrongObjectType, "DISTINCT specified, but %s is not an aggregate function", name)
	case len(x.AggOrder) > 0:
		return nil, a.errorf(x.Location, pgerr.WrongObjectType, "ORDER BY specified, but %s is not an aggregate function", name)
	case x.AggFilter != nil:
		return nil, a.errorf(x.Location, pgerr.WrongObjectType, "FILTER specified, but %s is not an aggregate function", name)
	}
	args, err := a.callArgs(sc, x.Args)
	if err != nil {
		return nil, err
	}
	if len(parts) > 1 && parts[0] == "public" {
		name = "public." + name // there are no functions in it, so this one will not be found
	}
	e, err := a.b.Call(name, args)
	if err != nil {
		if e := pgerr.From(err); len(parts) > 1 && parts[0] == "pg_catalog" {
			e.Message = strings.Replace(e.Message, "function "+name+"(", "function pg_catalog."+name+"(", 1)
			err = e
		}
		return nil, a.at(err, x.Location)
	}
	if c, ok := e.(*expr.Call); ok {
		if c.Fn.Set != nil && !a.clause.sets {
			return nil, a.misplacedSet(x.Location)
		}
		c.Syntax = x.Funcformat == pg_query.CoercionForm_COERCE_SQL_SYNTAX
	}
	return e, nil
}

func (a *analyzer) callArgs(sc *scope, list []*pg_query.Node) ([]expr.Expr, error) {
	for _, n := range list {
		if n.GetNamedArgExpr() != nil {
			return nil, a.unsupported("a named argument", n.GetNamedArgExpr().Location)
		}
	}
	saved := a.clause.sets
	a.clause.sets = saved && a.clause.name == inTargets.name
	args, err := a.exprs(sc, list)
	a.clause.sets = saved
	return args, err
}

// aggregate analyses an aggregate call, whose arguments may not contain another.
func (a *analyzer) aggregate(sc *scope, name string, x *pg_query.FuncCall) (expr.Expr, error) {
	if !a.clause.aggregates {
		if a.clause.name == inAggs.name {
			return nil, a.errorf(x.Location, pgerr.GroupingError, "aggregate function calls cannot be nested")
		}
		return nil, a.errorf(x.Location, pgerr.GroupingError, "aggregate functions are not allowed in %s", strings.Replace(a.clause.name, "JOIN/ON", "JOIN conditions", 1))
	}
	var args []expr.Expr
	var filter expr.Expr
	var order []expr.SortKey
	err := a.in(inAggs, func() (err error) {
		if args, err = a.callArgs(sc, x.Args); err != nil {
			return err
		}
		order, err = a.aggOrder(sc, x.AggOrder)
		return err
	})
	if err != nil {
		return nil, err
	}
	if x.AggFilter != nil {
		if filter, err = a.condition(sc, x.AggFilter, inFilter); err != nil {
			return nil, err
		}
	}
	if a.ofOuter(sc, args) {
		return nil, a.unsupported("an aggregate over columns of an outer query", x.Location)
	}
	e, err := a.b.Aggregate(name, args, expr.AggOptions{
		Star: x.AggStar, Distinct: x.AggDistinct, Filter: filter, OrderBy: order, Pos: a.loc.At(x.Location),
	})
	return e, a.at(err, x.Location)
}

func (a *analyzer) aggOrder(sc *scope, list []*pg_query.Node) ([]expr.SortKey, error) {
	var out []expr.SortKey
	for _, n := range list {
		sb := n.GetSortBy()
		e, err := a.expr(sc, sb.Node)
		if err != nil {
			return nil, err
		}
		if e, err = a.b.Resolve(e); err != nil {
			return nil, err
		}
		out = append(out, expr.SortKey{Expr: e, Order: OrderOf(sb.SortbyDir, sb.SortbyNulls)})
	}
	return out, nil
}

// figureName is the name of an output column without AS, by PostgreSQL's rules.
func figureName(n *pg_query.Node) string {
	name, _ := figure(n)
	if name == "" {
		return "?column?"
	}
	return name
}

// figure returns a name and how good it is: 2 for one that stands for itself, 1 for a type's.
func figure(n *pg_query.Node) (string, int) {
	switch n := n.GetNode().(type) {
	case *pg_query.Node_ColumnRef:
		for i := len(n.ColumnRef.Fields) - 1; i >= 0; i-- {
			if s := n.ColumnRef.Fields[i].GetString_(); s != nil {
				return s.Sval, 2
			}
		}
	case *pg_query.Node_FuncCall:
		parts := names(n.FuncCall.Funcname)
		return parts[len(parts)-1], 2
	case *pg_query.Node_AExpr:
		if n.AExpr.Kind == pg_query.A_Expr_Kind_AEXPR_NULLIF {
			return "nullif", 2
		}
	case *pg_query.Node_TypeCast:
		if name, strength := figure(n.TypeCast.Arg); strength > 1 {
			return name, strength
		}
		parts := names(n.TypeCast.TypeName.Names)
		return parts[len(parts)-1], 1
	case *pg_query.Node_CollateClause:
		return figure(n.CollateClause.Arg)
	case *pg_query.Node_CaseExpr:
		if name, strength := figure(n.CaseExpr.Defresult); strength > 1 {
			return name, strength
		}
		return "case", 1
	case *pg_query.Node_CoalesceExpr:
		return "coalesce", 2
	case *pg_query.Node_MinMaxExpr:
		if n.MinMaxExpr.Op == pg_query.MinMaxOp_IS_GREATEST {
			return "greatest", 2
		}
		return "least", 2
	case *pg_query.Node_SqlvalueFunction:
		op := n.SqlvalueFunction.Op.String() // SVFOP_CURRENT_DATE
		return strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(op, "SVFOP_"), "_N")), 2
	case *pg_query.Node_AArrayExpr:
		return "array", 2
	case *pg_query.Node_AIndirection:
		return figure(n.AIndirection.Arg)
	case *pg_query.Node_RowExpr:
		return "row", 2
	case *pg_query.Node_SubLink:
		switch n.SubLink.SubLinkType {
		case pg_query.SubLinkType_EXISTS_SUBLINK:
			return "exists", 2
		case pg_query.SubLinkType_ARRAY_SUBLINK:
			return "array", 2
		case pg_query.SubLinkType_EXPR_SUBLINK:
			if sel := n.SubLink.Subselect.GetSelectStmt(); len(sel.TargetList) > 0 {
				rt := sel.TargetList[0].GetResTarget()
				if rt.Name != "" {
					return rt.Name, 2
				}
				return figure(rt.Val)
			}
		}
	}
	return "", 0
}

// errorLocation is where an error about what n computes points: at the operator for an operator.
func errorLocation(n *pg_query.Node) int32 {
	if x := n.GetAExpr(); x != nil {
		return x.Location
	}
	return locationOf(n)
}

// locationOf is the byte location where a node starts, -1 if it has none.
func locationOf(n *pg_query.Node) int32 {
	switch n := n.GetNode().(type) {
	case *pg_query.Node_AConst:
		return n.AConst.Location
	case *pg_query.Node_ColumnRef:
		return n.ColumnRef.Location
	case *pg_query.Node_ParamRef:
		return n.ParamRef.Location
	case *pg_query.Node_AExpr:
		return leftmost(n.AExpr.Location, []*pg_query.Node{n.AExpr.Lexpr})
	case *pg_query.Node_BoolExpr:
		return leftmost(n.BoolExpr.Location, n.BoolExpr.Args)
	case *pg_query.Node_TypeCast:
		return leftmost(n.TypeCast.Location, []*pg_query.Node{n.TypeCast.Arg})
	case *pg_query.Node_FuncCall:
		return n.FuncCall.Location
	case *pg_query.Node_NullTest:
		return leftmost(n.NullTest.Location, []*pg_query.Node{n.NullTest.Arg})
	case *pg_query.Node_BooleanTest:
		return leftmost(n.BooleanTest.Location, []*pg_query.Node{n.BooleanTest.Arg})
	case *pg_query.Node_CaseExpr:
		return n.CaseExpr.Location
	case *pg_query.Node_CoalesceExpr:
		return n.CoalesceExpr.Location
	case *pg_query.Node_MinMaxExpr:
		return n.MinMaxExpr.Location
	case *pg_query.Node_SqlvalueFunction:
		return n.SqlvalueFunction.Location
	case *pg_query.Node_CollateClause:
		return locationOf(n.CollateClause.Arg)
	case *pg_query.Node_SubLink:
		return n.SubLink.Location
	case *pg_query.Node_AArrayExpr:
		return n.AArrayExpr.Location
	case *pg_query.Node_RowExpr:
		return n.RowExpr.Location
	case *pg_query.Node_SetToDefault:
		return n.SetToDefault.Location
	case *pg_query.Node_ResTarget:
		return n.ResTarget.Location
	case *pg_query.Node_RangeVar:
		return n.RangeVar.Location
	case *pg_query.Node_List:
		return leftmost(-1, n.List.Items)
	case *pg_query.Node_RangeFunction:
		return locationOf(n.RangeFunction.Functions[0])
	case *pg_query.Node_RangeSubselect:
		return locationOf(n.RangeSubselect.Subquery)
	case *pg_query.Node_JoinExpr:
		return locationOf(n.JoinExpr.Larg)
	case *pg_query.Node_AIndirection:
		return locationOf(n.AIndirection.Arg)
	}
	return -1
}

func leftmost(at int32, list []*pg_query.Node) int32 {
	for _, n := range list {
		if l := locationOf(n); l >= 0 && (at < 0 || l < at) {
			at = l
		}
	}
	return at
}

// ofOuter reports whether the columns of a list all belong to queries round the one of this scope, and there are some.
func (a *analyzer) ofOuter(sc *scope, list []expr.Expr) bool {
	any, own := false, false
	for _, e := range list {
		expr.Columns(e, func(c *expr.ColumnRef) {
			any, own = true, own || sc.owns(c.Rel)
		})
	}
	return any && !own
}
