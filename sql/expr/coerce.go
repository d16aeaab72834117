package expr

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// Cast is the explicit cast.
func (b *Builder) Cast(e Expr, t datum.Type) (Expr, error) { return b.Coerce(e, t, Explicit) }

// Coerce converts e to a type and its modifier. The error is 42846 if there is no such cast on this occasion, or that of
// reading a literal.
func (b *Builder) Coerce(e Expr, t datum.Type, when Coercion) (Expr, error) {
	e, err := b.coerceType(e, t, when)
	if err != nil {
		return nil, err
	}
	return b.coerceModifier(e, t, when)
}

func (b *Builder) coerceType(e Expr, t datum.Type, when Coercion) (Expr, error) {
	e = b.fresh(e)
	from := e.Type().OID
	if from == t.OID {
		return e, nil
	}
	if from == datum.Unknown {
		switch n := e.(type) {
		case *Const:
			return b.readLiteral(n, t.OID)
		case *Param:
			return b.typeParam(n, TypeOf(t.OID))
		}
		return &Cast{Arg: e, T: TypeOf(t.OID), Method: CastIO, Explicit: when == Explicit}, nil
	}
	if c, ok := castTable[[2]OID{from, t.OID}]; ok && c.when <= when {
		method := CastRelabel
		if c.fn != nil {
			method = CastFunc
		}
		return &Cast{Arg: e, T: TypeOf(t.OID), Method: method, Fn: c.fn, Explicit: when == Explicit}, nil
	}
	if elementOf(from) != 0 && elementOf(t.OID) != 0 && CanCoerce(from, t.OID, when) {
		return &Cast{Arg: e, T: TypeOf(t.OID), Method: CastFunc, Fn: arrayCast(from, t.OID), Explicit: when == Explicit}, nil
	}
	if ioCastAllowed(from, t.OID, when) {
		return &Cast{Arg: e, T: TypeOf(t.OID), Method: CastIO, Explicit: when == Explicit}, nil
	}
	return nil, pgerr.New(pgerr.CannotCoerce, "cannot cast type %s to %s", TypeName(from), TypeName(t.OID))
}

func (b *Builder) readLiteral(c *Const, t OID) (Expr, error) {
	if c.D.Null {
		return &Const{D: c.D, T: TypeOf(t), Pos: c.Pos}, nil
	}
	info := datum.Lookup(t)
	if info == nil {
		return nil, pgerr.New(pgerr.CannotCoerce, "cannot cast type unknown to %s", TypeName(t)).At(c.Pos)
	}
	d, err := info.ParseTextIn(b.Env, c.D.S, -1)
	if err != nil {
		return nil, pgerr.From(err).At(c.Pos)
	}
	return &Const{D: d, T: TypeOf(t), Pos: c.Pos}, nil
}

func (b *Builder) coerceModifier(e Expr, t datum.Type, when Coercion) (Expr, error) {
	have := e.Type()
	if t.Mod <= 0 || have == t {
		return e, nil
	}
	if c, ok := e.(*Const); ok {
		// One that does not fit is an error of the statement's run, without a place in its text, as in PostgreSQL.
		if d, err := datum.MustLookup(t.OID).FitModifier(c.D, t.Mod, when == Explicit); err == nil {
			return &Const{D: d, T: t, Pos: c.Pos}, nil
		}
	}
	if p, ok := e.(*Param); ok && b.Params != nil {
		b.Params.Fitted = append(b.Params.Fitted, Fitted{Index: p.Index, Type: t, Explicit: when == Explicit})
	}
	return &Cast{Arg: e, T: t, Method: CastModifier, Explicit: when == Explicit}, nil
}

// Assign converts e for storing it in a column of type t.
func (b *Builder) Assign(e Expr, t datum.Type, column string) (Expr, error) {
	from := e.Type().OID
	if !CanCoerce(from, t.OID, Assignment) {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "column \"%s\" is of type %s but expression is of type %s", column,
			TypeName(t.OID), TypeName(from)).WithHint("You will need to rewrite or cast the expression.")
	}
	return b.Coerce(e, t, Assignment)
}

// Boolean makes e a condition. construct is the word for the message, such as WHERE.
func (b *Builder) Boolean(e Expr, construct string) (Expr, error) {
	from := e.Type().OID
	if !CanCoerce(from, datum.Bool, Assignment) {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "argument of %s must be type boolean, not type %s", construct, TypeName(from))
	}
	return b.Coerce(e, boolType, Assignment)
}

// Integer makes e a bigint, for LIMIT and OFFSET.
func (b *Builder) Integer(e Expr, construct string) (Expr, error) {
	from := e.Type().OID
	if !CanCoerce(from, datum.Int8, Assignment) {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "argument of %s must be type bigint, not type %s", construct, TypeName(from))
	}
	return b.Coerce(e, TypeOf(datum.Int8), Assignment)
}

// Resolve turns an expression whose type is still unknown into text, as an output column must be (X2).
func (b *Builder) Resolve(e Expr) (Expr, error) {
	if e.Type().OID != datum.Unknown {
		return e, nil
	}
	return b.Coerce(e, TypeOf(datum.Text), Implicit)
}

// CommonType finds the type that all expressions can have, by the rules for UNION and CASE. construct is the word for the
// message.
func (b *Builder) CommonType(construct string, list []Expr) (datum.Type, error) {
	list = b.freshAll(list)
	first := list[0].Type()
	same := first.OID != datum.Unknown
	for _, e := range list[1:] {
		t := e.Type()
		same = same && t.OID == first.OID
		if t.Mod != first.Mod {
			first.Mod = -1
		}
	}
	if same {
		return first, nil
	}
	p := list[0].Type().OID
	for _, e := range list[1:] {
		n := e.Type().OID
		switch {
		case n == datum.Unknown || n == p:
		case p == datum.Unknown:
			p = n
		case category(n) != category(p):
			return datum.Type{}, pgerr.New(pgerr.DatatypeMismatch, "%s types %s and %s cannot be matched", construct, TypeName(p), TypeName(n))
		case !isPreferred(p) && CanCoerce(p, n, Implicit) && !CanCoerce(n, p, Implicit):
			p = n
		}
	}
	if p == datum.Unknown {
		p = datum.Text
	}
	return TypeOf(p), nil
}

// Unify coerces all expressions to their common type.
func (b *Builder) Unify(construct string, list []Expr) ([]Expr, datum.Type, error) {
	t, err := b.CommonType(construct, list)
	if err != nil {
		return nil, t, err
	}
	out := make([]Expr, len(list))
	for i, e := range b.freshAll(list) {
		if !CanCoerce(e.Type().OID, t.OID, Implicit) {
			return nil, t, pgerr.New(pgerr.CannotCoerce, "%s could not convert type %s to %s", construct, TypeName(e.Type().OID), TypeName(t.OID))
		}
		if out[i], err = b.Coerce(e, TypeOf(t.OID), Implicit); err != nil {
			return nil, t, err
		}
	}
	return out, t, nil
}
