package expr

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// subscriptName and sliceName are the functions behind array[i] and array[i:j]. Nobody can write them.
const (
	subscriptName = "array subscript"
	sliceName     = "array slice"
)

// Subscript builds array[index]. What is outside of the array is NULL.
func (b *Builder) Subscript(array, index Expr) (Expr, error) {
	info, err := b.subscripted(array)
	if err != nil {
		return nil, err
	}
	if index, err = b.index(index); err != nil {
		return nil, err
	}
	fn := &Function{Name: subscriptName, Args: []OID{info.OID, datum.Int4}, Returns: info.Elem, Strict: true, Eval2: func(_ *EvalCtx, a, i Datum) (Datum, error) {
		list, err := a.Array(info.Elem)
		at := i.I - a.ArrayLower()
		if err != nil || at < 0 || at >= int64(len(list)) {
			return datum.NewNull(), err
		}
		return list[at], nil
	}}
	return &Call{Fn: fn, Args: []Expr{array, index}, T: datum.Type{OID: info.Elem, Mod: array.Type().Mod}}, nil
}

// Slice builds array[lower:upper]; a nil bound is the array's own. The result counts from 1.
func (b *Builder) Slice(array, lower, upper Expr) (Expr, error) {
	info, err := b.subscripted(array)
	if err != nil {
		return nil, err
	}
	args := []Expr{array}
	for _, bound := range []Expr{lower, upper} {
		if bound == nil {
			continue
		}
		if bound, err = b.index(bound); err != nil {
			return nil, err
		}
		args = append(args, bound)
	}
	returns := datum.MustLookup(info.Elem).Array
	fn := &Function{Name: sliceName, Args: argTypes(args), Returns: returns, Strict: true, Eval: func(_ *EvalCtx, a []Datum) (Datum, error) {
		list, err := a[0].Array(info.Elem)
		if err != nil {
			return Datum{}, err
		}
		base := a[0].ArrayLower()
		from, to, next := base, base+int64(len(list))-1, 1
		if lower != nil {
			from, next = max(from, a[next].I), next+1
		}
		if upper != nil {
			to = min(to, a[next].I)
		}
		if from > to {
			return datum.NewArray(info.Elem, nil), nil
		}
		return datum.NewArray(info.Elem, list[from-base:to-base+1]), nil
	}}
	return &Call{Fn: fn, Args: args, T: datum.Type{OID: returns, Mod: array.Type().Mod}}, nil
}

func (b *Builder) subscripted(array Expr) (*datum.TypeInfo, error) {
	info := datum.Lookup(array.Type().OID)
	if info == nil || info.Elem == 0 {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", TypeName(array.Type().OID))
	}
	return info, nil
}

func (b *Builder) index(e Expr) (Expr, error) {
	if !CanCoerce(e.Type().OID, datum.Int4, Assignment) {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "array subscript must have type integer")
	}
	return b.Coerce(e, TypeOf(datum.Int4), Assignment)
}
