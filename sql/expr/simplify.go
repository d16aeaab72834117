package expr

import "github.com/quiredb/quire/core/datum"

// Simplify folds what is constant, takes boolean constants out of AND and OR, and pushes NOT down, as PostgreSQL's planner does
// with conditions. ctx is for reading and printing values; only immutable functions are called. A call that
// fails is left alone: the error belongs to the row that needs the value.
func (b *Builder) Simplify(e Expr, ctx *EvalCtx) Expr {
	if ctx == nil {
		ctx = &EvalCtx{Env: b.Env}
	}
	out, _ := Rewrite(e, func(n Expr) (Expr, error) { return b.simplifyNode(n, ctx), nil })
	return out
}

func (b *Builder) simplifyNode(n Expr, ctx *EvalCtx) Expr {
	switch n := n.(type) {
	case *Const, *Param, *ColumnRef, *CaseTest, *AggRef, *SubLink, *SubPlan, *SubColumn, *ExecParam:
		return n
	case *And:
		return foldJunction(n.Args, false)
	case *Or:
		return foldJunction(n.Args, true)
	case *Not:
		if pushed := b.negate(n.Arg); pushed != nil {
			return pushed
		}
	case *Coalesce:
		return foldCoalesce(n)
	case *Case:
		return foldCase(n)
	case *OpExpr:
		if nullArg(n.Op.Fn, n.Args) {
			return &Const{D: datum.NewNull(), T: n.T}
		}
		if e := b.booleanEquality(n); e != nil {
			return e
		}
	case *Call:
		if nullArg(n.Fn, n.Args) {
			return &Const{D: datum.NewNull(), T: n.T}
		}
	case *Cast:
		if n.Method == CastRelabel && n.Arg.Type() == n.T {
			return n.Arg
		}
	}
	return fold(n, ctx)
}

// nullArg reports whether a constant null settles the result, by X4.
func nullArg(fn *Function, args []Expr) bool {
	if !fn.Strict || fn.Set != nil {
		return false
	}
	for _, a := range args {
		if c, ok := a.(*Const); ok && c.D.Null {
			return true
		}
	}
	return false
}

// booleanEquality turns x = true into x and x = false into NOT x, or returns nil.
func (b *Builder) booleanEquality(n *OpExpr) Expr {
	if len(n.Args) != 2 || n.Op.Left != datum.Bool || n.Op.Right != datum.Bool || n.Op.Name != "=" && n.Op.Name != "<>" {
		return nil
	}
	c, other := n.Args[1], n.Args[0]
	if _, ok := c.(*Const); !ok {
		c, other = other, c
	}
	k, ok := c.(*Const)
	if !ok || k.D.Null {
		return nil
	}
	if k.D.Bool() == (n.Op.Name == "=") {
		return other
	}
	if e := b.negate(other); e != nil {
		return e
	}
	return &Not{Arg: other}
}

// SimplifyCondition simplifies a condition of which only the rows that make it true matter, such as WHERE: there a null is
// as good as false.
func (b *Builder) SimplifyCondition(e Expr, ctx *EvalCtx) Expr {
	return nullIsFalse(b.Simplify(e, ctx))
}

func nullIsFalse(e Expr) Expr {
	all := func(list []Expr) []Expr {
		out := make([]Expr, len(list))
		for i, a := range list {
			out[i] = nullIsFalse(a)
		}
		return out
	}
	switch n := e.(type) {
	case *Const:
		if n.D.Null {
			return NewConst(datum.NewBool(false), datum.Bool)
		}
	case *And:
		return foldJunction(all(n.Args), false)
	case *Or:
		return foldJunction(all(n.Args), true)
	}
	return e
}

// fold evaluates a node all of whose children are constants.
func fold(n Expr, ctx *EvalCtx) Expr {
	for _, c := range n.children() {
		if _, ok := c.(*Const); !ok {
			return n
		}
	}
	if c, ok := n.(*Call); ok && c.Fn.Set != nil || ownVolatility(n) != Immutable {
		return n
	}
	d, err := Compile(n)(ctx, nil)
	if err != nil {
		return n
	}
	pos := 0
	if c := n.children(); len(c) > 0 {
		pos = c[0].(*Const).Pos
	}
	return &Const{D: d, T: n.Type(), Pos: pos}
}

// foldJunction simplifies AND (stop is false) and OR (stop is true): the constant stop decides, its opposite drops out.
func foldJunction(args []Expr, stop bool) Expr {
	var out []Expr
	null := false
	var add func(list []Expr) bool
	add = func(list []Expr) bool {
		for _, a := range list {
			switch n := a.(type) {
			case *Const:
				if n.D.Null {
					null = true
				} else if n.D.Bool() == stop {
					return true
				}
			case *And:
				if stop {
					out = append(out, a)
				} else if add(n.Args) {
					return true
				}
			case *Or:
				if !stop {
					out = append(out, a)
				} else if add(n.Args) {
					return true
				}
			default:
				out = append(out, a)
			}
		}
		return false
	}
	if add(args) {
		return NewConst(datum.NewBool(stop), datum.Bool)
	}
	if null {
		out = append(out, NewConst(datum.NewNull(), datum.Bool))
	}
	switch {
	case len(out) == 0:
		return NewConst(datum.NewBool(!stop), datum.Bool)
	case len(out) == 1:
		return out[0]
	case stop:
		return &Or{Args: out}
	}
	return &And{Args: out}
}

// negate returns NOT e without the NOT, or nil if e has no simpler opposite.
func (b *Builder) negate(e Expr) Expr {
	opposite := func(x Expr) Expr {
		if n := b.negate(x); n != nil {
			return n
		}
		return &Not{Arg: x}
	}
	all := func(list []Expr) []Expr {
		out := make([]Expr, len(list))
		for i, x := range list {
			out[i] = opposite(x)
		}
		return out
	}
	switch n := e.(type) {
	case *Const:
		if n.D.Null {
			return n
		}
		return NewConst(datum.NewBool(!n.D.Bool()), datum.Bool)
	case *Not:
		return n.Arg
	case *And:
		return foldJunction(all(n.Args), true)
	case *Or:
		return foldJunction(all(n.Args), false)
	case *IsNull:
		return &IsNull{Arg: n.Arg, Negated: !n.Negated}
	case *BooleanTest:
		return &BooleanTest{Arg: n.Arg, Kind: n.Kind ^ 1}
	case *OpExpr:
		if op := b.Registry.Negate(n.Op); op != nil {
			return &OpExpr{Op: op, Args: n.Args, T: n.T}
		}
	case *ScalarArray:
		if op := b.Registry.Negate(n.Op); op != nil {
			return &ScalarArray{Op: op, Arg: n.Arg, List: n.List, Array: n.Array, All: !n.All}
		}
	}
	return nil
}

// foldCoalesce drops constant nulls and everything after the first constant that is not null.
func foldCoalesce(n *Coalesce) Expr {
	var out []Expr
	for _, a := range n.Args {
		c, ok := a.(*Const)
		if ok && c.D.Null {
			continue
		}
		out = append(out, a)
		if ok {
			break
		}
	}
	switch {
	case len(out) == 0:
		return &Const{D: datum.NewNull(), T: n.T}
	case len(out) == 1:
		return out[0]
	}
	return &Coalesce{Args: out, T: n.T}
}

// foldCase drops arms that cannot be chosen and stops at one that always is. With an operand it is left alone, unless all is
// constant.
func foldCase(n *Case) Expr {
	if n.Operand != nil {
		return n
	}
	c := &Case{T: n.T, Else: n.Else}
	for _, w := range n.Whens {
		k, ok := w.Cond.(*Const)
		if !ok {
			c.Whens = append(c.Whens, w)
			continue
		}
		if !k.D.Null && k.D.Bool() {
			c.Else = w.Result
			break
		}
	}
	if len(c.Whens) == 0 {
		return c.Else
	}
	return c
}
