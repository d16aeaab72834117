package expr

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// elementOf is the type of an array's elements, 0 for a type that is not an array.
func elementOf(t OID) OID {
	if info := datum.Lookup(t); info != nil {
		return info.Elem
	}
	return 0
}

// arrayCast makes the function that casts an array by casting its elements, which CanCoerce has allowed.
func arrayCast(from, to OID) *Function {
	a, b := elementOf(from), elementOf(to)
	fn := &Function{Name: datum.MustLookup(to).Name, Args: []OID{from}, Returns: to, Strict: true}
	var element func(ctx *EvalCtx, d Datum) (Datum, error)
	entry, ok := castTable[[2]OID{a, b}]
	switch {
	case a == b || ok && entry.fn == nil:
		element = func(_ *EvalCtx, d Datum) (Datum, error) { return d, nil }
	case ok:
		fn.Volatility, element = entry.fn.Volatility, entry.fn.Eval1
	default:
		fn.Volatility = max(ioVolatility(a), ioVolatility(b))
		element = func(ctx *EvalCtx, d Datum) (Datum, error) {
			return datum.MustLookup(b).ParseTextIn(ctx.Env, outputText(ctx, a, d), -1)
		}
	}
	fn.Eval1 = func(ctx *EvalCtx, d Datum) (Datum, error) {
		list, err := d.Array(a)
		if err != nil {
			return Datum{}, err
		}
		for i := range list {
			if list[i].Null && isVector(to) {
				return Datum{}, pgerr.New(pgerr.NullValueNotAllowed, "array must not contain nulls")
			}
			if list[i].Null {
				continue
			}
			if list[i], err = element(ctx, list[i]); err != nil {
				return Datum{}, err
			}
		}
		if isVector(to) {
			return datum.NewVector(b, list), nil
		}
		return datum.NewArrayFrom(b, d.ArrayLower(), list)
	}
	return fn
}

// isVector reports whether the arrays of a type count from 0.
func isVector(t OID) bool { return t == datum.Int2Vector || t == datum.OIDVector }
