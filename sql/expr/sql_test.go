package expr_test

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// fromSQL builds the tree of "SELECT expression" so that test cases can be written in SQL. It is a planner for one expression
// without a table.
type fromSQL struct {
	expr.Builder
	columns map[string]*expr.ColumnRef
}

func newFromSQL(env *datum.Env) *fromSQL {
	return &fromSQL{Builder: expr.Builder{Registry: expr.NewRegistry(), Env: env, Params: &expr.Params{}}}
}

func (f *fromSQL) parse(sql string) (expr.Expr, error) {
	tree, err := pg.Parse("SELECT " + sql)
	if err != nil {
		return nil, pgerr.New(pgerr.SyntaxError, "%s", err.Error())
	}
	e, err := f.node(tree.Stmts[0].Stmt.GetSelectStmt().TargetList[0].GetResTarget().Val)
	if err != nil {
		return nil, err
	}
	return f.Resolve(e)
}

func (f *fromSQL) list(nodes []*pg.Node) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(nodes))
	for i, n := range nodes {
		e, err := f.node(n)
		if err != nil {
			return nil, err
		}
		out[i] = e
	}
	return out, nil
}

func lastName(nodes []*pg.Node) string { return nodes[len(nodes)-1].GetString_().Sval }

func (f *fromSQL) node(n *pg.Node) (expr.Expr, error) {
	switch n := n.Node.(type) {
	case *pg.Node_AConst:
		return f.constant(n.AConst)
	case *pg.Node_AExpr:
		return f.operator(n.AExpr)
	case *pg.Node_ColumnRef:
		name := lastName(n.ColumnRef.Fields)
		if c, ok := f.columns[name]; ok {
			return c, nil
		}
		return nil, pgerr.New(pgerr.UndefinedColumn, "column \"%s\" does not exist", name)
	case *pg.Node_ParamRef:
		return f.Param(int(n.ParamRef.Number), 0)
	case *pg.Node_FuncCall:
		return f.call(n.FuncCall)
	case *pg.Node_TypeCast:
		return f.cast(n.TypeCast)
	case *pg.Node_BoolExpr:
		args, err := f.list(n.BoolExpr.Args)
		if err != nil {
			return nil, err
		}
		switch n.BoolExpr.Boolop {
		case pg.BoolExprType_AND_EXPR:
			return f.And(args...)
		case pg.BoolExprType_OR_EXPR:
			return f.Or(args...)
		}
		return f.Not(args[0])
	case *pg.Node_NullTest:
		arg, err := f.node(n.NullTest.Arg)
		if err != nil {
			return nil, err
		}
		return f.IsNull(arg, n.NullTest.Nulltesttype == pg.NullTestType_IS_NOT_NULL)
	case *pg.Node_BooleanTest:
		arg, err := f.node(n.BooleanTest.Arg)
		if err != nil {
			return nil, err
		}
		return f.BooleanTest(arg, expr.TestKind(n.BooleanTest.Booltesttype-1))
	case *pg.Node_CaseExpr:
		return f.caseExpr(n.CaseExpr)
	case *pg.Node_CoalesceExpr:
		args, err := f.list(n.CoalesceExpr.Args)
		if err != nil {
			return nil, err
		}
		return f.Coalesce(args)
	case *pg.Node_MinMaxExpr:
		args, err := f.list(n.MinMaxExpr.Args)
		if err != nil {
			return nil, err
		}
		return f.MinMax(n.MinMaxExpr.Op == pg.MinMaxOp_IS_GREATEST, args)
	case *pg.Node_AIndirection:
		e, err := f.node(n.AIndirection.Arg)
		for _, ix := range n.AIndirection.Indirection {
			if err != nil {
				return nil, err
			}
			var bounds [2]expr.Expr
			for i, b := range []*pg.Node{ix.GetAIndices().Lidx, ix.GetAIndices().Uidx} {
				if b != nil && err == nil {
					bounds[i], err = f.node(b)
				}
			}
			if err != nil {
				return nil, err
			}
			if ix.GetAIndices().IsSlice {
				e, err = f.Slice(e, bounds[0], bounds[1])
			} else {
				e, err = f.Subscript(e, bounds[1])
			}
		}
		return e, err
	case *pg.Node_AArrayExpr:
		args, err := f.list(n.AArrayExpr.Elements)
		if err != nil {
			return nil, err
		}
		return f.Array(args)
	case *pg.Node_SqlvalueFunction:
		name := strings.ToLower(strings.TrimPrefix(n.SqlvalueFunction.Op.String(), "SVFOP_"))
		return f.Call(strings.TrimSuffix(name, "_n"), nil)
	}
	return nil, fmt.Errorf("the test's planner does not know %T", n.Node)
}

func (f *fromSQL) constant(c *pg.A_Const) (expr.Expr, error) {
	switch {
	case c.Isnull:
		return f.Null(0), nil
	case c.GetIval() != nil:
		return f.Int(int64(c.GetIval().Ival)), nil
	case c.GetFval() != nil:
		return f.Number(c.GetFval().Fval, 0)
	case c.GetBoolval() != nil:
		return f.Bool(c.GetBoolval().Boolval), nil
	case c.GetSval() != nil:
		return f.Literal(c.GetSval().Sval, 0), nil
	}
	return f.Int(0), nil // pg_query leaves a zero out
}

func (f *fromSQL) operator(e *pg.A_Expr) (expr.Expr, error) {
	name := lastName(e.Name)
	if l, r := e.Lexpr.GetRowExpr(), e.Rexpr.GetRowExpr(); l != nil && r != nil {
		left, err := f.list(l.Args)
		if err != nil {
			return nil, err
		}
		right, err := f.list(r.Args)
		if err != nil {
			return nil, err
		}
		return f.RowCompare(name, left, right)
	}
	var left expr.Expr
	var err error
	if e.Lexpr != nil {
		if left, err = f.node(e.Lexpr); err != nil {
			return nil, err
		}
	}
	switch e.Kind {
	case pg.A_Expr_Kind_AEXPR_IN, pg.A_Expr_Kind_AEXPR_BETWEEN, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN, pg.A_Expr_Kind_AEXPR_BETWEEN_SYM,
		pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		list, err := f.list(e.Rexpr.GetList().Items)
		if err != nil {
			return nil, err
		}
		if e.Kind == pg.A_Expr_Kind_AEXPR_IN {
			return f.In(left, list, name == "<>")
		}
		return f.Between(left, list[0], list[1], strings.HasPrefix(name, "NOT"), strings.HasSuffix(name, "SYMMETRIC"))
	}
	right, err := f.node(e.Rexpr)
	if err != nil {
		return nil, err
	}
	switch e.Kind {
	case pg.A_Expr_Kind_AEXPR_DISTINCT:
		return f.Distinct(left, right, false)
	case pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		return f.Distinct(left, right, true)
	case pg.A_Expr_Kind_AEXPR_NULLIF:
		return f.NullIf(left, right)
	case pg.A_Expr_Kind_AEXPR_OP_ANY:
		return f.QuantifiedArray(name, left, right, false)
	case pg.A_Expr_Kind_AEXPR_OP_ALL:
		return f.QuantifiedArray(name, left, right, true)
	}
	return f.Op(name, left, right)
}

func (f *fromSQL) call(c *pg.FuncCall) (expr.Expr, error) {
	args, err := f.list(c.Args)
	if err != nil {
		return nil, err
	}
	name := lastName(c.Funcname)
	if f.Registry.IsAggregate(name) {
		o := expr.AggOptions{Star: c.AggStar, Distinct: c.AggDistinct}
		if c.AggFilter != nil {
			if o.Filter, err = f.node(c.AggFilter); err != nil {
				return nil, err
			}
		}
		for _, s := range c.AggOrder {
			key, err := f.node(s.GetSortBy().Node)
			if err != nil {
				return nil, err
			}
			desc := s.GetSortBy().SortbyDir == pg.SortByDir_SORTBY_DESC
			o.OrderBy = append(o.OrderBy, expr.SortKey{Expr: key, Order: ordkey.DefaultOrder(desc)})
		}
		return f.Aggregate(name, args, o)
	}
	return f.Call(name, args)
}

func (f *fromSQL) cast(c *pg.TypeCast) (expr.Expr, error) {
	arg, err := f.node(c.Arg)
	if err != nil {
		return nil, err
	}
	var mods []int32
	for _, m := range c.TypeName.Typmods {
		mods = append(mods, m.GetAConst().GetIval().GetIval())
	}
	name := lastName(c.TypeName.Names)
	if name == "interval" {
		mods = nil
	}
	if len(c.TypeName.ArrayBounds) > 0 {
		name += "[]"
	}
	t, err := datum.NewType(name, mods...)
	if err != nil {
		return nil, err
	}
	return f.Cast(arg, t)
}

func (f *fromSQL) caseExpr(c *pg.CaseExpr) (expr.Expr, error) {
	var operand, els expr.Expr
	var err error
	if c.Arg != nil {
		if operand, err = f.node(c.Arg); err != nil {
			return nil, err
		}
	}
	if c.Defresult != nil {
		if els, err = f.node(c.Defresult); err != nil {
			return nil, err
		}
	}
	var whens []expr.When
	for _, w := range c.Args {
		cond, err := f.node(w.GetCaseWhen().Expr)
		if err != nil {
			return nil, err
		}
		result, err := f.node(w.GetCaseWhen().Result)
		if err != nil {
			return nil, err
		}
		whens = append(whens, expr.When{Cond: cond, Result: result})
	}
	return f.Case(operand, whens, els)
}
