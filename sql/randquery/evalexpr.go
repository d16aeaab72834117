package randquery

import (
	"math/big"
	"slices"
)

func (e *column) eval(ev *evaluator) Value { return ev.row[e.source][e.index] }
func (e *constant) eval(*evaluator) Value  { return e.v }
func (e *isNull) eval(ev *evaluator) Value { return (e.e.eval(ev) == nil) != e.not }
func (e *exists) eval(ev *evaluator) Value { return len(e.q.rows(ev)) > 0 }
func (e *not) eval(ev *evaluator) Value    { return negate(e.e.eval(ev)) }

func negate(v Value) Value {
	if v == nil {
		return nil
	}
	return !v.(bool)
}

// holds says whether a condition, which may be absent, is true.
func (ev *evaluator) holds(e expr) bool {
	ev.step()
	return e == nil || e.eval(ev) == true
}

func (e *arith) eval(ev *evaluator) Value {
	l, r := e.l.eval(ev), e.r.eval(ev)
	if l == nil || r == nil {
		return nil
	}
	if e.op == "||" {
		return l.(string) + r.(string)
	}
	a, b := l.(int), r.(int)
	var n big.Int
	switch x, y := big.NewInt(int64(a)), big.NewInt(int64(b)); e.op {
	case "+":
		n.Add(x, y)
	case "-":
		n.Sub(x, y)
	case "*":
		n.Mul(x, y)
	case "/":
		if b == 0 {
			panic(Error("22012"))
		}
		n.Quo(x, y)
	}
	return e.kind().fits(&n)
}

// compareWith is the truth of l op r.
func compareWith(op string, l, r Value) Value {
	if op == "is distinct from" || op == "is not distinct from" {
		same := l == nil && r == nil || l != nil && r != nil && compare(l, r) == 0
		return same == (op == "is not distinct from")
	}
	if l == nil || r == nil {
		return nil
	}
	c := compare(l, r)
	switch op {
	case "=":
		return c == 0
	case "<>":
		return c != 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

func (e *comparison) eval(ev *evaluator) Value { return compareWith(e.op, e.l.eval(ev), e.r.eval(ev)) }

// decide is the OR (any) or AND of truths: the deciding value, else unknown if there was one.
func decide(deciding bool, truths []Value) Value {
	if slices.Contains(truths, Value(deciding)) {
		return deciding
	}
	if slices.Contains(truths, nil) {
		return nil
	}
	return !deciding
}

func (e *logic) eval(ev *evaluator) Value {
	var truths []Value
	for _, x := range e.list {
		v := x.eval(ev)
		truths = append(truths, v)
		if v == (e.op == "or") {
			break
		}
	}
	return decide(e.op == "or", truths)
}

func (e *inList) eval(ev *evaluator) Value {
	l := e.e.eval(ev)
	var truths []Value
	for _, x := range e.list {
		truths = append(truths, compareWith("=", l, x.eval(ev)))
	}
	v := decide(true, truths)
	if e.not {
		return negate(v)
	}
	return v
}

func (e *quantified) eval(ev *evaluator) Value {
	l := e.l.eval(ev)
	var truths []Value
	for _, r := range e.q.rows(ev) {
		truths = append(truths, compareWith(e.op, l, r[0]))
	}
	return decide(!e.all, truths)
}

func (e *coalesce) eval(ev *evaluator) Value {
	for _, x := range e.list {
		if v := x.eval(ev); v != nil {
			return v
		}
	}
	return nil
}

func (e *caseWhen) eval(ev *evaluator) Value {
	switch {
	case e.cond.eval(ev) == true:
		return e.then.eval(ev)
	case e.other != nil:
		return e.other.eval(ev)
	}
	return nil
}

func (e *scalar) eval(ev *evaluator) Value {
	rows := e.q.rows(ev)
	if len(rows) > 1 {
		panic(Error("21000"))
	}
	if len(rows) == 0 {
		return nil
	}
	return rows[0][0]
}

// eval computes the aggregate over the present group.
func (e *aggregate) eval(ev *evaluator) Value {
	g := ev.group
	var values [][]Value
	for _, t := range g.tuples {
		ev.bind(g.sources, t)
		if !ev.holds(e.filter) {
			continue
		}
		v := Value(1)
		if e.arg != nil {
			v = e.arg.eval(ev)
		}
		if v != nil {
			values = append(values, []Value{v})
		}
	}
	if e.distinct {
		values = unique(values)
	}
	if e.fn == "count" {
		return len(values)
	}
	if len(values) == 0 {
		return nil
	}
	switch e.fn {
	case "min":
		return slices.MinFunc(values, compareRows)[0]
	case "max":
		return slices.MaxFunc(values, compareRows)[0]
	}
	sum := 0
	for _, v := range values {
		sum += v[0].(int)
	}
	return sum
}
