package expr

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// registerArray adds the functions over arrays, once for each array type.
func registerArray(r *Registry) {
	for _, t := range datum.Types() {
		if t.Elem == 0 {
			continue
		}
		// bound declares a function of the array's length; dimensions other than the first, and empty arrays, have none.
		bound := func(name string, f func(lower, n int64) int64) *Function {
			return fn2(name, t.OID, datum.Int4, datum.Int4, Immutable, func(_ *EvalCtx, a, dimension Datum) (Datum, error) {
				list, err := a.Array(t.Elem)
				if err != nil || dimension.I != 1 || len(list) == 0 {
					return datum.NewNull(), err
				}
				return datum.NewInt(f(a.ArrayLower(), int64(len(list)))), nil
			})
		}
		join := func(ctx *EvalCtx, args []Datum) (Datum, error) { return arrayToString(ctx, t.Elem, args) }
		r.Register(
			bound("array_length", func(_, n int64) int64 { return n }),
			bound("array_upper", func(lower, n int64) int64 { return lower + n - 1 }),
			bound("array_lower", func(lower, _ int64) int64 { return lower }),
			fn1("cardinality", t.OID, datum.Int4, Immutable, func(_ *EvalCtx, a Datum) (Datum, error) {
				list, err := a.Array(t.Elem)
				return datum.NewInt(int64(len(list))), err
			}),
			fn1("array_ndims", t.OID, datum.Int4, Immutable, func(_ *EvalCtx, a Datum) (Datum, error) {
				list, err := a.Array(t.Elem)
				if err != nil || len(list) == 0 {
					return datum.NewNull(), err
				}
				return datum.NewInt(1), nil
			}),
			fn1("array_dims", t.OID, text, Immutable, func(_ *EvalCtx, a Datum) (Datum, error) {
				list, err := a.Array(t.Elem)
				if err != nil || len(list) == 0 {
					return datum.NewNull(), err
				}
				lower := a.ArrayLower()
				return datum.NewText("[" + strconv.FormatInt(lower, 10) + ":" + strconv.FormatInt(lower+int64(len(list))-1, 10) + "]"), nil
			}),
			&Function{Name: "array_to_string", Args: []OID{t.OID, text}, Returns: text, Strict: true, Volatility: Stable, Eval: join},
			&Function{Name: "array_to_string", Args: []OID{t.OID, text, text}, Returns: text, Volatility: Stable, Eval: join},
		)
		if isVector(t.OID) || datum.MustLookup(t.Elem).Elem != 0 {
			continue
		}
		registerArrayEdit(r, t)
		if r.FindOperator("=", t.Elem, t.Elem) != nil || t.Elem == datum.Varchar {
			registerArraySearch(r, t)
		}
	}
}

// registerArrayEdit adds what makes longer arrays. A null array counts as an empty one.
func registerArrayEdit(r *Registry, t *datum.TypeInfo) {
	elements := func(d Datum) ([]Datum, error) {
		if d.Null {
			return nil, nil
		}
		return d.Array(t.Elem)
	}
	appendOne := func(_ *EvalCtx, a, e Datum) (Datum, error) {
		list, err := elements(a)
		if err != nil {
			return Datum{}, err
		}
		return datum.NewArrayFrom(t.Elem, a.ArrayLower(), append(list, e))
	}
	prepend := func(_ *EvalCtx, e, a Datum) (Datum, error) {
		list, err := elements(a)
		if err != nil {
			return Datum{}, err
		}
		if len(list) > 0 && a.ArrayLower() == math.MinInt32 { // the new element is numbered before all count again from there
			return Datum{}, pgerr.New(pgerr.NumericValueOutOfRange, "integer out of range")
		}
		return datum.NewArrayFrom(t.Elem, a.ArrayLower(), append([]Datum{e}, list...))
	}
	concat := func(_ *EvalCtx, a, b Datum) (Datum, error) {
		if a.Null || b.Null {
			if a.Null {
				a = b
			}
			return a, nil
		}
		x, err := elements(a)
		if err != nil {
			return Datum{}, err
		}
		y, err := elements(b)
		if err != nil || len(x) == 0 {
			return b, err
		}
		return datum.NewArrayFrom(t.Elem, a.ArrayLower(), append(x, y...))
	}
	for _, f := range []struct {
		name string
		args [2]OID
		eval func(*EvalCtx, Datum, Datum) (Datum, error)
	}{{"array_append", [2]OID{t.OID, t.Elem}, appendOne}, {"array_prepend", [2]OID{t.Elem, t.OID}, prepend}, {"array_cat", [2]OID{t.OID, t.OID}, concat}} {
		fn := &Function{Name: f.name, Args: f.args[:], Returns: t.OID, Eval2: f.eval}
		r.Register(fn)
		r.RegisterOperator(&Operator{Name: "||", Left: f.args[0], Right: f.args[1], Fn: fn})
	}
}

// registerArraySearch adds what compares elements.
func registerArraySearch(r *Registry, t *datum.TypeInfo) {
	info := datum.MustLookup(t.Elem)
	same := func(a, b Datum) bool { return a.Null && b.Null || !a.Null && !b.Null && info.Compare(a, b) == 0 }
	position := func(_ *EvalCtx, a []Datum) (Datum, error) {
		if a[0].Null {
			return datum.NewNull(), nil
		}
		list, err := a[0].Array(t.Elem)
		if err != nil {
			return Datum{}, err
		}
		lower := a[0].ArrayLower()
		from := lower
		if len(a) == 3 {
			if a[2].Null {
				return Datum{}, pgerr.New(pgerr.NullValueNotAllowed, "initial position must not be null")
			}
			from = max(a[2].I, lower)
		}
		for i := from - lower; i < int64(len(list)); i++ {
			if same(list[i], a[1]) {
				return datum.NewInt(i + lower), nil
			}
		}
		return datum.NewNull(), nil
	}
	filter := func(f func(list []Datum, a []Datum) []Datum) func(*EvalCtx, []Datum) (Datum, error) {
		return func(_ *EvalCtx, a []Datum) (Datum, error) {
			if a[0].Null {
				return a[0], nil
			}
			list, err := a[0].Array(t.Elem)
			if err != nil {
				return Datum{}, err
			}
			return datum.NewArrayFrom(t.Elem, a[0].ArrayLower(), f(list, a))
		}
	}
	positions := func(_ *EvalCtx, a []Datum) (Datum, error) {
		if a[0].Null {
			return a[0], nil
		}
		list, err := a[0].Array(t.Elem)
		var out []Datum
		for i := range list {
			if same(list[i], a[1]) {
				out = append(out, datum.NewInt(int64(i)+a[0].ArrayLower()))
			}
		}
		return datum.NewArray(datum.Int4, out), err
	}
	r.Register(
		&Function{Name: "array_position", Args: []OID{t.OID, t.Elem}, Returns: datum.Int4, Eval: position},
		&Function{Name: "array_position", Args: []OID{t.OID, t.Elem, datum.Int4}, Returns: datum.Int4, Eval: position},
		&Function{Name: "array_positions", Args: []OID{t.OID, t.Elem}, Returns: datum.MustLookup(datum.Int4).Array, Eval: positions},
		&Function{Name: "array_remove", Args: []OID{t.OID, t.Elem}, Returns: t.OID, Eval: filter(func(list, a []Datum) []Datum {
			return slices.DeleteFunc(list, func(d Datum) bool { return same(d, a[1]) })
		})},
		&Function{Name: "array_replace", Args: []OID{t.OID, t.Elem, t.Elem}, Returns: t.OID, Eval: filter(func(list, a []Datum) []Datum {
			for i := range list {
				if same(list[i], a[1]) {
					list[i] = a[2]
				}
			}
			return list
		})},
	)
	// Nulls are equal to nothing here.
	within := func(a, b []Datum) bool {
		for _, d := range a {
			if d.Null || !slices.ContainsFunc(b, func(x Datum) bool { return !x.Null && same(d, x) }) {
				return false
			}
		}
		return true
	}
	compare := func(name, commutator string, test func(a, b []Datum) bool) {
		r.op2(name, t.OID, t.OID, datum.Bool, Immutable, func(_ *EvalCtx, a, b Datum) (Datum, error) {
			x, err := a.Array(t.Elem)
			if err != nil {
				return Datum{}, err
			}
			y, err := b.Array(t.Elem)
			return datum.NewBool(test(x, y)), err
		}).Commutator = commutator
	}
	compare("@>", "<@", func(a, b []Datum) bool { return within(b, a) })
	compare("<@", "@>", within)
	compare("&&", "&&", func(a, b []Datum) bool {
		return slices.ContainsFunc(a, func(d Datum) bool { return within([]Datum{d}, b) })
	})
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
