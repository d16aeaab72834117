package expr

import (
	"github.com/quiredb/quire/core/datum"
)

// hashThreshold is the length from which a list of constants is searched through a hash table.
const hashThreshold = 9

func compileScalarArray(e *ScalarArray) Eval {
	if e.Array != nil {
		return compileArrayArg(e)
	}
	if f := compileHashedList(e); f != nil {
		return f
	}
	arg, list, test, all := Compile(e.Arg), CompileAll(e.List), e.Op.Fn.Eval2, e.All
	return func(ctx *EvalCtx, row []Datum) (Datum, error) {
		a, err := arg(ctx, row)
		if err != nil || a.Null {
			return a, err
		}
		null := false
		for _, element := range list {
			b, err := element(ctx, row)
			if err != nil {
				return b, err
			}
			if b.Null {
				null = true
				continue
			}
			d, err := test(ctx, a, b)
			switch {
			case err != nil:
				return d, err
			case d.Null:
				null = true
			case (d.I != 0) != all: // ANY found a hit, or ALL a miss
				return datum.NewBool(!all), nil
			}
		}
		if null {
			return Datum{Null: true}, nil
		}
		return datum.NewBool(all), nil
	}
}

// compileHashedList handles x IN (constants) and x NOT IN (constants) for long lists.
func compileHashedList(e *ScalarArray) Eval {
	in := e.Op.Name == "=" && !e.All
	if !in && !(e.Op.Name == "<>" && e.All) || len(e.List) < hashThreshold || e.Op.Compare == nil {
		return nil
	}
	compare, info := e.Op.Compare, datum.Lookup(e.Op.Right)
	if left := datum.Lookup(e.Op.Left); info == nil || left == nil || e.Op.Left != e.Op.Right && !(left.IsInteger() && info.IsInteger()) {
		return nil
	}
	table, hasNull := map[uint64][]Datum{}, false
	for _, element := range e.List {
		c, ok := element.(*Const)
		if !ok {
			return nil
		}
		if c.D.Null {
			hasNull = true
			continue
		}
		h := info.Hash(c.D)
		table[h] = append(table[h], c.D)
	}
	arg := Compile(e.Arg)
	return func(ctx *EvalCtx, row []Datum) (Datum, error) {
		a, err := arg(ctx, row)
		if err != nil || a.Null {
			return a, err
		}
		for _, b := range table[info.Hash(a)] {
			if compare(a, b) == 0 {
				return datum.NewBool(in), nil
			}
		}
		if hasNull {
			return Datum{Null: true}, nil
		}
		return datum.NewBool(!in), nil
	}
}

// compileArrayArg compares with the elements of an array value, a parameter for instance.
func compileArrayArg(e *ScalarArray) Eval {
	arg, array, test, all := Compile(e.Arg), Compile(e.Array), e.Op.Fn.Eval2, e.All
	element := datum.MustLookup(e.Array.Type().OID).Elem
	return func(ctx *EvalCtx, row []Datum) (Datum, error) {
		value, err := array(ctx, row)
		if err != nil || value.Null {
			return value, err
		}
		list, err := value.Array(element)
		if err != nil || len(list) == 0 {
			return datum.NewBool(all), err
		}
		a, err := arg(ctx, row)
		if err != nil || a.Null {
			return a, err
		}
		null := false
		for _, b := range list {
			if b.Null {
				null = true
				continue
			}
			d, err := test(ctx, a, b)
			if err != nil {
				return d, err
			}
			if (d.I != 0) != all {
				return datum.NewBool(!all), nil
			}
		}
		if null {
			return Datum{Null: true}, nil
		}
		return datum.NewBool(all), nil
	}
}
