package expr

// Filter decides about a row; null counts as false.
type Filter func(ctx *EvalCtx, row []Datum) (bool, error)

// CompileFilter compiles a condition. A conjunction stops at the first part that is not true.
func CompileFilter(e Expr) Filter { return CompileFilters(Conjuncts(e)) }

// CompileFilters compiles a list of conditions that must all be true; an empty one lets every row pass.
func CompileFilters(list []Expr) Filter {
	parts := CompileAll(list)
	switch len(parts) {
	case 0:
		return func(*EvalCtx, []Datum) (bool, error) { return true, nil }
	case 1:
		only := parts[0]
		return func(ctx *EvalCtx, row []Datum) (bool, error) {
			d, err := only(ctx, row)
			return d.I != 0 && !d.Null, err
		}
	}
	return func(ctx *EvalCtx, row []Datum) (bool, error) {
		for _, part := range parts {
			d, err := part(ctx, row)
			if err != nil || d.Null || d.I == 0 {
				return false, err
			}
		}
		return true, nil
	}
}
