package parse

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
)

// A Template is a statement with parameters in the place of constants.
type Template struct {
	Statement
	// Params are the constants that the parameters stand for, in the order of their numbers.
	Params []TemplateParam
	// Kept are the places, among the constants of the shape, of those that stay: the template is for texts with these very ones.
	Kept []int
}

// A TemplateParam is a constant of the shape that a parameter stands for.
type TemplateParam struct {
	Constant int  // its place among the constants
	Negative bool // the grammar has made one constant of it and a minus sign
}

// MakeTemplate replaces the constants of a statement by parameters of the constants' types, unknown for strings, where that cannot change
// what the statement means: an operand of an operator whose other side is no constant (strings only beside a column in a comparison),
// BETWEEN, a row of an INSERT's VALUES, what an UPDATE sets, an item of a select list (no strings), in the outermost query. What a
// grouping or sort clause, a LIMIT, a type, a function's argument or a subquery holds is kept. The template is nil if no constant is replaced.
func MakeTemplate(stmt Statement, constants []Constant) *Template {
	if len(stmt.Cut) > 0 {
		return nil
	}
	m := &templater{query: stmt.Query, constants: constants, number: make([]int, len(constants)), t: &Template{Statement: stmt}}
	m.t.Node = proto.Clone(stmt.Node).(*pg_query.Node)
	m.statement(m.t.Node)
	if len(m.t.Params) == 0 {
		return nil
	}
	for i, n := range m.number {
		if n == 0 {
			m.t.Kept = append(m.t.Kept, i)
		}
	}
	return m.t
}

// templater walks the places that MakeTemplate names.
type templater struct {
	query     string
	constants []Constant
	number    []int // of the parameter in a constant's place, 0 if it is kept
	t         *Template
}

func (m *templater) statement(n *pg_query.Node) {
	switch n := n.Node.(type) {
	case *pg_query.Node_SelectStmt:
		s := n.SelectStmt
		if s.Op != pg_query.SetOperation_SETOP_NONE || len(s.ValuesLists) > 0 {
			return
		}
		if len(s.GroupClause) == 0 && len(s.DistinctClause) == 0 && len(s.WindowClause) == 0 && s.HavingClause == nil {
			m.targets(s.TargetList, false) // elsewhere two constants have to be the same
		}
		m.from(s.FromClause)
		m.expr(s.WhereClause)
	case *pg_query.Node_InsertStmt:
		s := n.InsertStmt
		for _, row := range s.SelectStmt.GetSelectStmt().GetValuesLists() {
			for _, item := range row.GetList().GetItems() {
				m.value(item, true)
			}
		}
		m.targets(s.OnConflictClause.GetTargetList(), true)
		m.expr(s.OnConflictClause.GetWhereClause())
		m.targets(s.ReturningList, false)
	case *pg_query.Node_UpdateStmt:
		s := n.UpdateStmt
		m.targets(s.TargetList, true)
		m.from(s.FromClause)
		m.expr(s.WhereClause)
		m.targets(s.ReturningList, false)
	case *pg_query.Node_DeleteStmt:
		s := n.DeleteStmt
		m.from(s.UsingClause)
		m.expr(s.WhereClause)
		m.targets(s.ReturningList, false)
	}
}

// targets are the items of a select list, or what columns are set to.
func (m *templater) targets(list []*pg_query.Node, assigned bool) {
	for _, n := range list {
		m.value(n.GetResTarget().GetVal(), assigned)
	}
}

func (m *templater) from(list []*pg_query.Node) {
	for _, n := range list {
		if j := n.GetJoinExpr(); j != nil {
			m.from([]*pg_query.Node{j.Larg, j.Rarg})
			m.expr(j.Quals)
		}
	}
}

// value is an expression that may itself be a constant: a number, or a string that a column gives its type to.
func (m *templater) value(n *pg_query.Node, assigned bool) {
	if n.GetAConst() != nil {
		m.replace(n, assigned)
		return
	}
	m.expr(n)
}

// expr replaces constants inside an expression, if it is not one itself.
func (m *templater) expr(n *pg_query.Node) {
	switch n := n.GetNode().(type) {
	case *pg_query.Node_AExpr:
		m.operator(n.AExpr)
	case *pg_query.Node_BoolExpr:
		m.exprs(n.BoolExpr.Args)
	case *pg_query.Node_NullTest:
		m.expr(n.NullTest.Arg)
	case *pg_query.Node_CoalesceExpr:
		m.exprs(n.CoalesceExpr.Args)
	case *pg_query.Node_FuncCall:
		m.exprs(n.FuncCall.Args)
	case *pg_query.Node_TypeCast:
		m.expr(n.TypeCast.Arg)
	}
}

func (m *templater) exprs(list []*pg_query.Node) {
	for _, n := range list {
		m.expr(n)
	}
}

// comparisons are the operators that give a string the type of the column on their other side.
var comparisons = []string{"=", "<>", "<", "<=", ">", ">="}

func (m *templater) operator(x *pg_query.A_Expr) {
	switch x.Kind {
	case pg_query.A_Expr_Kind_AEXPR_OP:
		if x.Lexpr == nil || isConstant(x.Lexpr) && isConstant(x.Rexpr) {
			m.expr(x.Rexpr)
			return
		}
		compares := len(x.Name) == 1 && slices.Contains(comparisons, x.Name[0].GetString_().GetSval())
		m.operand(x.Lexpr, compares && x.Rexpr.GetColumnRef() != nil)
		m.operand(x.Rexpr, compares && x.Lexpr.GetColumnRef() != nil)
	case pg_query.A_Expr_Kind_AEXPR_BETWEEN, pg_query.A_Expr_Kind_AEXPR_NOT_BETWEEN:
		if isConstant(x.Lexpr) {
			return
		}
		m.expr(x.Lexpr)
		for _, bound := range x.Rexpr.GetList().GetItems() {
			m.operand(bound, false)
		}
	}
}

func (m *templater) operand(n *pg_query.Node, strings bool) {
	if isConstant(n) {
		m.replace(n, strings)
		return
	}
	m.expr(n)
}

func isConstant(n *pg_query.Node) bool { return n.GetAConst() != nil }

// replace puts a parameter into the place of a constant, if it is the one that the text has there.
func (m *templater) replace(n *pg_query.Node, strings bool) {
	c := n.GetAConst()
	at, negative := int(c.Location), false
	if at >= 0 && at < len(m.query) && m.query[at] == '-' {
		negative = true
		for at++; at < len(m.query) && classOf[m.query[at]] == plain && m.query[at] <= ' '; at++ {
		}
	}
	i, found := slices.BinarySearchFunc(m.constants, at, func(c Constant, at int) int { return c.At - at })
	if !found || !m.constants[i].is(c, negative) || m.constants[i].Kind == String && !strings {
		return
	}
	if m.number[i] != 0 {
		return
	}
	m.t.Params = append(m.t.Params, TemplateParam{i, negative})
	m.number[i] = len(m.t.Params)
	n.Node = &pg_query.Node_ParamRef{ParamRef: &pg_query.ParamRef{Number: int32(m.number[i]), Location: c.Location}}
}

// is reports whether the parser has read the same.
func (c Constant) is(read *pg_query.A_Const, negative bool) bool {
	sign := ""
	if negative {
		sign = "-"
	}
	switch v := read.Val.(type) {
	case *pg_query.A_Const_Ival:
		n := c.Int()
		if negative {
			n = -n
		}
		return c.Kind == Integer && n == int64(v.Ival.GetIval())
	case *pg_query.A_Const_Fval:
		return (c.Kind == Bigint || c.Kind == Decimal) && sign+c.Text == v.Fval.Fval
	case *pg_query.A_Const_Sval:
		return c.Kind == String && c.Text == v.Sval.GetSval()
	}
	return false
}
