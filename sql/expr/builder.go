package expr

import (
	"math"
	"strconv"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// Params are the types of a statement's parameters: given by the client, or inferred from where each first occurs.
type Params struct {
	// Types holds a type for each parameter seen, 0 while it is not known.
	Types []OID
	// Fixed means that there are no more parameters than Types, as in a statement of the simple protocol.
	Fixed bool
	// Fitted are the parameters whose values get a modifier, which is done for each row; that of a constant is done once, and before
	// anything runs.
	Fitted []Fitted
}

// Fitted is a modifier that a parameter's value has to fit.
type Fitted struct {
	Index    int
	Type     datum.Type
	Explicit bool
}

// maxParams is what the protocol can count.
const maxParams = math.MaxUint16

// Check returns the types, or the error for the first parameter whose type nothing determined.
func (p *Params) Check() ([]OID, error) {
	if p == nil {
		return nil, nil
	}
	for i, t := range p.Types {
		if t == 0 || t == datum.Unknown {
			return nil, pgerr.New(pgerr.IndeterminateDatatype, "could not determine data type of parameter $%d", i+1)
		}
	}
	return p.Types, nil
}

// Builder makes nodes: it chooses functions and operators, inserts casts, reads literals, and infers parameter types. It is
// for one statement and one goroutine.
type Builder struct {
	Registry *Registry
	// Env reads literals; nil means the defaults.
	Env *datum.Env
	// Params may be nil if the statement cannot have parameters.
	Params *Params
}

// Literal returns a quoted string whose type is not known yet.
func (b *Builder) Literal(s string, pos int) *Const {
	return &Const{D: datum.NewText(s), T: TypeOf(datum.Unknown), Pos: pos}
}

// Null returns NULL of a type not known yet.
func (b *Builder) Null(pos int) *Const {
	return &Const{D: datum.NewNull(), T: TypeOf(datum.Unknown), Pos: pos}
}

// Bool returns TRUE or FALSE.
func (b *Builder) Bool(v bool) *Const { return NewConst(datum.NewBool(v), datum.Bool) }

// Int returns an integer constant: int4 if it fits, else int8.
func (b *Builder) Int(v int64) *Const {
	if v == int64(int32(v)) {
		return NewConst(datum.NewInt(v), datum.Int4)
	}
	return NewConst(datum.NewInt(v), datum.Int8)
}

// Number returns a numeric literal: int4, int8 or numeric, the first that holds it.
func (b *Builder) Number(s string, pos int) (*Const, error) {
	if v, err := strconv.ParseInt(s, 10, 64); err == nil {
		c := b.Int(v)
		c.Pos = pos
		return c, nil
	}
	d, err := datum.MustLookup(datum.Numeric).ParseText(s, -1)
	if err != nil {
		return nil, pgerr.From(err).At(pos)
	}
	return &Const{D: d, T: TypeOf(datum.Numeric), Pos: pos}, nil
}

// Param returns parameter number n, counted from 1.
func (b *Builder) Param(n, pos int) (Expr, error) {
	p := b.Params
	if p == nil || n < 1 || n > maxParams || p.Fixed && n > len(p.Types) {
		return nil, pgerr.New(pgerr.UndefinedParameter, "there is no parameter $%d", n).At(pos)
	}
	for len(p.Types) < n {
		p.Types = append(p.Types, 0)
	}
	t := p.Types[n-1]
	if t == 0 {
		t = datum.Unknown
	}
	return &Param{Index: n - 1, T: TypeOf(t), Pos: pos}, nil
}

// typeParam gives a parameter its type, or accepts the one it has got since the node was made.
func (b *Builder) typeParam(p *Param, t datum.Type) (Expr, error) {
	known := b.Params.Types[p.Index]
	if known == 0 || known == datum.Unknown {
		b.Params.Types[p.Index] = t.OID
		known = t.OID
	}
	n := &Param{Index: p.Index, T: TypeOf(known), Pos: p.Pos}
	if known != t.OID {
		return nil, pgerr.New(pgerr.AmbiguousParameter, "inconsistent types deduced for parameter $%d", p.Index+1).
			WithDetail("%s versus %s", TypeName(known), TypeName(t.OID)).At(p.Pos)
	}
	return n, nil
}

// fresh replaces a parameter whose type became known after its node was made.
func (b *Builder) fresh(e Expr) Expr {
	if p, ok := e.(*Param); ok && p.T.OID == datum.Unknown && b.Params != nil {
		if t := b.Params.Types[p.Index]; t != 0 && t != datum.Unknown {
			return &Param{Index: p.Index, T: TypeOf(t), Pos: p.Pos}
		}
	}
	return e
}

func (b *Builder) freshAll(list []Expr) []Expr {
	out := make([]Expr, len(list))
	for i, e := range list {
		out[i] = b.fresh(e)
	}
	return out
}

func argTypes(args []Expr) []OID {
	types := make([]OID, len(args))
	for i, a := range args {
		types[i] = a.Type().OID
	}
	return types
}

// Call builds a call of a function. A name that is a type's, with one argument, is a cast if no function fits better.
func (b *Builder) Call(name string, args []Expr) (Expr, error) {
	args = b.freshAll(args)
	in := argTypes(args)
	fn, sig, err := b.Registry.FindFunction(name, in)
	if err != nil {
		if len(args) == 1 && pgerr.Is(err, pgerr.UndefinedFunction) {
			if t := datum.LookupName(name); t != nil && castByName(in[0], t.OID) {
				return b.Cast(args[0], TypeOf(t.OID))
			}
		}
		return nil, err
	}
	return b.call(fn, sig, args)
}

// castByName: functional notation works for casts that need no function of their own.
func castByName(from, to OID) bool {
	if from == datum.Unknown {
		return true
	}
	c, ok := castTable[[2]OID{from, to}]
	return ok && (c.fn == nil || c.fn.Name == datum.MustLookup(to).Name) || !ok && ioCastAllowed(from, to, Explicit)
}

func (b *Builder) call(fn *Function, sig []OID, args []Expr) (Expr, error) {
	args, element, err := b.coerceArgs(sig, args)
	if err != nil {
		return nil, err
	}
	returns := fn.Returns
	if returns == AnyElement {
		returns = element
	}
	return &Call{Fn: fn, Args: args, T: TypeOf(returns)}, nil
}

// coerceArgs brings arguments to a signature. element is what the polymorphic ones turned out to be.
func (b *Builder) coerceArgs(sig []OID, args []Expr) (out []Expr, element OID, err error) {
	out = make([]Expr, len(args))
	for i, a := range args {
		if sig[i] == AnyElement || sig[i] == AnyNonArray {
			if t := a.Type().OID; t != datum.Unknown {
				element = t
			}
		}
	}
	if element == 0 {
		element = datum.Text
	}
	for i, a := range args {
		want := sig[i]
		switch want {
		case AnyElement, AnyNonArray:
			want = element
		case Any: // even an untyped literal stays as it is
			out[i] = a
			continue
		}
		if out[i], err = b.Coerce(a, TypeOf(want), Implicit); err != nil {
			return nil, 0, err
		}
	}
	return out, element, nil
}

// Op builds an operator; left is nil for a prefix operator.
func (b *Builder) Op(name string, left, right Expr) (Expr, error) {
	if name == "!=" {
		name = "<>"
	}
	right = b.fresh(right)
	if left == nil {
		op, err := b.Registry.ResolveOperator(name, 0, right.Type().OID)
		if err != nil {
			return nil, err
		}
		args, _, err := b.coerceArgs([]OID{op.Right}, []Expr{right})
		if err != nil {
			return nil, err
		}
		return &OpExpr{Op: op, Args: args, T: TypeOf(op.Returns())}, nil
	}
	op, err := b.Registry.ResolveOperator(name, b.fresh(left).Type().OID, right.Type().OID)
	if err != nil {
		return nil, err
	}
	if op.Expand != nil {
		return op.Expand(b, left, right)
	}
	op, left, right, err = b.operands(name, left, right)
	if err != nil {
		return nil, err
	}
	return &OpExpr{Op: op, Args: []Expr{left, right}, T: TypeOf(op.Returns())}, nil
}

// operands chooses an operator and coerces both sides to it.
func (b *Builder) operands(name string, left, right Expr) (*Operator, Expr, Expr, error) {
	if name == "!=" {
		name = "<>"
	}
	left, right = b.fresh(left), b.fresh(right)
	op, err := b.Registry.ResolveOperator(name, left.Type().OID, right.Type().OID)
	if err != nil {
		return nil, nil, nil, err
	}
	args, _, err := b.coerceArgs([]OID{op.Left, op.Right}, []Expr{left, right})
	if err != nil {
		return nil, nil, nil, err
	}
	return op, args[0], args[1], nil
}
