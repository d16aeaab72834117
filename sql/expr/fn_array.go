package expr

import (
	"strings"

	"github.com/quiredb/quire/core/datum"
)

// registerArray adds the functions over arrays, once for each array type.
func registerArray(r *Registry) {
	for _, t := range datum.Types() {
		if t.Elem == 0 {
			continue
		}
		// bound declares a function of the array's length; dimensions other than the first, and empty arrays, have none.
		bound := func(name string, f func(n int) int64) *Function {
			return fn2(name, t.OID, datum.Int4, datum.Int4, Immutable, func(_ *EvalCtx, a, dimension Datum) (Datum, error) {
				list, err := a.Array(t.Elem)
				if err != nil || dimension.I != 1 || len(list) == 0 {
					return datum.NewNull(), err
				}
				return datum.NewInt(f(len(list))), nil
			})
		}
		join := func(ctx *EvalCtx, args []Datum) (Datum, error) { return arrayToString(ctx, t.Elem, args) }
		r.Register(
			bound("array_length", func(n int) int64 { return int64(n) }),
			bound("array_upper", func(n int) int64 { return int64(n) }),
			bound("array_lower", func(int) int64 { return 1 }),
			fn1("cardinality", t.OID, datum.Int4, Immutable, func(_ *EvalCtx, a Datum) (Datum, error) {
				list, err := a.Array(t.Elem)
				return datum.NewInt(int64(len(list))), err
			}),
			&Function{Name: "array_to_string", Args: []OID{t.OID, text}, Returns: text, Strict: true, Volatility: Stable, Eval: join},
			&Function{Name: "array_to_string", Args: []OID{t.OID, text, text}, Returns: text, Volatility: Stable, Eval: join},
		)
	}
}

// arrayToString joins the elements; nulls are left out, or stand as the third argument says.
func arrayToString(ctx *EvalCtx, element OID, args []Datum) (Datum, error) {
	if args[0].Null || args[1].Null {
		return datum.NewNull(), nil
	}
	list, err := args[0].Array(element)
	if err != nil {
		return Datum{}, err
	}
	var parts []string
	for _, d := range list {
		switch {
		case !d.Null:
			parts = append(parts, outputText(ctx, element, d))
		case len(args) == 3 && !args[2].Null:
			parts = append(parts, args[2].S)
		}
	}
	return datum.NewText(strings.Join(parts, args[1].S)), nil
}
