package randquery

import (
	"fmt"
	"strings"
)

// Query is a SELECT or a set operation, with what may follow it.
type Query struct {
	With  []*cte
	Body  body
	Order []orderKey
	// Limit and Offset are -1 where there is none.
	Limit, Offset int
}

// body is a *selection or a *setOp.
type body interface {
	sql() string
	kinds() []Kind
	rows(ev *evaluator, order []orderKey) [][]Value
}

// orderKey is a column of the answer to order by.
type orderKey struct {
	column                      int
	desc, nullsFirst, nullsLast bool
}

// cte is a WITH query.
type cte struct {
	name  string
	query *Query
}

// selection is a SELECT without ORDER BY and LIMIT.
type selection struct {
	distinct   bool
	distinctOn int // this many of the first columns
	items      []expr
	from       []fromItem
	where      expr // or nil
	grouped    bool
	keys       []expr
	having     expr
}

// setOp is UNION, INTERSECT or EXCEPT.
type setOp struct {
	op          string
	all         bool
	left, right *Query
}

// source is a relation in FROM: a table, a VALUES list, a WITH query or a subquery.
type source struct {
	number  int // x1, x2, …
	kinds   []Kind
	table   *table
	cte     *cte
	query   *Query
	lateral bool
}

// join is two items of FROM joined; on is nil for a cross join, using joins the columns of that name.
type join struct {
	kind        string
	left, right fromItem
	on          expr
	using       string
}

type fromItem interface {
	sql() string
	sources() []*source
	tuples(ev *evaluator) []tuple
}

var columnNames = []string{"a", "b", "c", "d", "e"}

// GoString shows a query that was drawn.
func (q *Query) GoString() string { return q.SQL() }

// SQL is the text of the query.
func (q *Query) SQL() string {
	var b strings.Builder
	for i, c := range q.With {
		b.WriteString(map[bool]string{true: "with ", false: ", "}[i == 0])
		fmt.Fprintf(&b, "%s(%s) as (%s)", c.name, strings.Join(columnNames[:len(c.query.Body.kinds())], ", "), c.query.SQL())
	}
	if len(q.With) > 0 {
		b.WriteByte(' ')
	}
	b.WriteString(q.Body.sql())
	for i, k := range q.Order {
		b.WriteString(map[bool]string{true: " order by ", false: ", "}[i == 0])
		fmt.Fprint(&b, k.column+1)
		for _, x := range []struct {
			on   bool
			text string
		}{{k.desc, " desc"}, {k.nullsFirst, " nulls first"}, {k.nullsLast, " nulls last"}} {
			if x.on {
				b.WriteString(x.text)
			}
		}
	}
	if q.Limit >= 0 {
		fmt.Fprintf(&b, " limit %d", q.Limit)
	}
	if q.Offset >= 0 {
		fmt.Fprintf(&b, " offset %d", q.Offset)
	}
	return b.String()
}

func (s *selection) sql() string {
	var b strings.Builder
	b.WriteString("select ")
	if s.distinct {
		b.WriteString("distinct ")
	}
	if s.distinctOn > 0 {
		b.WriteString("distinct on (" + strings.Join([]string{"1", "2", "3", "4"}[:s.distinctOn], ", ") + ") ")
	}
	for i, e := range s.items {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(e.sql() + " as " + columnNames[i])
	}
	for i, f := range s.from {
		b.WriteString(map[bool]string{true: " from ", false: ", "}[i == 0] + f.sql())
	}
	if s.where != nil {
		b.WriteString(" where " + s.where.sql())
	}
	if len(s.keys) > 0 {
		b.WriteString(" group by " + list(s.keys, ", "))
	}
	if s.having != nil {
		b.WriteString(" having " + s.having.sql())
	}
	return b.String()
}

func (s *selection) kinds() []Kind {
	out := make([]Kind, len(s.items))
	for i, e := range s.items {
		out[i] = e.kind()
	}
	return out
}

func (s *setOp) sql() string {
	op := s.op
	if s.all {
		op += " all"
	}
	return "(" + s.left.SQL() + ") " + op + " (" + s.right.SQL() + ")"
}

func (s *setOp) kinds() []Kind {
	out := s.left.Body.kinds()
	for i, k := range s.right.Body.kinds() {
		out[i] = max(out[i], k)
	}
	return out
}

func (s *source) sql() string {
	alias := fmt.Sprintf(" x%d", s.number)
	switch {
	case s.cte != nil:
		return s.cte.name + alias
	case s.query != nil && s.lateral:
		return "lateral (" + s.query.SQL() + ")" + alias
	case s.query != nil:
		return "(" + s.query.SQL() + ")" + alias
	case s.table.name != "":
		return s.table.name + alias
	}
	rows := make([]string, len(s.table.rows))
	for i, r := range s.table.rows {
		rows[i] = "(" + list([]expr{&constant{r[0], Int4}, &constant{r[1], Int4}}, ", ") + ")"
	}
	return "(values " + strings.Join(rows, ", ") + ")" + alias + "(a, b)"
}

func (s *source) sources() []*source { return []*source{s} }

func (j *join) sql() string {
	right := j.right.sql()
	if _, nested := j.right.(*join); nested {
		right = "(" + right + ")"
	}
	text := j.left.sql() + " " + j.kind + " " + right
	switch {
	case j.using != "":
		return text + " using (" + j.using + ")"
	case j.on != nil:
		return text + " on " + j.on.sql()
	}
	return text
}

func (j *join) sources() []*source {
	return append(append([]*source{}, j.left.sources()...), j.right.sources()...)
}
