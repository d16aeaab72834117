package randquery

import (
	"fmt"

	"pgregory.net/rapid"
)

// Generator draws queries.
func Generator() *rapid.Generator[*Query] {
	return rapid.Custom(func(t *rapid.T) *Query {
		d := &drawer{t: t}
		if d.n(8) > 5 {
			with := []*cte{}
			for range 1 + d.n(2) {
				c := &cte{name: fmt.Sprintf("w%d", len(with)+1), query: d.inner([]Kind{Int4, Int4}, nil)}
				with = append(with, c)
				d.ctes = with
			}
			q := d.query(d.shape(), nil)
			q.With = with
			return q
		}
		return d.query(d.shape(), nil)
	})
}

// maxDepth is how deep queries nest.
const maxDepth = 2

// maxSources is about the number of sources from which on a query does not grow any more.
const maxSources = 6

// drawer draws the parts of one query. Every choice has its simplest outcome at 0, for rapid's shrinking.
type drawer struct {
	t       *rapid.T
	numbers int
	depth   int
	ctes    []*cte
}

func (d *drawer) n(limit int) int { return rapid.IntRange(0, limit-1).Draw(d.t, "n") }

func (d *drawer) chance(oneIn int) bool { return d.n(oneIn) == oneIn-1 }

func (d *drawer) pick(list ...string) string { return list[d.n(len(list))] }

// shape is the kinds of a query's columns; integers of any width go together.
func (d *drawer) shape() []Kind {
	out := make([]Kind, 1+d.n(3))
	for i := range out {
		out[i] = []Kind{Int4, Int4, Int4, Text, Bool}[d.n(5)]
	}
	return out
}

// inner is a query inside another one.
func (d *drawer) inner(shape []Kind, outer []*source) *Query {
	d.depth++
	defer func() { d.depth-- }()
	return d.query(shape, outer)
}

// query draws a query that sees the outer sources.
func (d *drawer) query(shape []Kind, outer []*source) *Query {
	q := &Query{Limit: -1, Offset: -1}
	if d.chance(6) {
		s := &setOp{op: d.pick("union", "intersect", "except"), all: d.n(2) == 0}
		s.left, s.right = d.inner(shape, outer), d.inner(shape, outer)
		q.Body = s
	} else {
		s := d.selection(shape, outer)
		if !s.distinct && !s.grouped && d.chance(12) {
			s.distinctOn = 1 + d.n(len(shape))
			d.order(q, shape, 0)
		}
		q.Body = s
	}
	if len(q.Order) == 0 && d.chance(4) {
		d.order(q, shape, d.n(len(shape)))
	}
	if len(q.Order) == len(shape) && d.n(2) == 1 {
		q.Limit = d.n(5)
		if d.chance(3) {
			q.Offset = d.n(3)
		}
	}
	return q
}

// order orders by the columns from the left, but the last few.
func (d *drawer) order(q *Query, shape []Kind, but int) {
	for i := range shape[but:] {
		k := orderKey{column: i}
		switch d.n(5) {
		case 1:
			k.desc = true
		case 2:
			k.nullsFirst = true
		case 3:
			k.desc, k.nullsLast = true, true
		}
		q.Order = append(q.Order, k)
	}
}

func (d *drawer) selection(shape []Kind, outer []*source) *selection {
	s := &selection{}
	own := d.from(s, outer)
	all := append(append([]*source{}, own...), outer...)
	if d.n(3) > 0 {
		s.where = d.condition(all, 2)
	}
	switch d.n(8) {
	case 6:
		s.distinct = true
	case 7:
		s.grouped = true
	}
	if !s.grouped {
		for _, k := range shape {
			s.items = append(s.items, d.expr(k, all, 2))
		}
		return s
	}
	// Keys are columns, so that everything over the groups can be an expression over "sources" which have these alone.
	var keys []*column
	for range d.n(3) {
		src := own[d.n(len(own))]
		i := d.n(len(src.kinds))
		k := &column{src.number, i, src.kinds[i]}
		keys, s.keys = append(keys, k), append(s.keys, k)
	}
	for _, k := range shape {
		s.items = append(s.items, d.over(k, keys, own, outer))
	}
	if d.chance(3) {
		s.having = &comparison{d.comparator(), d.over(Int4, keys, own, outer), d.over(Int4, keys, own, outer)}
	}
	return s
}

// over draws an expression over the groups: a key, an aggregate, or a subquery that sees the keys.
func (d *drawer) over(k Kind, keys []*column, own, outer []*source) expr {
	if k == Bool {
		return &comparison{d.comparator(), d.over(Int4, keys, own, outer), d.over(Int4, keys, own, outer)}
	}
	for _, key := range keys {
		if (key.k == k || key.k.integer() && k.integer()) && d.n(2) == 0 {
			return key
		}
	}
	a := &aggregate{fn: d.pick("count", "max", "min", "sum"), distinct: d.chance(4)}
	if a.fn == "sum" && k == Text {
		a.fn = "min"
	}
	if k == Text && a.fn == "count" {
		a.fn = "max"
	}
	a.arg = d.leaf(k, own)
	if a.fn == "sum" && a.arg.kind() == Int8 {
		a.fn = "max"
	}
	if a.fn == "count" && d.n(2) == 0 {
		a.arg, a.distinct = nil, false
	}
	if d.chance(6) {
		a.filter = d.condition(own, 1) // with outer sources alone the aggregate would belong to the outer query
	}
	if k.integer() && d.depth < maxDepth && d.chance(8) {
		return &arith{"+", &scalar{d.single(outer)}, a}
	}
	return a
}

// from draws FROM and returns its sources.
func (d *drawer) from(s *selection, outer []*source) []*source {
	var own []*source
	for range 1 + d.n(4)/3 {
		item := d.item(2-d.depth, own, outer)
		s.from = append(s.from, item)
		own = append(own, item.sources()...)
	}
	return own
}

// item is one item of FROM: a source, or joins up to the depth. lateral are the sources before it.
func (d *drawer) item(depth int, lateral, outer []*source) fromItem {
	if depth == 0 || d.numbers > maxSources || d.n(2) == 0 {
		return d.source(lateral, outer)
	}
	j := &join{kind: d.pick("join", "left join", "left join", "right join", "full join", "cross join")}
	j.left = d.item(depth-1, lateral, outer)
	seen := lateral
	if j.kind == "join" || j.kind == "left join" || j.kind == "cross join" {
		seen = append(append([]*source{}, lateral...), j.left.sources()...)
	}
	if j.kind == "full join" {
		seen = nil
	}
	if d.chance(3) {
		j.right = d.item(depth-1, seen, outer)
	} else {
		j.right = d.source(seen, outer)
	}
	left, right := j.left.sources(), j.right.sources()
	columnOf := func(list []*source) (*source, expr) {
		s := list[d.n(len(list))]
		i := d.n(2)
		return s, &column{s.number, i, s.kinds[i]}
	}
	switch {
	case j.kind == "cross join":
	case d.chance(8) && len(left) == 1 && len(right) == 1:
		i := d.n(2)
		j.using = columnNames[i]
		j.on = &comparison{"=", &column{left[0].number, i, left[0].kinds[i]}, &column{right[0].number, i, right[0].kinds[i]}}
	case j.kind == "full join" || d.n(3) > 0:
		_, l := columnOf(left)
		_, r := columnOf(right)
		j.on = &comparison{"=", l, r}
		if j.kind != "full join" && d.chance(4) {
			j.on = &logic{"and", []expr{j.on, d.condition(append(append([]*source{}, right...), left...), 1)}}
		}
	default:
		see := append(append(append([]*source{}, right...), left...), outer...)
		j.on = d.condition(see, 1)
	}
	return j
}

// source is a table, or something that stands for one; it has two integer columns first.
func (d *drawer) source(lateral, outer []*source) *source {
	d.numbers++
	s := &source{number: d.numbers}
	n := d.n(12)
	if (d.depth >= maxDepth || d.numbers > maxSources) && n > 9 {
		n = 0
	}
	switch {
	case n == 8:
		s.table = &table{rows: [][]Value{{1, 2}, {3, nil}, {nil, 0}}}
		s.kinds = []Kind{Int4, Int4}
	case n == 9 && len(d.ctes) > 0:
		s.cte = d.ctes[d.n(len(d.ctes))]
		s.kinds = s.cte.query.Body.kinds()
	case n >= 10:
		see := outer
		if n == 11 && len(lateral) > 0 {
			s.lateral, see = true, append(append([]*source{}, lateral...), outer...)
		}
		s.query = d.inner(append([]Kind{Int4, Int4}, d.shape()[1:]...), see)
		s.kinds = s.query.Body.kinds()
	default:
		s.table = &tables[n%len(tables)]
		s.kinds = s.table.kinds
	}
	return s
}

// leaf is a column of the class, now and then a constant.
func (d *drawer) leaf(k Kind, from []*source) expr {
	var columns []expr
	for _, s := range from {
		for i, kind := range s.kinds {
			if kind == k || kind.integer() && k.integer() {
				columns = append(columns, &column{s.number, i, kind})
			}
		}
	}
	if len(columns) > 0 && !d.chance(6) {
		return columns[d.n(len(columns))]
	}
	switch {
	case d.chance(8):
		return &constant{nil, k}
	case k == Text:
		return &constant{d.pick("x", "y", ""), Text}
	case k == Bool:
		return &constant{d.n(2) == 0, Bool}
	case d.chance(40):
		return &constant{2000000000, Int4}
	}
	return &constant{d.n(5), Int4}
}

// expr is an expression of the class over the sources.
func (d *drawer) expr(k Kind, from []*source, depth int) expr {
	if k == Bool {
		return d.condition(from, depth)
	}
	if depth == 0 {
		return d.leaf(k, from)
	}
	switch n := d.n(16); {
	case n == 10:
		return &coalesce{[]expr{d.leaf(k, from), d.expr(k, from, depth-1)}}
	case n == 11:
		c := &caseWhen{cond: d.condition(from, depth-1), then: d.leaf(k, from)}
		if d.n(2) == 0 {
			c.other = d.expr(k, from, depth-1)
		}
		return c
	case n == 12 || n == 13:
		if k == Text {
			return &arith{"||", d.leaf(k, from), d.expr(k, from, depth-1)}
		}
		return &arith{d.pick("+", "-", "*", "/"), d.leaf(k, from), d.leaf(k, from)}
	case n >= 14 && d.depth < maxDepth && d.numbers <= maxSources && k.integer():
		return &scalar{d.single(from)}
	}
	return d.leaf(k, from)
}

// single is a query of one integer column and, most times, at most one row.
func (d *drawer) single(outer []*source) *Query {
	d.depth++
	defer func() { d.depth-- }()
	switch d.n(8) {
	case 6:
		q := &Query{Limit: 1, Offset: -1, Body: d.selection([]Kind{Int4}, d.seen(outer))}
		d.order(q, []Kind{Int4}, 0)
		return q
	case 7:
		return d.query([]Kind{Int4}, d.seen(outer))
	}
	s := &selection{grouped: true}
	own := d.from(s, d.seen(outer))
	if d.n(4) > 0 {
		s.where = d.condition(append(append([]*source{}, own...), outer...), 1)
	}
	s.items = []expr{d.over(Int4, nil, own, nil)}
	return &Query{Limit: -1, Offset: -1, Body: s}
}

// seen is the outer sources, or none: the subquery is not correlated then.
func (d *drawer) seen(outer []*source) []*source {
	if d.n(3) == 2 {
		return nil
	}
	return outer
}

func (d *drawer) comparator() string { return d.pick("=", "=", "<", "<=", ">", ">=", "<>") }

// condition is a predicate over the sources.
func (d *drawer) condition(from []*source, depth int) expr {
	k := Int4
	if d.chance(5) {
		k = Text
	}
	n := d.n(18)
	if depth <= 0 && n > 9 {
		n = 0
	}
	if n > 13 && (d.depth >= maxDepth || d.numbers > maxSources) {
		n -= 8
	}
	switch n {
	case 5:
		return &comparison{d.pick("is distinct from", "is not distinct from"), d.expr(k, from, depth-1), d.leaf(k, from)}
	case 6:
		return &isNull{d.leaf(k, from), d.n(2) == 0}
	case 7:
		return &inList{d.leaf(k, from), []expr{d.leaf(k, from), d.leaf(k, nil), d.leaf(k, nil)}, d.chance(3)}
	case 8, 9:
		return &comparison{d.comparator(), d.leaf(k, from), d.leaf(k, from)}
	case 10:
		return &logic{"or", []expr{d.condition(from, depth-1), d.condition(from, depth-1)}}
	case 11, 12:
		return &logic{"and", []expr{d.condition(from, depth-1), d.condition(from, depth-1)}}
	case 13:
		return &not{d.condition(from, depth-1)}
	case 14, 15:
		var e expr = &exists{d.inner([]Kind{Int4}, d.seen(from))}
		if d.n(2) == 1 {
			e = &not{e}
		}
		return e
	case 16:
		negative := d.n(2) == 1
		op := map[bool]string{true: "<>", false: "="}[negative]
		return &quantified{l: d.leaf(k, from), op: op, all: negative, in: true, q: d.inner([]Kind{k}, d.seen(from))}
	case 17:
		return &quantified{l: d.leaf(k, from), op: d.comparator(), all: d.n(2) == 1, q: d.inner([]Kind{k}, d.seen(from))}
	}
	return &comparison{"=", d.leaf(k, from), d.leaf(k, from)}
}
