package expr

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

func (b *Builder) booleans(construct string, list []Expr) ([]Expr, error) {
	out := make([]Expr, 0, len(list))
	for _, e := range list {
		c, err := b.Boolean(e, construct)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// And builds a conjunction.
func (b *Builder) And(list ...Expr) (Expr, error) {
	args, err := b.booleans("AND", list)
	if err != nil {
		return nil, err
	}
	return Conjunction(args), nil
}

// Or builds a disjunction.
func (b *Builder) Or(list ...Expr) (Expr, error) {
	args, err := b.booleans("OR", list)
	if err != nil {
		return nil, err
	}
	var flat []Expr
	for _, a := range args {
		if o, ok := a.(*Or); ok {
			flat = append(flat, o.Args...)
		} else {
			flat = append(flat, a)
		}
	}
	if len(flat) == 1 {
		return flat[0], nil
	}
	return &Or{Args: flat}, nil
}

// Conjunction joins conditions, flattening nested ones. Of none it makes TRUE.
func Conjunction(list []Expr) Expr {
	flat := Conjuncts(&And{Args: list})
	switch len(flat) {
	case 0:
		return NewConst(datum.NewBool(true), datum.Bool)
	case 1:
		return flat[0]
	}
	return &And{Args: flat}
}

// Conjuncts splits a condition at its top-level ANDs.
func Conjuncts(e Expr) []Expr {
	a, ok := e.(*And)
	if !ok {
		return []Expr{e}
	}
	var out []Expr
	for _, c := range a.Args {
		out = append(out, Conjuncts(c)...)
	}
	return out
}

// Not builds a negation.
func (b *Builder) Not(e Expr) (Expr, error) {
	e, err := b.Boolean(e, "NOT")
	if err != nil {
		return nil, err
	}
	return &Not{Arg: e}, nil
}

// IsNull builds IS NULL, or IS NOT NULL.
func (b *Builder) IsNull(e Expr, negated bool) (Expr, error) {
	return &IsNull{Arg: b.fresh(e), Negated: negated}, nil // a parameter gets no type from this
}

var testNames = [...]string{"IS TRUE", "IS NOT TRUE", "IS FALSE", "IS NOT FALSE", "IS UNKNOWN", "IS NOT UNKNOWN"}

// BooleanTest builds IS TRUE and its kin.
func (b *Builder) BooleanTest(e Expr, kind TestKind) (Expr, error) {
	e, err := b.Boolean(e, testNames[kind])
	if err != nil {
		return nil, err
	}
	return &BooleanTest{Arg: e, Kind: kind}, nil
}

// Case builds CASE. operand may be nil; then the conditions are booleans, else values to compare it with. els may be nil for
// ELSE NULL.
func (b *Builder) Case(operand Expr, whens []When, els Expr) (Expr, error) {
	c := &Case{}
	var test *CaseTest
	if operand != nil {
		var err error
		if c.Operand, err = b.Resolve(operand); err != nil {
			return nil, err
		}
		test = &CaseTest{T: c.Operand.Type()}
	}
	if els == nil {
		els = b.Null(0)
	}
	results := []Expr{els}
	for _, w := range whens {
		cond := w.Cond
		var err error
		if test != nil {
			if cond, err = b.Op("=", test, cond); err != nil {
				return nil, err
			}
		}
		if cond, err = b.Boolean(cond, "CASE/WHEN"); err != nil {
			return nil, err
		}
		c.Whens = append(c.Whens, When{Cond: cond})
		results = append(results, w.Result)
	}
	results, t, err := b.Unify("CASE", results)
	if err != nil {
		return nil, err
	}
	c.Else, c.T = results[0], t
	for i := range c.Whens {
		c.Whens[i].Result = results[i+1]
	}
	return c, nil
}

// Coalesce builds COALESCE.
func (b *Builder) Coalesce(args []Expr) (Expr, error) {
	args, t, err := b.Unify("COALESCE", args)
	if err != nil {
		return nil, err
	}
	return &Coalesce{Args: args, T: t}, nil
}

// MinMax builds GREATEST or LEAST.
func (b *Builder) MinMax(greatest bool, args []Expr) (Expr, error) {
	name := "LEAST"
	if greatest {
		name = "GREATEST"
	}
	args, t, err := b.Unify(name, args)
	if err != nil {
		return nil, err
	}
	if b.Registry.FindOperator("<", t.OID, t.OID) == nil && t.OID != datum.Varchar && t.OID != datum.Regclass {
		return nil, pgerr.New(pgerr.UndefinedFunction, "could not identify a comparison function for type %s", TypeName(t.OID))
	}
	return &MinMax{Greatest: greatest, Args: args, T: t}, nil
}

// NullIf builds NULLIF.
func (b *Builder) NullIf(x, y Expr) (Expr, error) {
	op, x, y, err := b.operands("=", x, y)
	if err != nil {
		return nil, err
	}
	return &NullIf{Op: op, A: x, B: y}, nil
}

// Distinct builds IS DISTINCT FROM, or IS NOT DISTINCT FROM.
func (b *Builder) Distinct(x, y Expr, negated bool) (Expr, error) {
	op, x, y, err := b.operands("=", x, y)
	if err != nil {
		return nil, err
	}
	return &Distinct{Op: op, A: x, B: y, Negated: negated}, nil
}

// Between builds BETWEEN and its variants from the comparisons it stands for.
func (b *Builder) Between(e, lo, hi Expr, negated, symmetric bool) (Expr, error) {
	one := func(lo, hi Expr) (Expr, error) {
		first, second, join := ">=", "<=", b.And
		if negated {
			first, second, join = "<", ">", b.Or
		}
		x, err := b.Op(first, e, lo)
		if err != nil {
			return nil, err
		}
		y, err := b.Op(second, e, hi)
		if err != nil {
			return nil, err
		}
		return join(x, y)
	}
	x, err := one(lo, hi)
	if err != nil || !symmetric {
		return x, err
	}
	y, err := one(hi, lo)
	if err != nil {
		return nil, err
	}
	if negated {
		return b.And(x, y)
	}
	return b.Or(x, y)
}

// In builds IN and NOT IN. Elements that read columns are compared one by one, the others together.
func (b *Builder) In(e Expr, list []Expr, negated bool) (Expr, error) {
	name := "="
	if negated {
		name = "<>"
	}
	var fixed, rest []Expr
	for _, x := range list {
		if HasColumns(x) {
			rest = append(rest, x)
		} else {
			fixed = append(fixed, x)
		}
	}
	var parts []Expr
	if len(fixed) > 1 {
		t, err := b.CommonType("IN", append([]Expr{e}, fixed...))
		if err == nil && coercibleAll(fixed, t.OID) {
			sa, err := b.quantify(name, e, fixed, t, negated)
			if err != nil {
				return nil, err
			}
			parts = append(parts, sa)
		} else {
			rest = list
		}
	} else {
		rest = list
	}
	for _, x := range rest {
		c, err := b.Op(name, e, x)
		if err != nil {
			return nil, err
		}
		parts = append(parts, c)
	}
	if negated {
		return b.And(parts...)
	}
	return b.Or(parts...)
}

func coercibleAll(list []Expr, t OID) bool {
	for _, e := range list {
		if !CanCoerce(e.Type().OID, t, Implicit) {
			return false
		}
	}
	return true
}

func (b *Builder) quantify(name string, e Expr, list []Expr, element datum.Type, all bool) (Expr, error) {
	elements := make([]Expr, len(list))
	for i, x := range list {
		c, err := b.Coerce(x, TypeOf(element.OID), Implicit)
		if err != nil {
			return nil, err
		}
		elements[i] = c
	}
	op, arg, _, err := b.operands(name, e, elements[0])
	if err != nil {
		return nil, err
	}
	if op.Returns() != datum.Bool {
		return nil, pgerr.New(pgerr.WrongObjectType, "op ANY/ALL (array) requires operator to yield boolean")
	}
	for i := range elements {
		if elements[i], err = b.Coerce(elements[i], TypeOf(op.Right), Implicit); err != nil {
			return nil, err
		}
	}
	return &ScalarArray{Op: op, Arg: arg, List: elements, All: all}, nil
}

// Quantified builds "e op ANY (ARRAY[…])", or ALL.
func (b *Builder) Quantified(name string, e Expr, list []Expr, all bool) (Expr, error) {
	if len(list) == 0 {
		return b.Bool(all), nil
	}
	t, err := b.CommonType("ARRAY", list)
	if err != nil {
		return nil, err
	}
	return b.quantify(name, e, list, t, all)
}

// RowCompare builds a comparison of two rows: = and <> from equalities, the ordering ones from the first pair that differs.
func (b *Builder) RowCompare(name string, left, right []Expr) (Expr, error) {
	if name == "!=" {
		name = "<>"
	}
	switch {
	case len(left) != len(right):
		return nil, pgerr.New(pgerr.SyntaxError, "unequal number of entries in row expressions")
	case len(left) == 0:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "cannot compare rows of zero length")
	}
	if name == "=" || name == "<>" {
		var parts []Expr
		for i := range left {
			c, err := b.Op(name, left[i], right[i])
			if err != nil {
				return nil, err
			}
			parts = append(parts, c)
		}
		if name == "=" {
			return b.And(parts...)
		}
		return b.Or(parts...)
	}
	strict, ok := map[string]string{"<": "<", "<=": "<", ">": ">", ">=": ">"}[name]
	if !ok {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "could not determine interpretation of row comparison operator %s", name).
			WithHint("Row comparison operators must be associated with btree operator families.")
	}
	last := len(left) - 1
	out, err := b.Op(name, left[last], right[last])
	if err != nil {
		return nil, err
	}
	for i := last - 1; i >= 0; i-- {
		less, err := b.Op(strict, left[i], right[i])
		if err != nil {
			return nil, err
		}
		equal, err := b.Op("=", left[i], right[i])
		if err != nil {
			return nil, err
		}
		tail, err := b.And(equal, out)
		if err != nil {
			return nil, err
		}
		if out, err = b.Or(less, tail); err != nil {
			return nil, err
		}
	}
	return out, nil
}
