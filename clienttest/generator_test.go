package clienttest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A generator makes queries over table r that both servers understand. Expressions are typed, so that most of them succeed; those
// that divide by zero or overflow do so on both sides. What may differ by design is left out: the order of equal rows, sums of floats
// in another order, functions that are not exact.
type generator struct {
	rng *rand.Rand
}

func (g *generator) pick(list ...string) string { return list[g.rng.IntN(len(list))] }

func (g *generator) chance(percent int) bool { return g.rng.IntN(100) < percent }

// rows returns INSERT statements for n rows, full of NULLs, duplicates and edges.
func (g *generator) rows(n int) []string {
	var out []string
	for i := range n {
		values := []string{fmt.Sprint(i)}
		for _, kind := range []string{"int2", "int4", "int8", "text", "bool", "float8", "numeric", "date", "timestamptz"} {
			if g.chance(15) {
				values = append(values, "null")
				continue
			}
			values = append(values, g.literal(kind))
		}
		out = append(out, "insert into r values ("+strings.Join(values, ", ")+")")
	}
	return out
}

// plain makes an expression whose equal values look alike, for where one of several equal values is shown: 1.5 is 1.50, 0 is -0.
func (g *generator) plain(kind string, depth int) string {
	switch e := g.expr(kind, depth); kind {
	case "numeric":
		return "trim_scale(" + e + ")"
	case "float8":
		return "(" + e + " + 0)"
	default:
		return e
	}
}

var columnsOf = map[string][]string{
	"int2": {"i2"}, "int4": {"i4"}, "int8": {"i8", "id"}, "text": {"t"}, "bool": {"b"}, "float8": {"f8"}, "numeric": {"n"},
	"date": {"d"}, "timestamptz": {"tz"},
}

var kinds = []string{"int2", "int4", "int8", "text", "bool", "float8", "numeric", "date", "timestamptz"}

func (g *generator) literal(kind string) string {
	switch kind {
	case "int2":
		return g.pick("0", "1", "2", "-1", "7", "100", "32767", "(-32768)") + "::int2"
	case "int4":
		return g.pick("0", "1", "2", "3", "-5", "10", "1000", "2147483647", "(-2147483648)") + "::int4"
	case "int8":
		return g.pick("0", "1", "-1", "4", "12345678901", "9223372036854775807") + "::int8"
	case "text":
		return g.pick("''", "'a'", "'b'", "'abc'", "'ABC'", "'a b'", "'äöü'", "'x_y%z'", "'10'", "'null'")
	case "bool":
		return g.pick("true", "false")
	case "float8":
		return g.pick("0", "0.5", "1", "-2.25", "1e10", "3.75", "'NaN'", "'Infinity'", "'-Infinity'") + "::float8"
	case "numeric":
		return g.pick("0", "0.001", "1.5", "-2.75", "100", "123456.789") + "::numeric"
	case "date":
		return "date '" + g.pick("2000-01-01", "1999-12-31", "2024-02-29", "2024-12-31", "1970-01-01") + "'"
	default:
		return "timestamptz '" + g.pick("2000-01-01 00:00:00+00", "2024-02-29 12:34:56.789+00", "1999-12-31 23:59:59+00", "2024-07-01 00:00:00+02") + "'"
	}
}

// expr makes an expression of the kind over the columns of one row.
func (g *generator) expr(kind string, depth int) string {
	if depth == 0 || g.chance(30) {
		switch {
		case g.chance(5):
			return "null::" + kind
		case g.chance(30):
			return g.literal(kind)
		}
		return g.pick(columnsOf[kind]...)
	}
	e := func(k string) string { return g.expr(k, depth-1) }
	switch g.rng.IntN(12) {
	case 0:
		return fmt.Sprintf("coalesce(%s, %s)", e(kind), e(kind))
	case 1:
		return fmt.Sprintf("case when %s then %s else %s end", e("bool"), e(kind), e(kind))
	case 2:
		return fmt.Sprintf("nullif(%s, %s)", e(kind), e(kind))
	case 3:
		return fmt.Sprintf("%s(%s, %s)", g.pick("greatest", "least"), e(kind), e(kind))
	}
	switch kind {
	case "bool":
		return g.condition(depth)
	case "text":
		switch g.rng.IntN(8) {
		case 0:
			return fmt.Sprintf("(%s || %s)", e("text"), e("text"))
		case 1:
			return fmt.Sprintf("%s(%s)", g.pick("lower", "upper", "reverse", "trim", "md5"), e("text"))
		case 2:
			return fmt.Sprintf("substr(%s, %d, %d)", e("text"), g.rng.IntN(4), g.rng.IntN(4))
		case 3:
			return fmt.Sprintf("replace(%s, %s, %s)", e("text"), g.literal("text"), g.literal("text"))
		case 4:
			return fmt.Sprintf("%s(%s, %d)", g.pick("left", "right"), e("text"), g.rng.IntN(7)-3)
		case 5:
			return fmt.Sprintf("lpad(%s, %d, '*')", e("text"), g.rng.IntN(8))
		case 6:
			return fmt.Sprintf("concat_ws('-', %s, %s)", e("text"), e("int4"))
		}
		return fmt.Sprintf("(%s)::text", e(kinds[g.rng.IntN(len(kinds))]))
	case "int2", "int4", "int8":
		switch g.rng.IntN(6) {
		case 0:
			return fmt.Sprintf("(%s %s %s)", e(kind), g.pick("+", "-", "*", "/", "%"), e(kind))
		case 1:
			return fmt.Sprintf("abs(%s)", e(kind))
		case 2:
			return fmt.Sprintf("(%s %s %s)", e(kind), g.pick("&", "|", "#"), e(kind))
		case 3:
			return fmt.Sprintf("(-%s)", e(kind))
		case 4:
			return fmt.Sprintf("length(%s)::%s", e("text"), kind)
		}
		return fmt.Sprintf("(%s)::%s", e(g.pick("int2", "int4", "int8", "numeric")), kind)
	case "float8":
		return g.pick(fmt.Sprintf("(%s %s %s)", e("float8"), g.pick("+", "-", "*", "/"), e("float8")), fmt.Sprintf("%s(%s)", g.pick("abs", "floor", "ceil", "trunc", "sign"), e("float8")),
			fmt.Sprintf("(%s)::float8", e(g.pick("int4", "int2", "numeric"))))
	case "numeric":
		return g.pick(fmt.Sprintf("(%s %s %s)", e("numeric"), g.pick("+", "-", "*", "/", "%"), e("numeric")), fmt.Sprintf("round(%s, %d)", e("numeric"), g.rng.IntN(5)-1),
			fmt.Sprintf("%s(%s)", g.pick("abs", "floor", "ceil", "sign"), e("numeric")), fmt.Sprintf("(%s)::numeric", e(g.pick("int4", "int8"))))
	case "date":
		return g.pick(fmt.Sprintf("(%s + (%s)::int4 %% 1000)", e("date"), e("int2")), fmt.Sprintf("(%s)::date", e("timestamptz")))
	}
	return g.pick(fmt.Sprintf("date_trunc('%s', %s)", g.pick("day", "hour", "month", "year"), e("timestamptz")),
		fmt.Sprintf("(%s %s interval '%s')", e("timestamptz"), g.pick("+", "-"), g.pick("1 day", "2 months", "36 hours", "1 year 3 days 00:00:01")), fmt.Sprintf("(%s)::timestamptz", e("date")))
}

func (g *generator) condition(depth int) string {
	e := func(k string) string { return g.expr(k, depth-1) }
	k := kinds[g.rng.IntN(len(kinds))]
	switch g.rng.IntN(10) {
	case 0:
		return fmt.Sprintf("(%s %s %s)", e("bool"), g.pick("and", "or"), e("bool"))
	case 1:
		return fmt.Sprintf("(not %s)", e("bool"))
	case 2:
		return fmt.Sprintf("(%s is %snull)", e(k), g.pick("", "not "))
	case 3:
		return fmt.Sprintf("(%s %sbetween %s and %s)", e(k), g.pick("", "not "), e(k), e(k))
	case 4:
		return fmt.Sprintf("(%s %sin (%s, %s, %s))", e(k), g.pick("", "not "), g.literal(k), g.literal(k), e(k))
	case 5:
		return fmt.Sprintf("(%s %s %s)", e("text"), g.pick("like", "not like", "ilike", "similar to"), g.pick("'a%'", "'%b%'", "'_'", "'%'", "'A_C'"))
	case 6:
		return fmt.Sprintf("(%s is %sdistinct from %s)", e(k), g.pick("", "not "), e(k))
	case 7:
		return fmt.Sprintf("(%s is %s%s)", e("bool"), g.pick("", "not "), g.pick("true", "false", "unknown"))
	}
	if k == "int2" || k == "int4" || k == "int8" || k == "numeric" {
		return fmt.Sprintf("(%s %s %s)", e(k), g.pick("=", "<>", "<", "<=", ">", ">="), e(g.pick("int2", "int4", "int8", "numeric")))
	}
	return fmt.Sprintf("(%s %s %s)", e(k), g.pick("=", "<>", "<", "<=", ">", ">="), e(k))
}

// aggregate makes an aggregate whose result does not depend on the order of rows.
func (g *generator) aggregate() string {
	k := kinds[g.rng.IntN(len(kinds))]
	arg := g.plain(k, 1)
	out := "count(*)"
	switch g.rng.IntN(7) {
	case 0:
		out = "count(" + g.pick("", "distinct ") + arg + ")"
	case 1, 2:
		if k != "bool" {
			out = g.pick("min", "max") + "(" + arg + ")"
		}
	case 3, 4:
		n := g.pick("int2", "int4", "int8", "numeric")
		out = g.pick("sum", "avg") + "(" + g.pick("", "distinct ") + g.plain(n, 1) + ")"
	case 5:
		out = g.pick("bool_and", "bool_or", "every") + "(" + g.expr("bool", 1) + ")"
	case 6:
		out = "string_agg(" + g.expr("text", 1) + ", ',' order by id)"
	}
	if g.chance(20) {
		out += " filter (where " + g.condition(1) + ")"
	}
	return out
}

func (g *generator) where() string {
	if g.chance(30) {
		return ""
	}
	return " where " + g.condition(2)
}

// limit may follow an order that leaves no ties.
func (g *generator) limit() string {
	out := ""
	if g.chance(40) {
		out += fmt.Sprintf(" limit %d", g.rng.IntN(20))
	}
	if g.chance(20) {
		out += fmt.Sprintf(" offset %d", g.rng.IntN(10))
	}
	return out
}

func (g *generator) order() string {
	return g.pick("", " asc", " desc") + g.pick("", "", " nulls first", " nulls last")
}

// query makes a plain, a grouped, an aggregating or a DISTINCT query.
func (g *generator) query() string {
	depth := 1 + g.rng.IntN(3)
	switch g.rng.IntN(5) {
	case 0: // one group
		list := make([]string, 1+g.rng.IntN(4))
		for i := range list {
			list[i] = g.aggregate()
		}
		return "select " + strings.Join(list, ", ") + " from r" + g.where()
	case 1: // groups, ordered by all of their keys
		key := g.plain(kinds[g.rng.IntN(len(kinds))], 1)
		second := g.plain(kinds[g.rng.IntN(len(kinds))], 0)
		having := ""
		if g.chance(30) {
			having = fmt.Sprintf(" having count(*) > %d", g.rng.IntN(4))
		}
		return fmt.Sprintf("select %s as k1, %s as k2, %s, %s from r%s group by 1, 2%s order by 1%s, 2%s%s",
			key, second, g.aggregate(), g.aggregate(), g.where(), having, g.order(), g.order(), g.limit())
	case 2: // distinct rows, ordered by all columns
		return fmt.Sprintf("select distinct %s as a, %s as b from r%s order by 1%s, 2%s%s", g.plain(kinds[g.rng.IntN(len(kinds))], depth),
			g.plain(kinds[g.rng.IntN(len(kinds))], 1), g.where(), g.order(), g.order(), g.limit())
	}
	list := make([]string, 1+g.rng.IntN(4))
	for i := range list {
		list[i] = g.expr(kinds[g.rng.IntN(len(kinds))], depth)
	}
	from := "r"
	if g.chance(15) {
		from = "(select * from r" + g.where() + ") s"
	}
	return fmt.Sprintf("select id, %s from %s%s order by %s%s, id%s%s", strings.Join(list, ", "), from, g.where(),
		g.expr(kinds[g.rng.IntN(len(kinds))], 1), g.order(), g.pick("", " desc"), g.limit())
}
