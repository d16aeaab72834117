package expr

import "github.com/quiredb/quire/core/datum"

func compileAnd(list []Expr) Eval {
	args := CompileAll(list)
	return func(ctx *EvalCtx, row []Datum) (Datum, error) {
		null := false
		for _, arg := range args {
			d, err := arg(ctx, row)
			switch {
			case err != nil:
				return d, err
			case d.Null:
				null = true
			case d.I == 0:
				return d, nil
			}
		}
		if null {
			return Datum{Null: true}, nil
		}
		return Datum{I: 1}, nil
	}
}

func compileOr(list []Expr) Eval {
	args := CompileAll(list)
	return func(ctx *EvalCtx, row []Datum) (Datum, error) {
		null := false
		for _, arg := range args {
			d, err := arg(ctx, row)
			switch {
			case err != nil:
				return d, err
			case d.Null:
				null = true
			case d.I != 0:
				return d, nil
			}
		}
		if null {
			return Datum{Null: true}, nil
		}
		return Datum{}, nil
	}
}

func compileTest(e *BooleanTest) Eval {
	arg := Compile(e.Arg)
	var test func(d Datum) bool
	switch e.Kind {
	case IsTrue:
		test = func(d Datum) bool { return !d.Null && d.I != 0 }
	case IsNotTrue:
		test = func(d Datum) bool { return d.Null || d.I == 0 }
	case IsFalse:
		test = func(d Datum) bool { return !d.Null && d.I == 0 }
	case IsNotFalse:
		test = func(d Datum) bool { return d.Null || d.I != 0 }
	case IsUnknown:
		test = func(d Datum) bool { return d.Null }
	default:
		test = func(d Datum) bool { return !d.Null }
	}
	return func(ctx *EvalCtx, row []Datum) (Datum, error) {
		d, err := arg(ctx, row)
		return datum.NewBool(test(d)), err
	}
}

func compileCase(e *Case) Eval {
	conds, results := make([]Eval, len(e.Whens)), make([]Eval, len(e.Whens))
	for i, w := range e.Whens {
		conds[i], results[i] = Compile(w.Cond), Compile(w.Result)
	}
	otherwise := Compile(e.Else)
	// choose finds the arm; the operand is off the stack again when the arm's result is computed.
	choose := func(ctx *EvalCtx, row []Datum) (Eval, error) {
		for i, cond := range conds {
			d, err := cond(ctx, row)
			if err != nil {
				return nil, err
			}
			if !d.Null && d.I != 0 {
				return results[i], nil
			}
		}
		return otherwise, nil
	}
	if e.Operand == nil {
		return func(ctx *EvalCtx, row []Datum) (Datum, error) {
			arm, err := choose(ctx, row)
			if err != nil {
				return Datum{}, err
			}
			return arm(ctx, row)
		}
	}
	operand := Compile(e.Operand)
	return func(ctx *EvalCtx, row []Datum) (Datum, error) {
		d, err := operand(ctx, row)
		if err != nil {
			return d, err
		}
		ctx.caseVals = append(ctx.caseVals, d)
		arm, err := choose(ctx, row)
		ctx.caseVals = ctx.caseVals[:len(ctx.caseVals)-1]
		if err != nil {
			return Datum{}, err
		}
		return arm(ctx, row)
	}
}

func compileCoalesce(e *Coalesce) Eval {
	args := CompileAll(e.Args)
	return func(ctx *EvalCtx, row []Datum) (Datum, error) {
		for _, arg := range args {
			d, err := arg(ctx, row)
			if err != nil || !d.Null {
				return d, err
			}
		}
		return Datum{Null: true}, nil
	}
}

func compileNullIf(e *NullIf) Eval {
	a, b, equal := Compile(e.A), Compile(e.B), e.Op.Fn.Eval2
	return func(ctx *EvalCtx, row []Datum) (Datum, error) {
		x, err := a(ctx, row)
		if err != nil || x.Null {
			return x, err
		}
		y, err := b(ctx, row)
		if err != nil || y.Null {
			return x, err
		}
		same, err := equal(ctx, x, y)
		if err == nil && !same.Null && same.I != 0 {
			return Datum{Null: true}, nil
		}
		return x, err
	}
}

func compileMinMax(e *MinMax) Eval {
	args, info, sign := CompileAll(e.Args), datum.MustLookup(e.T.OID), -1
	if e.Greatest {
		sign = 1
	}
	return func(ctx *EvalCtx, row []Datum) (Datum, error) {
		best := Datum{Null: true}
		for _, arg := range args {
			d, err := arg(ctx, row)
			if err != nil {
				return d, err
			}
			if !d.Null && (best.Null || info.Compare(d, best)*sign > 0) {
				best = d
			}
		}
		return best, nil
	}
}

func compileDistinct(e *Distinct) Eval {
	a, b, equal, negated := Compile(e.A), Compile(e.B), e.Op.Fn.Eval2, e.Negated
	return func(ctx *EvalCtx, row []Datum) (Datum, error) {
		x, err := a(ctx, row)
		if err != nil {
			return x, err
		}
		y, err := b(ctx, row)
		if err != nil {
			return y, err
		}
		if x.Null || y.Null {
			return datum.NewBool((x.Null != y.Null) != negated), nil
		}
		same, err := equal(ctx, x, y)
		return datum.NewBool((same.I == 0) != negated), err
	}
}
