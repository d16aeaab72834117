package expr

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// QuantifiedArray builds "e op ANY (array)", or ALL, for an array value. A literal or a parameter of unknown type becomes an array
// of e's type. A constant array is taken apart, so that the planner sees its elements.
func (b *Builder) QuantifiedArray(name string, e, array Expr, all bool) (Expr, error) {
	if array.Type().OID == datum.Unknown {
		element := datum.MustLookup(datum.Text)
		if info := datum.Lookup(e.Type().OID); info != nil && info.Array != 0 {
			element = info
		}
		if element.OID == datum.Varchar {
			element = datum.MustLookup(datum.Text)
		}
		var err error
		if array, err = b.Coerce(array, TypeOf(element.Array), Implicit); err != nil {
			return nil, err
		}
	}
	info := datum.Lookup(array.Type().OID)
	if info == nil || info.Elem == 0 {
		return nil, pgerr.New(pgerr.WrongObjectType, "op ANY/ALL (array) requires array on right side")
	}
	if c, ok := array.(*Const); ok && !c.D.Null {
		list, err := c.D.Array(info.Elem)
		if err != nil {
			return nil, err
		}
		elements := make([]Expr, len(list))
		for i, d := range list {
			elements[i] = &Const{D: d, T: TypeOf(info.Elem), Pos: c.Pos}
		}
		if len(elements) == 0 {
			return b.Bool(all), nil
		}
		return b.quantify(name, e, elements, TypeOf(info.Elem), all)
	}
	op, arg, element, err := b.operands(name, e, &CaseTest{T: TypeOf(info.Elem)})
	if err != nil {
		return nil, err
	}
	if op.Returns() != datum.Bool {
		return nil, pgerr.New(pgerr.WrongObjectType, "op ANY/ALL (array) requires operator to yield boolean")
	}
	if cast, ok := element.(*Cast); ok && cast.Method != CastRelabel {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "cannot compare %s with the elements of %s", TypeName(e.Type().OID), info.SQLName).
			WithHint("Cast the left side to %s.", TypeName(info.Elem))
	}
	return &ScalarArray{Op: op, Arg: arg, Array: array, All: all}, nil
}

// Array builds ARRAY[…]. The elements must be constants or parameters of a common type once simplified; the value is made when
// it is evaluated.
func (b *Builder) Array(list []Expr) (Expr, error) {
	if len(list) == 0 {
		return nil, pgerr.New(pgerr.IndeterminateDatatype, "cannot determine type of empty array").
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
	}
	list, t, err := b.Unify("ARRAY", list)
	if err != nil {
		return nil, err
	}
	element := datum.MustLookup(t.OID)
	if element.Array == 0 {
		return nil, pgerr.New(pgerr.UndefinedObject, "could not find array type for data type %s", element.SQLName)
	}
	fn := &Function{Name: "array", Args: argTypes(list), Returns: element.Array, Eval: func(_ *EvalCtx, args []Datum) (Datum, error) {
		return datum.NewArray(element.OID, args), nil
	}}
	return &Call{Fn: fn, Args: list, T: TypeOf(element.Array)}, nil
}
