package plan

import (
	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// expr analyses an expression in scope sc. Errors carry the place of the innermost node that raised them.
func (a *analyzer) expr(sc *scope, n *pg_query.Node) (expr.Expr, error) {
	e, err := a.exprNode(sc, n)
	return e, a.at(err, errorLocation(n))
}

func (a *analyzer) exprNode(sc *scope, n *pg_query.Node) (expr.Expr, error) {
	switch n := n.GetNode().(type) {
	case *pg_query.Node_AConst:
		return a.constant(n.AConst)
	case *pg_query.Node_ColumnRef:
		return a.columnRef(sc, n.ColumnRef)
	case *pg_query.Node_ParamRef:
		return a.b.Param(int(n.ParamRef.Number), a.loc.At(n.ParamRef.Location))
	case *pg_query.Node_AExpr:
		return a.operator(sc, n.AExpr)
	case *pg_query.Node_BoolExpr:
		return a.boolExpr(sc, n.BoolExpr)
	case *pg_query.Node_TypeCast:
		return a.typeCast(sc, n.TypeCast)
	case *pg_query.Node_FuncCall:
		return a.funcCall(sc, n.FuncCall)
	case *pg_query.Node_NullTest:
		arg, err := a.expr(sc, n.NullTest.Arg)
		if err != nil {
			return nil, err
		}
		return a.b.IsNull(arg, n.NullTest.Nulltesttype == pg_query.NullTestType_IS_NOT_NULL)
	case *pg_query.Node_BooleanTest:
		arg, err := a.expr(sc, n.BooleanTest.Arg)
		if err != nil {
			return nil, err
		}
		return a.b.BooleanTest(arg, expr.TestKind(n.BooleanTest.Booltesttype-pg_query.BoolTestType_IS_TRUE))
	case *pg_query.Node_CaseExpr:
		return a.caseExpr(sc, n.CaseExpr)
	case *pg_query.Node_CoalesceExpr:
		args, err := a.exprs(sc, n.CoalesceExpr.Args)
		if err != nil {
			return nil, err
		}
		return a.b.Coalesce(args)
	case *pg_query.Node_MinMaxExpr:
		args, err := a.exprs(sc, n.MinMaxExpr.Args)
		if err != nil {
			return nil, err
		}
		return a.b.MinMax(n.MinMaxExpr.Op == pg_query.MinMaxOp_IS_GREATEST, args)
	case *pg_query.Node_SqlvalueFunction:
		return a.valueFunction(n.SqlvalueFunction)
	case *pg_query.Node_CollateClause:
		return a.collate(sc, n.CollateClause)
	case *pg_query.Node_SubLink:
		return a.subLink(sc, n.SubLink)
	case *pg_query.Node_AArrayExpr:
		list, err := a.exprs(sc, n.AArrayExpr.Elements)
		if err != nil {
			return nil, err
		}
		return a.b.Array(list)
	case *pg_query.Node_RowExpr:
		return nil, a.unsupported("a row value outside of a comparison", n.RowExpr.Location)
	case *pg_query.Node_AIndirection:
		return a.indirection(sc, n.AIndirection)
	case *pg_query.Node_SetToDefault:
		return nil, a.errorf(n.SetToDefault.Location, pgerr.SyntaxError, "DEFAULT is not allowed in this context")
	case *pg_query.Node_GroupingFunc:
		return nil, a.unsupported("GROUPING", n.GroupingFunc.Location)
	case *pg_query.Node_CurrentOfExpr:
		return nil, a.unsupported("WHERE CURRENT OF", -1)
	case *pg_query.Node_XmlExpr, *pg_query.Node_XmlSerialize:
		return nil, a.unsupported("XML", -1)
	}
	return nil, a.unsupported("this kind of expression", -1)
}

// indirection analyses subscripts and slices of an array.
func (a *analyzer) indirection(sc *scope, x *pg_query.A_Indirection) (expr.Expr, error) {
	e, err := a.expr(sc, x.Arg)
	if err != nil {
		return nil, err
	}
	return a.subscripts(sc, e, x.Indirection)
}

func (a *analyzer) subscripts(sc *scope, e expr.Expr, list []*pg_query.Node) (expr.Expr, error) {
	for _, n := range list {
		ix := n.GetAIndices()
		if ix == nil {
			return nil, a.unsupported("a field selection", -1)
		}
		var bounds [2]expr.Expr
		for i, node := range []*pg_query.Node{ix.Lidx, ix.Uidx} {
			if node == nil {
				continue
			}
			var err error
			if bounds[i], err = a.expr(sc, node); err != nil {
				return nil, err
			}
		}
		var err error
		if ix.IsSlice {
			e, err = a.b.Slice(e, bounds[0], bounds[1])
		} else {
			e, err = a.b.Subscript(e, bounds[1])
		}
		if err != nil {
			return nil, a.at(err, locationOf(ix.Uidx))
		}
	}
	return e, nil
}

func (a *analyzer) exprs(sc *scope, list []*pg_query.Node) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(list))
	for i, n := range list {
		e, err := a.expr(sc, n)
		if err != nil {
			return nil, err
		}
		out[i] = e
	}
	return out, nil
}

func (a *analyzer) constant(c *pg_query.A_Const) (expr.Expr, error) {
	pos := a.loc.At(c.Location)
	if c.Isnull {
		return a.b.Null(pos), nil
	}
	switch v := c.Val.(type) {
	case *pg_query.A_Const_Ival:
		return a.b.Int(int64(v.Ival.GetIval())), nil
	case *pg_query.A_Const_Fval:
		return a.b.Number(v.Fval.Fval, pos)
	case *pg_query.A_Const_Boolval:
		return a.b.Bool(v.Boolval.GetBoolval()), nil
	case *pg_query.A_Const_Sval:
		return a.b.Literal(v.Sval.GetSval(), pos), nil
	}
	return nil, a.unsupported("a bit string constant", c.Location)
}

func (a *analyzer) columnRef(sc *scope, ref *pg_query.ColumnRef) (expr.Expr, error) {
	parts := names(ref.Fields)
	if len(parts) != len(ref.Fields) {
		return nil, a.unsupported("a whole-row reference", ref.Location)
	}
	var schema, table string
	switch len(parts) {
	case 1:
	case 2:
		table = parts[0]
	case 3:
		schema, table = parts[0], parts[1]
	default:
		return nil, a.unsupported("a column reference with more than three parts", ref.Location)
	}
	if a.clause.name == inDefault.name {
		return nil, a.errorf(ref.Location, pgerr.FeatureNotSupported, "cannot use column reference in DEFAULT expression")
	}
	c, err := sc.column(schema, table, parts[len(parts)-1])
	if err != nil {
		if len(parts) == 1 && sc.relation(parts[0]) {
			return nil, a.unsupported("a whole-row reference", ref.Location)
		}
		return nil, err
	}
	if column, ok := c.(*expr.ColumnRef); ok {
		placed := *column
		placed.Pos = a.loc.At(ref.Location)
		return &placed, nil
	}
	return c, nil
}

// operator analyses everything that the grammar calls an operator.
func (a *analyzer) operator(sc *scope, x *pg_query.A_Expr) (expr.Expr, error) {
	name, err := a.operatorName(x)
	if err != nil {
		return nil, err
	}
	switch x.Kind {
	case pg_query.A_Expr_Kind_AEXPR_OP:
		if l, r := x.Lexpr.GetRowExpr(), x.Rexpr.GetRowExpr(); l != nil && r != nil {
			return a.rowCompare(sc, name, l, r)
		}
	case pg_query.A_Expr_Kind_AEXPR_OP_ANY, pg_query.A_Expr_Kind_AEXPR_OP_ALL:
		return a.quantified(sc, name, x)
	case pg_query.A_Expr_Kind_AEXPR_IN:
		return a.in_(sc, name, x)
	case pg_query.A_Expr_Kind_AEXPR_BETWEEN, pg_query.A_Expr_Kind_AEXPR_NOT_BETWEEN,
		pg_query.A_Expr_Kind_AEXPR_BETWEEN_SYM, pg_query.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		return a.between(sc, x)
	} // SIMILAR TO comes as ~ with a call of similar_to_escape
	right, err := a.expr(sc, x.Rexpr)
	if err != nil {
		return nil, err
	}
	if x.Lexpr == nil {
		if c := x.Rexpr.GetAConst(); name == "-" && c != nil && c.GetFval() != nil {
			return a.b.Number("-"+c.GetFval().Fval, a.loc.At(x.Location)) // so that the smallest int8 can be written
		}
		return a.b.Op(name, nil, right)
	}
	left, err := a.expr(sc, x.Lexpr)
	if err != nil {
		return nil, err
	}
	switch x.Kind {
	case pg_query.A_Expr_Kind_AEXPR_DISTINCT, pg_query.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		return a.b.Distinct(left, right, x.Kind == pg_query.A_Expr_Kind_AEXPR_NOT_DISTINCT)
	case pg_query.A_Expr_Kind_AEXPR_NULLIF:
		return a.b.NullIf(left, right)
	}
	return a.b.Op(name, left, right) // LIKE and ILIKE are spelt ~~ and ~~* by the grammar
}

func (a *analyzer) operatorName(x *pg_query.A_Expr) (string, error) {
	parts := names(x.Name)
	if len(parts) == 0 {
		return "", nil
	}
	if len(parts) > 1 && parts[0] != "pg_catalog" {
		return "", a.errorf(x.Location, pgerr.InvalidSchemaName, `schema "%s" does not exist`, parts[0])
	}
	return parts[len(parts)-1], nil
}

func (a *analyzer) rowCompare(sc *scope, name string, l, r *pg_query.RowExpr) (expr.Expr, error) {
	left, err := a.exprs(sc, l.Args)
	if err != nil {
		return nil, err
	}
	right, err := a.exprs(sc, r.Args)
	if err != nil {
		return nil, err
	}
	return a.b.RowCompare(name, left, right)
}

func (a *analyzer) in_(sc *scope, name string, x *pg_query.A_Expr) (expr.Expr, error) {
	items := x.Rexpr.GetList().GetItems()
	if row := x.Lexpr.GetRowExpr(); row != nil {
		return nil, a.unsupported("IN with rows on the left", x.Location)
	}
	left, err := a.expr(sc, x.Lexpr)
	if err != nil {
		return nil, err
	}
	list, err := a.exprs(sc, items)
	if err != nil {
		return nil, err
	}
	return a.b.In(left, list, name == "<>")
}

func (a *analyzer) between(sc *scope, x *pg_query.A_Expr) (expr.Expr, error) {
	items := x.Rexpr.GetList().GetItems()
	args, err := a.exprs(sc, append([]*pg_query.Node{x.Lexpr}, items...))
	if err != nil {
		return nil, err
	}
	negated := x.Kind == pg_query.A_Expr_Kind_AEXPR_NOT_BETWEEN || x.Kind == pg_query.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM
	symmetric := x.Kind == pg_query.A_Expr_Kind_AEXPR_BETWEEN_SYM || x.Kind == pg_query.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM
	return a.b.Between(args[0], args[1], args[2], negated, symmetric)
}

// quantified analyses op ANY and op ALL over ARRAY[…] or an array value.
func (a *analyzer) quantified(sc *scope, name string, x *pg_query.A_Expr) (expr.Expr, error) {
	left, err := a.expr(sc, x.Lexpr)
	if err != nil {
		return nil, err
	}
	all := x.Kind == pg_query.A_Expr_Kind_AEXPR_OP_ALL
	if arr := x.Rexpr.GetAArrayExpr(); arr != nil {
		list, err := a.exprs(sc, arr.Elements)
		if err != nil {
			return nil, err
		}
		return a.b.Quantified(name, left, list, all)
	}
	array, err := a.expr(sc, x.Rexpr)
	if err != nil {
		return nil, err
	}
	return a.b.QuantifiedArray(name, left, array, all)
}

func (a *analyzer) boolExpr(sc *scope, x *pg_query.BoolExpr) (expr.Expr, error) {
	args, err := a.exprs(sc, x.Args)
	if err != nil {
		return nil, err
	}
	word := map[pg_query.BoolExprType]string{pg_query.BoolExprType_AND_EXPR: "AND", pg_query.BoolExprType_OR_EXPR: "OR", pg_query.BoolExprType_NOT_EXPR: "NOT"}[x.Boolop]
	for i := range args { // one by one, so that an error points at its own argument
		if args[i], err = a.b.Boolean(args[i], word); err != nil {
			return nil, a.at(err, locationOf(x.Args[i]))
		}
	}
	switch x.Boolop {
	case pg_query.BoolExprType_AND_EXPR:
		return a.b.And(args...)
	case pg_query.BoolExprType_OR_EXPR:
		return a.b.Or(args...)
	}
	return a.b.Not(args[0])
}

func (a *analyzer) caseExpr(sc *scope, x *pg_query.CaseExpr) (expr.Expr, error) {
	var operand, els expr.Expr
	var err error
	if x.Arg != nil {
		if operand, err = a.expr(sc, x.Arg); err != nil {
			return nil, err
		}
	}
	whens := make([]expr.When, len(x.Args))
	for i, n := range x.Args {
		w := n.GetCaseWhen()
		if whens[i].Cond, err = a.expr(sc, w.Expr); err != nil {
			return nil, err
		}
		if whens[i].Result, err = a.expr(sc, w.Result); err != nil {
			return nil, err
		}
	}
	if x.Defresult != nil {
		if els, err = a.expr(sc, x.Defresult); err != nil {
			return nil, err
		}
	}
	return a.b.Case(operand, whens, els)
}

func (a *analyzer) typeCast(sc *scope, x *pg_query.TypeCast) (expr.Expr, error) {
	t, err := a.typeName(x.TypeName)
	if err != nil {
		return nil, err
	}
	arg, err := a.expr(sc, x.Arg)
	if err != nil {
		return nil, err
	}
	e, err := a.b.Cast(arg, t)
	return e, a.at(err, x.Location)
}

func (a *analyzer) valueFunction(x *pg_query.SQLValueFunction) (expr.Expr, error) {
	call := func(name string, args ...expr.Expr) (expr.Expr, error) { return a.b.Call(name, args) }
	precision := func(name string) (expr.Expr, error) {
		e, err := call(name)
		if err != nil {
			return nil, err
		}
		mod, err := datum.MustLookup(e.Type().OID).Modifier(x.Typmod)
		if err != nil {
			return nil, err
		}
		return a.b.Cast(e, datum.Type{OID: e.Type().OID, Mod: mod})
	}
	switch x.Op {
	case pg_query.SQLValueFunctionOp_SVFOP_CURRENT_DATE:
		return call("current_date")
	case pg_query.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP:
		return call("now")
	case pg_query.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N:
		return precision("now")
	case pg_query.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP:
		return call("localtimestamp")
	case pg_query.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:
		return precision("localtimestamp")
	case pg_query.SQLValueFunctionOp_SVFOP_CURRENT_ROLE, pg_query.SQLValueFunctionOp_SVFOP_CURRENT_USER, pg_query.SQLValueFunctionOp_SVFOP_USER:
		return call("current_user")
	case pg_query.SQLValueFunctionOp_SVFOP_SESSION_USER:
		return call("session_user")
	case pg_query.SQLValueFunctionOp_SVFOP_CURRENT_CATALOG:
		return call("current_database")
	case pg_query.SQLValueFunctionOp_SVFOP_CURRENT_SCHEMA:
		return call("current_schema")
	}
	return nil, a.unsupported("CURRENT_TIME and LOCALTIME", x.Location)
}

// collate accepts the one collation there is: bytes.
func (a *analyzer) collate(sc *scope, x *pg_query.CollateClause) (expr.Expr, error) {
	parts := names(x.Collname)
	switch name := parts[len(parts)-1]; name {
	case "C", "POSIX", "default", "ucs_basic":
	default:
		return nil, a.errorf(x.Location, pgerr.UndefinedObject, `collation "%s" for encoding "UTF8" does not exist`, name).
			WithHint(`Text is compared by bytes: the collations are "C", "POSIX" and "default".`)
	}
	e, err := a.expr(sc, x.Arg)
	if err != nil {
		return nil, err
	}
	switch t := e.Type().OID; t {
	case datum.Text, datum.Varchar, datum.BPChar, datum.Name, datum.Unknown:
		return e, nil
	default:
		return nil, a.errorf(x.Location, pgerr.DatatypeMismatch, "collations are not supported by type %s", expr.TypeName(t))
	}
}
