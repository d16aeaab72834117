package expr

import (
	"strconv"
	"strings"

	"github.com/quiredb/quire/core/datum"
)

// Deparse prints a tree as PostgreSQL's EXPLAIN does. name prints a column; nil means its Name, quoted as needed.
func Deparse(e Expr, name func(*ColumnRef) string) string {
	p := printer{name: name}
	p.expr(e)
	return p.b.String()
}

type printer struct {
	b    strings.Builder
	name func(*ColumnRef) string
}

func (p *printer) write(parts ...string) {
	for _, s := range parts {
		p.b.WriteString(s)
	}
}

func (p *printer) list(args []Expr, sep string) {
	for i, a := range args {
		if i > 0 {
			p.write(sep)
		}
		p.expr(a)
	}
}

func (p *printer) expr(e Expr) {
	switch e := e.(type) {
	case *Const:
		p.constant(e)
	case *Param:
		p.write("$", strconv.Itoa(e.Index+1))
	case *ColumnRef:
		if p.name != nil {
			p.write(p.name(e))
		} else {
			p.write(QuoteIdent(e.Name))
		}
	case *CaseTest:
		p.write("CASE_TEST_EXPR")
	case *Call:
		p.call(e)
	case *OpExpr:
		p.operator(e)
	case *And:
		p.write("(")
		p.list(e.Args, " AND ")
		p.write(")")
	case *Or:
		p.write("(")
		p.list(e.Args, " OR ")
		p.write(")")
	case *Not:
		p.write("(NOT ")
		p.expr(e.Arg)
		p.write(")")
	case *IsNull:
		p.write("(")
		p.expr(e.Arg)
		if e.Negated {
			p.write(" IS NOT NULL)")
		} else {
			p.write(" IS NULL)")
		}
	case *BooleanTest:
		p.write("(")
		p.expr(e.Arg)
		p.write(" ", testNames[e.Kind], ")")
	case *Case:
		p.caseExpr(e)
	case *ScalarArray:
		p.scalarArray(e)
	case *Coalesce:
		p.write("COALESCE(")
		p.list(e.Args, ", ")
		p.write(")")
	case *NullIf:
		p.write("NULLIF(")
		p.list([]Expr{e.A, e.B}, ", ")
		p.write(")")
	case *MinMax:
		if e.Greatest {
			p.write("GREATEST(")
		} else {
			p.write("LEAST(")
		}
		p.list(e.Args, ", ")
		p.write(")")
	case *Distinct:
		p.write("(")
		if e.Negated {
			p.write("NOT (")
		}
		p.expr(e.A)
		p.write(" IS DISTINCT FROM ")
		p.expr(e.B)
		if e.Negated {
			p.write(")")
		}
		p.write(")")
	case *Cast:
		p.cast(e)
	case *AggRef:
		p.aggregate(e)
	case *ExecParam:
		p.write(e.Label)
	case *SubColumn:
		p.write(QuoteIdent(e.Name))
	case *SubPlan:
		p.write(e.Label)
	case *SubLink:
		p.write("(SubPlan)")
	}
}

func (p *printer) operator(e *OpExpr) {
	p.write("(")
	if len(e.Args) == 1 {
		p.write(e.Op.Name, " ")
		p.expr(e.Args[0])
	} else {
		p.expr(e.Args[0])
		p.write(" ", e.Op.Name, " ")
		p.expr(e.Args[1])
	}
	p.write(")")
}

func (p *printer) call(e *Call) {
	switch {
	case sqlWords[e.Fn.Name] && len(e.Args) == 0:
		p.write(strings.ToUpper(e.Fn.Name))
		return
	case (e.Syntax || e.Fn.Name == "extract") && p.sqlSyntax(e):
		return
	case e.Fn.Name == "array":
		p.write("ARRAY[")
		p.list(e.Args, ", ")
		p.write("]")
		return
	case e.Fn.Name == subscriptName && len(e.Args) == 2:
		if _, ok := e.Args[0].(*ColumnRef); ok {
			p.expr(e.Args[0])
		} else {
			p.write("(")
			p.expr(e.Args[0])
			p.write(")")
		}
		p.write("[")
		p.expr(e.Args[1])
		p.write("]")
		return
	}
	p.write(QuoteIdent(e.Fn.Name), "(")
	p.list(e.Args, ", ")
	p.write(")")
}

// sqlWords are the functions that SQL writes as bare words.
var sqlWords = map[string]bool{
	"current_date": true, "current_timestamp": true, "localtimestamp": true, "current_user": true, "session_user": true,
	"current_catalog": true, "current_schema": true, "user": true, "current_role": true,
}

func (p *printer) cast(e *Cast) {
	if c, ok := e.Arg.(*Const); ok && c.T.OID == e.T.OID {
		p.expr(e.Arg)
		p.write("::", e.T.String())
		return
	}
	inner := e.Arg
	if c, ok := inner.(*Cast); ok && e.T.Mod > 0 && c.T.OID == e.T.OID && c.T.Mod <= 0 {
		inner = c.Arg // the length of what was cast for it
	}
	arg := Deparse(inner, p.name)
	if strings.HasPrefix(arg, "(") && matchingParen(arg) {
		p.write(arg)
	} else {
		p.write("(", arg, ")")
	}
	p.write("::", e.T.String())
}

// matchingParen reports whether the parenthesis that s starts with closes at its end.
func matchingParen(s string) bool {
	depth, quoted := 0, false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
			if depth == 0 {
				return i == len(s)-1
			}
		}
	}
	return false
}

func (p *printer) caseExpr(e *Case) {
	p.write("CASE")
	if e.Operand != nil {
		p.write(" ")
		p.expr(e.Operand)
	}
	for _, w := range e.Whens {
		p.write(" WHEN ")
		cond := w.Cond
		if op, ok := cond.(*OpExpr); ok && e.Operand != nil && len(op.Args) == 2 {
			if _, ok := stripCasts(op.Args[0]).(*CaseTest); ok {
				cond = op.Args[1]
			}
		}
		p.expr(cond)
		p.write(" THEN ")
		p.expr(w.Result)
	}
	p.write(" ELSE ")
	p.expr(e.Else)
	p.write(" END")
}

func stripCasts(e Expr) Expr {
	for {
		c, ok := e.(*Cast)
		if !ok {
			return e
		}
		e = c.Arg
	}
}

func (p *printer) scalarArray(e *ScalarArray) {
	p.write("(")
	p.expr(e.Arg)
	quantifier := " ANY ("
	if e.All {
		quantifier = " ALL ("
	}
	p.write(" ", e.Op.Name, quantifier)
	switch {
	case e.Array != nil:
		p.expr(e.Array)
	case allConstants(e.List):
		info := datum.MustLookup(e.Op.Right)
		var b []byte
		b = append(b, '{')
		for i, x := range e.List {
			if i > 0 {
				b = append(b, ',')
			}
			if d := x.(*Const).D; d.Null {
				b = append(b, "NULL"...)
			} else {
				b = datum.AppendArrayElement(b, string(info.AppendText(nil, d)))
			}
		}
		p.write(quotePlain(string(append(b, '}'))), "::", info.SQLName, "[]")
	default:
		p.write("ARRAY[")
		p.list(e.List, ", ")
		p.write("]")
	}
	p.write("))")
}

func allConstants(list []Expr) bool {
	for _, e := range list {
		if _, ok := e.(*Const); !ok {
			return false
		}
	}
	return true
}

func (p *printer) aggregate(e *AggRef) {
	p.write(QuoteIdent(e.Agg.Name), "(")
	if e.Distinct {
		p.write("DISTINCT ")
	}
	if len(e.Args) == 0 {
		p.write("*")
	}
	p.list(e.Args, ", ")
	for i, k := range e.OrderBy {
		if i == 0 {
			p.write(" ORDER BY ")
		} else {
			p.write(", ")
		}
		p.expr(k.Expr)
		if k.Desc {
			p.write(" DESC")
		}
		if k.NullsFirst != k.Desc {
			p.write(map[bool]string{true: " NULLS FIRST", false: " NULLS LAST"}[k.NullsFirst])
		}
	}
	p.write(")")
	if e.Filter != nil {
		p.write(" FILTER (WHERE ")
		p.expr(e.Filter)
		p.write(")")
	}
}

// constant prints a value so that reading it back gives the same value of the same type.
func (p *printer) constant(e *Const) {
	t := e.T.String()
	if e.D.Null {
		p.write("NULL::", t)
		return
	}
	info := datum.MustLookup(e.T.OID)
	text := info.String(e.D)
	switch e.T.OID {
	case datum.Int4:
		if e.D.I >= 0 {
			p.write(text)
			return
		}
	case datum.Numeric:
		if e.T.Mod <= 0 && isPlainNumber(text) {
			p.write(text)
			return
		}
	case datum.Bool:
		p.write(map[bool]string{true: "true", false: "false"}[e.D.Bool()])
		return
	case datum.Unknown:
		p.write(quotePlain(text))
		return
	}
	p.write(quotePlain(text), "::", t)
}

// quotePlain quotes under standard_conforming_strings, where backslashes are themselves.
func quotePlain(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// isPlainNumber reports whether the parser would read text as a numeric: digits with a point.
func isPlainNumber(text string) bool {
	return strings.Contains(text, ".") && strings.Trim(text, "0123456789.") == ""
}
