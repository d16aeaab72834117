package expr

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/ordkey"
)

// compileOperator compiles an operator. Comparisons of integers and texts, above all of a column with a constant, have
// closures of their own: they are what filters spend their time in.
func compileOperator(e *OpExpr) Eval {
	if len(e.Args) == 2 && e.Op.Compare != nil {
		if f := compileComparison(e); f != nil {
			return f
		}
	}
	if f := compilePattern(e); f != nil {
		return f
	}
	return compileCall(e.Op.Fn, e.Args)
}

// comparesAs says whether values of the operand types order as plain integers or as plain strings.
func comparesAs(op *Operator) (ints, texts bool) {
	rule := ordkey.RuleOf(uint32(op.Left))
	if rule != ordkey.RuleOf(uint32(op.Right)) || rule == ordkey.Signed && op.Left != op.Right && !(isInteger(op.Left) && isInteger(op.Right)) {
		return false, false
	}
	return rule == ordkey.Signed, rule == ordkey.Text
}

func isInteger(t OID) bool { return t == datum.Int2 || t == datum.Int4 || t == datum.Int8 }

func compileComparison(e *OpExpr) Eval {
	ints, texts := comparesAs(e.Op)
	if !ints && !texts {
		return nil
	}
	column, isColumn := e.Args[0].(*ColumnRef)
	constant, isConst := e.Args[1].(*Const)
	switch {
	case isColumn && isConst && !constant.D.Null && ints:
		return intColumnConst(e.Op.Name, column.Index, constant.D.I)
	case isColumn && isConst && !constant.D.Null && texts:
		return textColumnConst(e.Op.Name, column.Index, constant.D.S)
	}
	left, right := Compile(e.Args[0]), Compile(e.Args[1])
	if ints {
		return intCompare(e.Op.Name, left, right)
	}
	return nil
}

func intColumnConst(op string, i int, k int64) Eval {
	switch op {
	case "=":
		return func(_ *EvalCtx, row []Datum) (Datum, error) {
			d := &row[i]
			return Datum{I: b2i(d.I == k && !d.Null), Null: d.Null}, nil
		}
	case "<>":
		return func(_ *EvalCtx, row []Datum) (Datum, error) {
			d := &row[i]
			return Datum{I: b2i(d.I != k && !d.Null), Null: d.Null}, nil
		}
	case "<":
		return func(_ *EvalCtx, row []Datum) (Datum, error) {
			d := &row[i]
			return Datum{I: b2i(d.I < k && !d.Null), Null: d.Null}, nil
		}
	case "<=":
		return func(_ *EvalCtx, row []Datum) (Datum, error) {
			d := &row[i]
			return Datum{I: b2i(d.I <= k && !d.Null), Null: d.Null}, nil
		}
	case ">":
		return func(_ *EvalCtx, row []Datum) (Datum, error) {
			d := &row[i]
			return Datum{I: b2i(d.I > k && !d.Null), Null: d.Null}, nil
		}
	case ">=":
		return func(_ *EvalCtx, row []Datum) (Datum, error) {
			d := &row[i]
			return Datum{I: b2i(d.I >= k && !d.Null), Null: d.Null}, nil
		}
	}
	return nil
}

func textColumnConst(op string, i int, k string) Eval {
	switch op {
	case "=":
		return func(_ *EvalCtx, row []Datum) (Datum, error) {
			d := &row[i]
			return Datum{I: b2i(d.S == k && !d.Null), Null: d.Null}, nil
		}
	case "<>":
		return func(_ *EvalCtx, row []Datum) (Datum, error) {
			d := &row[i]
			return Datum{I: b2i(d.S != k && !d.Null), Null: d.Null}, nil
		}
	}
	test := orderTest(op)
	return func(_ *EvalCtx, row []Datum) (Datum, error) {
		d := &row[i]
		if d.Null {
			return Datum{Null: true}, nil
		}
		return datum.NewBool(test(ordkey.CompareText(d.S, k))), nil
	}
}

// orderTest returns what a comparison operator makes of the sign of a comparison.
func orderTest(op string) func(c int) bool {
	switch op {
	case "=":
		return func(c int) bool { return c == 0 }
	case "<>":
		return func(c int) bool { return c != 0 }
	case "<":
		return func(c int) bool { return c < 0 }
	case "<=":
		return func(c int) bool { return c <= 0 }
	case ">":
		return func(c int) bool { return c > 0 }
	}
	return func(c int) bool { return c >= 0 }
}

func intCompare(op string, left, right Eval) Eval {
	both := func(test func(a, b int64) bool) Eval {
		return func(ctx *EvalCtx, row []Datum) (Datum, error) {
			a, err := left(ctx, row)
			if err != nil || a.Null {
				return a, err
			}
			b, err := right(ctx, row)
			if err != nil || b.Null {
				return b, err
			}
			return Datum{I: b2i(test(a.I, b.I))}, nil
		}
	}
	switch op {
	case "=":
		return both(func(a, b int64) bool { return a == b })
	case "<>":
		return both(func(a, b int64) bool { return a != b })
	case "<":
		return both(func(a, b int64) bool { return a < b })
	case "<=":
		return both(func(a, b int64) bool { return a <= b })
	case ">":
		return both(func(a, b int64) bool { return a > b })
	}
	return both(func(a, b int64) bool { return a >= b })
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
