package randquery

import (
	"errors"
	"slices"
)

// ErrTooLong says that the evaluator gave up: the query joins too much for cross products.
var ErrTooLong = errors.New("the query is too large for the slow evaluator")

// maxSteps bounds one evaluation, in conditions tested.
const maxSteps = 200_000

// evaluator is the environment of a query.
type evaluator struct {
	row   map[int][]Value // the present row of each source, by Q2
	group *group          // the present group of the innermost grouped query
	ctes  map[*cte][][]Value
	steps int
}

// tuple has one row for each of a FROM item's sources.
type tuple [][]Value

// group is the rows that an aggregate is computed over.
type group struct {
	sources []*source
	tuples  []tuple
}

// Evaluate answers the query. The error is an Error or ErrTooLong.
func (q *Query) Evaluate() (rows [][]string, err error) {
	ev := &evaluator{row: map[int][]Value{}, ctes: map[*cte][][]Value{}}
	defer func() {
		switch p := recover().(type) {
		case nil:
		case error:
			if _, ours := p.(Error); !ours && p != ErrTooLong {
				panic(p)
			}
			rows, err = nil, p
		default:
			panic(p)
		}
	}()
	for _, r := range q.rows(ev) {
		text := make([]string, len(r))
		for i, v := range r {
			text[i] = show(v)
		}
		rows = append(rows, text)
	}
	return rows, nil
}

func (ev *evaluator) step() {
	if ev.steps++; ev.steps > maxSteps {
		panic(ErrTooLong)
	}
}

// bind makes a tuple's rows the present ones.
func (ev *evaluator) bind(sources []*source, t tuple) {
	for i, s := range sources {
		ev.row[s.number] = t[i]
	}
}

func (q *Query) rows(ev *evaluator) [][]Value {
	for _, c := range q.With {
		ev.ctes[c] = c.query.rows(ev)
	}
	rows := q.Body.rows(ev, q.Order)
	sortRows(rows, q.Order)
	if q.Offset > 0 {
		rows = rows[min(q.Offset, len(rows)):]
	}
	if q.Limit >= 0 {
		rows = rows[:min(q.Limit, len(rows))]
	}
	return rows
}

func sortRows(rows [][]Value, order []orderKey) {
	slices.SortStableFunc(rows, func(x, y []Value) int {
		for _, k := range order {
			a, b := x[k.column], y[k.column]
			c := 0
			switch {
			case a == nil && b == nil:
			case a == nil || b == nil:
				if c = 1; k.nullsFirst || k.desc && !k.nullsLast {
					c = -1
				}
				if b == nil {
					c = -c
				}
			default:
				if c = compare(a, b); k.desc {
					c = -c
				}
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
}

// unique sorts rows and drops duplicates.
func unique(rows [][]Value) [][]Value {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, compareRows)
	return slices.CompactFunc(rows, func(a, b []Value) bool { return compareRows(a, b) == 0 })
}

func (s *setOp) rows(ev *evaluator, _ []orderKey) [][]Value {
	left, right := s.left.rows(ev), s.right.rows(ev)
	var out [][]Value
	if s.op == "union" {
		out = append(slices.Clone(left), right...)
	} else {
		rest := slices.Clone(right)
		for _, row := range left {
			i := slices.IndexFunc(rest, func(r []Value) bool { return compareRows(r, row) == 0 })
			if i >= 0 && s.all {
				rest = slices.Delete(rest, i, i+1)
			}
			if (i >= 0) == (s.op == "intersect") {
				out = append(out, row)
			}
		}
	}
	if !s.all {
		out = unique(out)
	}
	return out
}

func (s *selection) rows(ev *evaluator, order []orderKey) [][]Value {
	sources, tuples := ev.cross(s.from)
	var passed []tuple
	for _, t := range tuples {
		ev.bind(sources, t)
		if ev.holds(s.where) {
			passed = append(passed, t)
		}
	}
	var out [][]Value
	if s.grouped {
		out = s.groups(ev, sources, passed)
	} else {
		for _, t := range passed {
			ev.bind(sources, t)
			out = append(out, ev.list(s.items))
		}
	}
	if s.distinct {
		out = unique(out)
	}
	if s.distinctOn > 0 {
		sortRows(out, order)
		out = slices.CompactFunc(out, func(a, b []Value) bool { return compareRows(a[:s.distinctOn], b[:s.distinctOn]) == 0 })
	}
	return out
}

func (ev *evaluator) list(exprs []expr) []Value {
	row := make([]Value, len(exprs))
	for i, e := range exprs {
		row[i] = e.eval(ev)
	}
	return row
}

// groups forms the groups and computes the items over each. Without keys there is one group, of no rows perhaps.
func (s *selection) groups(ev *evaluator, sources []*source, tuples []tuple) [][]Value {
	type keyed struct {
		key    []Value
		tuples []tuple
	}
	var groups []*keyed
	for _, t := range tuples {
		ev.bind(sources, t)
		key := ev.list(s.keys)
		i := slices.IndexFunc(groups, func(g *keyed) bool { return compareRows(g.key, key) == 0 })
		if i < 0 {
			i, groups = len(groups), append(groups, &keyed{key: key})
		}
		groups[i].tuples = append(groups[i].tuples, t)
	}
	if len(s.keys) == 0 && len(groups) == 0 {
		groups = []*keyed{{}}
	}
	outer := ev.group
	defer func() { ev.group = outer }()
	var out [][]Value
	for _, g := range groups {
		row := make([]Value, len(s.items))
		of := func(e expr) Value { // a key has the same value in every row of its group
			if len(g.tuples) > 0 {
				ev.bind(sources, g.tuples[0])
			}
			ev.group = &group{sources, g.tuples}
			return e.eval(ev)
		}
		if s.having != nil && of(s.having) != true {
			continue
		}
		for i, e := range s.items {
			row[i] = of(e)
		}
		out = append(out, row)
	}
	return out
}

// cross is the product of FROM's items; a lateral one sees the rows before it. No items make one row of nothing.
func (ev *evaluator) cross(items []fromItem) ([]*source, []tuple) {
	var sources []*source
	tuples := []tuple{{}}
	for _, item := range items {
		var next []tuple
		for _, t := range tuples {
			ev.bind(sources, t)
			for _, more := range item.tuples(ev) {
				ev.step()
				next = append(next, slices.Concat(t, more))
			}
		}
		sources, tuples = append(sources, item.sources()...), next
	}
	return sources, tuples
}

func (s *source) tuples(ev *evaluator) []tuple {
	var rows [][]Value
	switch {
	case s.cte != nil:
		rows = ev.ctes[s.cte]
	case s.query != nil:
		rows = s.query.rows(ev)
	default:
		rows = s.table.rows
	}
	out := make([]tuple, len(rows))
	for i, r := range rows {
		out[i] = tuple{r}
	}
	return out
}

func (j *join) tuples(ev *evaluator) []tuple {
	ls, rs := j.left.sources(), j.right.sources()
	var out []tuple
	partners := map[*[]Value]bool{} // right tuples that have found one
	missing := func(n []*source) tuple {
		t := make(tuple, len(n))
		for i, s := range n {
			t[i] = make([]Value, len(s.kinds))
		}
		return t
	}
	left := j.left.tuples(ev)
	var right []tuple
	for _, l := range left {
		ev.bind(ls, l)
		if right == nil || j.kind == "join" || j.kind == "left join" || j.kind == "cross join" { // these may be lateral
			right = j.right.tuples(ev)
		}
		found := false
		for i, r := range right {
			ev.bind(ls, l)
			ev.bind(rs, r)
			if ev.holds(j.on) {
				found = true
				partners[&right[i][0]] = true
				out = append(out, slices.Concat(l, r))
			}
		}
		if !found && (j.kind == "left join" || j.kind == "full join") {
			out = append(out, slices.Concat(l, missing(rs)))
		}
	}
	if j.kind == "right join" || j.kind == "full join" {
		if right == nil {
			right = j.right.tuples(ev)
		}
		for i, r := range right {
			if !partners[&right[i][0]] {
				out = append(out, slices.Concat(missing(ls), r))
			}
		}
	}
	return out
}
