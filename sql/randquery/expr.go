package randquery

import (
	"fmt"
	"strings"
)

// expr is an expression. Its SQL stands anywhere without further parentheses.
type expr interface {
	sql() string
	kind() Kind
	eval(ev *evaluator) Value
}

type (
	column struct {
		source, index int
		k             Kind
	}
	constant struct {
		v Value
		k Kind
	}
	// arith is + - * / over integers, || over texts.
	arith struct {
		op   string
		l, r expr
	}
	// comparison is = <> < <= > >=, or "is distinct from" and its opposite.
	comparison struct {
		op   string
		l, r expr
	}
	// logic is and, or.
	logic struct {
		op   string
		list []expr
	}
	not    struct{ e expr }
	isNull struct {
		e   expr
		not bool
	}
	inList struct {
		e    expr
		list []expr
		not  bool
	}
	coalesce struct{ list []expr }
	// caseWhen is CASE WHEN cond THEN then ELSE other END; other may be nil.
	caseWhen struct{ cond, then, other expr }
	exists   struct{ q *Query }
	scalar   struct{ q *Query }
	// quantified is l op ANY|ALL (query); "in" and "not in" stand for = ANY and <> ALL.
	quantified struct {
		l   expr
		op  string
		all bool
		in  bool
		q   *Query
	}
	// aggregate is count, sum, min, max, or count(*) without an argument.
	aggregate struct {
		fn       string
		arg      expr
		distinct bool
		filter   expr
	}
)

func list(exprs []expr, separator string) string {
	out := make([]string, len(exprs))
	for i, e := range exprs {
		out[i] = e.sql()
	}
	return strings.Join(out, separator)
}

func (e *column) sql() string { return fmt.Sprintf("x%d.%s", e.source, columnNames[e.index]) }
func (e *constant) sql() string {
	switch v := e.v.(type) {
	case nil:
		return "null::" + e.k.String()
	case string:
		return "'" + v + "'::text"
	}
	return fmt.Sprint(e.v)
}
func (e *arith) sql() string      { return "(" + e.l.sql() + " " + e.op + " " + e.r.sql() + ")" }
func (e *comparison) sql() string { return "(" + e.l.sql() + " " + e.op + " " + e.r.sql() + ")" }
func (e *logic) sql() string      { return "(" + list(e.list, " "+e.op+" ") + ")" }
func (e *not) sql() string        { return "(not " + e.e.sql() + ")" }
func (e *isNull) sql() string     { return "(" + e.e.sql() + " is " + negated(e.not) + "null)" }
func (e *inList) sql() string {
	return "(" + e.e.sql() + " " + negated(e.not) + "in (" + list(e.list, ", ") + "))"
}
func (e *coalesce) sql() string { return "coalesce(" + list(e.list, ", ") + ")" }
func (e *caseWhen) sql() string {
	other := ""
	if e.other != nil {
		other = " else " + e.other.sql()
	}
	return "case when " + e.cond.sql() + " then " + e.then.sql() + other + " end"
}
func (e *exists) sql() string { return "exists (" + e.q.SQL() + ")" }
func (e *scalar) sql() string { return "(" + e.q.SQL() + ")" }
func (e *quantified) sql() string {
	op := e.op + " " + map[bool]string{true: "all", false: "any"}[e.all]
	if e.in {
		op = negated(e.all) + "in"
	}
	return "(" + e.l.sql() + " " + op + " (" + e.q.SQL() + "))"
}
func (e *aggregate) sql() string {
	arg := "*"
	if e.arg != nil {
		arg = e.arg.sql()
	}
	if e.distinct {
		arg = "distinct " + arg
	}
	filter := ""
	if e.filter != nil {
		filter = " filter (where " + e.filter.sql() + ")"
	}
	return e.fn + "(" + arg + ")" + filter
}

func negated(not bool) string {
	if not {
		return "not "
	}
	return ""
}

func (e *column) kind() Kind     { return e.k }
func (e *constant) kind() Kind   { return e.k }
func (e *arith) kind() Kind      { return max(e.l.kind(), e.r.kind()) }
func (e *comparison) kind() Kind { return Bool }
func (e *logic) kind() Kind      { return Bool }
func (e *not) kind() Kind        { return Bool }
func (e *isNull) kind() Kind     { return Bool }
func (e *inList) kind() Kind     { return Bool }
func (e *coalesce) kind() Kind {
	k := Kind(0)
	for _, x := range e.list {
		k = max(k, x.kind())
	}
	return k
}
func (e *caseWhen) kind() Kind {
	if e.other == nil {
		return e.then.kind()
	}
	return max(e.then.kind(), e.other.kind())
}
func (e *exists) kind() Kind     { return Bool }
func (e *scalar) kind() Kind     { return e.q.Body.kinds()[0] }
func (e *quantified) kind() Kind { return Bool }
func (e *aggregate) kind() Kind {
	if e.fn == "count" || e.fn == "sum" {
		return Int8
	}
	return e.arg.kind()
}
