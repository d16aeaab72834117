package expr

func (e *Const) children() []Expr       { return nil }
func (e *Param) children() []Expr       { return nil }
func (e *ColumnRef) children() []Expr   { return nil }
func (e *CaseTest) children() []Expr    { return nil }
func (e *Call) children() []Expr        { return e.Args }
func (e *OpExpr) children() []Expr      { return e.Args }
func (e *And) children() []Expr         { return e.Args }
func (e *Or) children() []Expr          { return e.Args }
func (e *Not) children() []Expr         { return []Expr{e.Arg} }
func (e *IsNull) children() []Expr      { return []Expr{e.Arg} }
func (e *BooleanTest) children() []Expr { return []Expr{e.Arg} }
func (e *Coalesce) children() []Expr    { return e.Args }
func (e *MinMax) children() []Expr      { return e.Args }
func (e *NullIf) children() []Expr      { return []Expr{e.A, e.B} }
func (e *Distinct) children() []Expr    { return []Expr{e.A, e.B} }
func (e *Cast) children() []Expr        { return []Expr{e.Arg} }

func (e *Case) children() []Expr {
	var out []Expr
	if e.Operand != nil {
		out = append(out, e.Operand)
	}
	for _, w := range e.Whens {
		out = append(out, w.Cond, w.Result)
	}
	return append(out, e.Else)
}

func (e *ScalarArray) children() []Expr {
	out := append([]Expr{e.Arg}, e.List...)
	if e.Array != nil {
		out = append(out, e.Array)
	}
	return out
}

func (e *AggRef) children() []Expr {
	out := append([]Expr(nil), e.Args...)
	if e.Filter != nil {
		out = append(out, e.Filter)
	}
	for _, k := range e.OrderBy {
		out = append(out, k.Expr)
	}
	return out
}

func (e *Const) with([]Expr) Expr         { return e }
func (e *Param) with([]Expr) Expr         { return e }
func (e *ColumnRef) with([]Expr) Expr     { return e }
func (e *CaseTest) with([]Expr) Expr      { return e }
func (e *Call) with(c []Expr) Expr        { n := *e; n.Args = c; return &n }
func (e *OpExpr) with(c []Expr) Expr      { n := *e; n.Args = c; return &n }
func (e *And) with(c []Expr) Expr         { return &And{Args: c} }
func (e *Or) with(c []Expr) Expr          { return &Or{Args: c} }
func (e *Not) with(c []Expr) Expr         { return &Not{Arg: c[0]} }
func (e *IsNull) with(c []Expr) Expr      { return &IsNull{Arg: c[0], Negated: e.Negated} }
func (e *Coalesce) with(c []Expr) Expr    { return &Coalesce{Args: c, T: e.T} }
func (e *MinMax) with(c []Expr) Expr      { n := *e; n.Args = c; return &n }
func (e *Cast) with(c []Expr) Expr        { n := *e; n.Arg = c[0]; return &n }
func (e *NullIf) with(c []Expr) Expr      { return &NullIf{Op: e.Op, A: c[0], B: c[1]} }
func (e *Distinct) with(c []Expr) Expr    { n := *e; n.A, n.B = c[0], c[1]; return &n }
func (e *BooleanTest) with(c []Expr) Expr { return &BooleanTest{Arg: c[0], Kind: e.Kind} }

func (e *Case) with(c []Expr) Expr {
	n := &Case{T: e.T}
	if e.Operand != nil {
		n.Operand, c = c[0], c[1:]
	}
	for range e.Whens {
		n.Whens = append(n.Whens, When{Cond: c[0], Result: c[1]})
		c = c[2:]
	}
	n.Else = c[0]
	return n
}

func (e *ScalarArray) with(c []Expr) Expr {
	n := *e
	n.Arg, c = c[0], c[1:]
	n.List = c[:len(e.List):len(e.List)]
	if e.Array != nil {
		n.Array = c[len(e.List)]
	}
	return &n
}

func (e *AggRef) with(c []Expr) Expr {
	n := *e
	n.Args, c = c[:len(e.Args):len(e.Args)], c[len(e.Args):]
	if e.Filter != nil {
		n.Filter, c = c[0], c[1:]
	}
	n.OrderBy = append([]SortKey(nil), e.OrderBy...)
	for i := range n.OrderBy {
		n.OrderBy[i].Expr = c[i]
	}
	return &n
}

// Walk calls visit for e and everything below it, parents first, until visit returns false, which prunes that branch.
func Walk(e Expr, visit func(Expr) bool) {
	if e == nil || !visit(e) {
		return
	}
	for _, c := range e.children() {
		Walk(c, visit)
	}
}

// Contains reports whether test holds for some node of the tree.
func Contains(e Expr, test func(Expr) bool) bool {
	found := false
	Walk(e, func(n Expr) bool {
		found = found || test(n)
		return !found
	})
	return found
}

// Rewrite replaces nodes from the leaves up: change gets a node whose children are rewritten already and returns it or
// another one. Subtrees that nothing changed in are shared with the old tree.
func Rewrite(e Expr, change func(Expr) (Expr, error)) (Expr, error) {
	if e == nil {
		return nil, nil
	}
	old := e.children()
	var changed []Expr
	for i, c := range old {
		n, err := Rewrite(c, change)
		if err != nil {
			return nil, err
		}
		if n != c && changed == nil {
			changed = append([]Expr(nil), old...)
		}
		if changed != nil {
			changed[i] = n
		}
	}
	if changed != nil {
		e = e.with(changed)
	}
	return change(e)
}

// RewriteTop replaces nodes from the root down: change returns a replacement, below which nothing more is done, or nil to go on
// with the children.
func RewriteTop(e Expr, change func(Expr) (Expr, error)) (Expr, error) {
	if e == nil {
		return nil, nil
	}
	if n, err := change(e); n != nil || err != nil {
		return n, err
	}
	old := e.children()
	var changed []Expr
	for i, c := range old {
		n, err := RewriteTop(c, change)
		if err != nil {
			return nil, err
		}
		if n != c && changed == nil {
			changed = append([]Expr(nil), old...)
		}
		if changed != nil {
			changed[i] = n
		}
	}
	if changed != nil {
		return e.with(changed), nil
	}
	return e, nil
}

// Columns calls visit for every ColumnRef of the tree.
func Columns(e Expr, visit func(*ColumnRef)) {
	Walk(e, func(n Expr) bool {
		if c, ok := n.(*ColumnRef); ok {
			visit(c)
		}
		return true
	})
}

// HasColumns reports whether the value depends on the row.
func HasColumns(e Expr) bool {
	return Contains(e, func(n Expr) bool { _, ok := n.(*ColumnRef); return ok })
}

// HasAggregates reports whether the tree calls an aggregate.
func HasAggregates(e Expr) bool {
	return Contains(e, func(n Expr) bool { _, ok := n.(*AggRef); return ok })
}

// HasSets reports whether the tree calls a set-returning function.
func HasSets(e Expr) bool {
	return Contains(e, func(n Expr) bool { c, ok := n.(*Call); return ok && c.Fn.Set != nil })
}

// HasParams reports whether the tree reads a parameter.
func HasParams(e Expr) bool { return Contains(e, func(n Expr) bool { _, ok := n.(*Param); return ok }) }

// MaxVolatility returns the most volatile class of all functions in the tree.
func MaxVolatility(e Expr) Volatility {
	v := Immutable
	Walk(e, func(n Expr) bool {
		v = max(v, ownVolatility(n))
		return true
	})
	return v
}

func ownVolatility(n Expr) Volatility {
	switch n := n.(type) {
	case *Call:
		return n.Fn.Volatility
	case *OpExpr:
		return n.Op.Fn.Volatility
	case *ScalarArray:
		return n.Op.Fn.Volatility
	case *NullIf:
		return n.Op.Fn.Volatility
	case *Distinct:
		return n.Op.Fn.Volatility
	case *Cast:
		switch n.Method {
		case CastFunc:
			return n.Fn.Volatility
		case CastIO:
			return max(ioVolatility(n.Arg.Type().OID), ioVolatility(n.T.OID))
		}
	case *SubLink:
		return subVolatility(n.Volatile)
	case *SubPlan:
		return subVolatility(n.Volatile)
	}
	return Immutable
}

// subVolatility: what a subquery reads does not change within a statement.
func subVolatility(volatile bool) Volatility {
	if volatile {
		return Volatile
	}
	return Stable
}

// IsRuntimeConstant reports whether the value is the same for all rows of one execution: what an index can search for.
func IsRuntimeConstant(e Expr) bool {
	return !Contains(e, func(n Expr) bool {
		switch n := n.(type) {
		case *ColumnRef, *AggRef, *CaseTest, *SubColumn:
			return true
		case *Call:
			return n.Fn.Set != nil || n.Fn.Volatility == Volatile
		}
		return ownVolatility(n) == Volatile
	})
}

// Equal reports whether two trees are the same expression: it would give the same values for the same rows, short of
// volatile functions. GROUP BY matches its keys by it.
func Equal(a, b Expr) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if !sameNode(a, b) {
		return false
	}
	ac, bc := a.children(), b.children()
	if len(ac) != len(bc) {
		return false
	}
	for i := range ac {
		if !Equal(ac[i], bc[i]) {
			return false
		}
	}
	return true
}

func sameNode(a, b Expr) bool {
	switch a := a.(type) {
	case *Const:
		b, ok := b.(*Const)
		return ok && a.D == b.D && a.T == b.T
	case *Param:
		b, ok := b.(*Param)
		return ok && a.Index == b.Index && a.T == b.T
	case *ColumnRef:
		b, ok := b.(*ColumnRef)
		return ok && a.Index == b.Index && a.Rel == b.Rel
	case *Call:
		b, ok := b.(*Call)
		return ok && (a.Fn == b.Fn || a.Fn.Name == subscriptName && b.Fn.Name == subscriptName)
	case *OpExpr:
		b, ok := b.(*OpExpr)
		return ok && a.Op == b.Op
	case *And:
		_, ok := b.(*And)
		return ok
	case *Or:
		_, ok := b.(*Or)
		return ok
	case *Not:
		_, ok := b.(*Not)
		return ok
	case *IsNull:
		b, ok := b.(*IsNull)
		return ok && a.Negated == b.Negated
	case *BooleanTest:
		b, ok := b.(*BooleanTest)
		return ok && a.Kind == b.Kind
	case *Case:
		b, ok := b.(*Case)
		return ok && len(a.Whens) == len(b.Whens) && (a.Operand == nil) == (b.Operand == nil)
	case *CaseTest:
		_, ok := b.(*CaseTest)
		return ok
	case *ScalarArray:
		b, ok := b.(*ScalarArray)
		return ok && a.Op == b.Op && a.All == b.All && len(a.List) == len(b.List)
	case *Coalesce:
		_, ok := b.(*Coalesce)
		return ok
	case *NullIf:
		b, ok := b.(*NullIf)
		return ok && a.Op == b.Op
	case *MinMax:
		b, ok := b.(*MinMax)
		return ok && a.Greatest == b.Greatest
	case *Distinct:
		b, ok := b.(*Distinct)
		return ok && a.Op == b.Op && a.Negated == b.Negated
	case *Cast:
		b, ok := b.(*Cast)
		return ok && a.T == b.T && a.Method == b.Method && a.Fn == b.Fn && a.Explicit == b.Explicit
	case *SubLink:
		b, ok := b.(*SubLink)
		return ok && a.Query == b.Query && a.Kind == b.Kind
	case *SubPlan:
		b, ok := b.(*SubPlan)
		return ok && a.ID == b.ID && a.Kind == b.Kind
	case *SubColumn:
		b, ok := b.(*SubColumn)
		return ok && a.Index == b.Index
	case *ExecParam:
		b, ok := b.(*ExecParam)
		return ok && a.Slot == b.Slot
	case *AggRef:
		b, ok := b.(*AggRef)
		return ok && a.Agg == b.Agg && a.Distinct == b.Distinct && (a.Filter == nil) == (b.Filter == nil) && sameOrder(a.OrderBy, b.OrderBy)
	}
	return false
}

func sameOrder(a, b []SortKey) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Desc != b[i].Desc || a[i].NullsFirst != b[i].NullsFirst {
			return false
		}
	}
	return true
}
