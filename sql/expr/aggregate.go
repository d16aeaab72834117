package expr

import (
	"slices"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// Aggregate is an aggregate function for certain argument types.
type Aggregate struct {
	Name string
	// Args is empty for count(*).
	Args    []OID
	Returns OID
	// Strict aggregates pass over rows with a null argument.
	Strict bool
	// New starts a group. types are the types of the actual arguments.
	New func(types []datum.Type) AggState
}

// AggState is the state of one aggregate in one group.
type AggState interface {
	// Add takes a row's arguments, which are valid until it returns.
	Add(ctx *EvalCtx, args []Datum) error
	// Result returns the value so far and leaves the state as it is.
	Result(ctx *EvalCtx) (Datum, error)
}

// Merger is an AggState that can take over what another one of its kind has gathered.
type Merger interface {
	AggState
	Merge(ctx *EvalCtx, other AggState) error
}

// AggOptions are the parts of an aggregate call besides its arguments.
type AggOptions struct {
	Star     bool
	Distinct bool
	Filter   Expr
	OrderBy  []SortKey
	Pos      int
}

// Aggregate builds a call of an aggregate.
func (b *Builder) Aggregate(name string, args []Expr, o AggOptions) (Expr, error) {
	in := argTypes(args)
	list := b.Registry.aggregates[name]
	if o.Star && name != "count" {
		return nil, pgerr.New(pgerr.UndefinedFunction, "function %s() does not exist", name).
			WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
	}
	if !o.Star && len(args) == 0 && name == "count" {
		return nil, pgerr.New(pgerr.WrongObjectType, "count(*) must be used to call a parameterless aggregate function")
	}
	var agg *Aggregate
	var sigs [][]OID
	var found []*Aggregate
	for _, a := range list {
		if len(a.Args) != len(in) {
			continue
		}
		if sameTypes(a.Args, in) {
			agg = a
		}
		found = append(found, a)
		sigs = append(sigs, a.Args)
	}
	if agg == nil {
		i, how := selectCandidate(sigs, in)
		switch how {
		case notFound:
			return nil, pgerr.New(pgerr.UndefinedFunction, "function %s does not exist", signature(name, in)).
				WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
		case ambiguous:
			return nil, pgerr.New(pgerr.AmbiguousFunction, "function %s is not unique", signature(name, in)).
				WithHint("Could not choose a best candidate function. You might need to add explicit type casts.")
		}
		agg = found[i]
	}
	args, element, err := b.coerceArgs(agg.Args, args)
	if err != nil {
		return nil, err
	}
	ref := &AggRef{Agg: agg, Args: args, Distinct: o.Distinct, OrderBy: o.OrderBy, T: TypeOf(agg.Returns), Pos: o.Pos}
	if agg.Returns == AnyElement {
		ref.T = TypeOf(element)
		if len(args) > 0 {
			ref.T.Mod = args[0].Type().Mod
		}
	}
	if o.Filter != nil {
		if ref.Filter, err = b.Boolean(o.Filter, "FILTER"); err != nil {
			return nil, err
		}
	}
	for i := range ref.OrderBy {
		if ref.OrderBy[i].Expr, err = b.Resolve(ref.OrderBy[i].Expr); err != nil {
			return nil, err
		}
		if o.Distinct && !slices.ContainsFunc(args, func(a Expr) bool { return Equal(a, ref.OrderBy[i].Expr) }) {
			return nil, pgerr.New(pgerr.InvalidColumnReference, "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list")
		}
	}
	return ref, nil
}

// AggCall is a compiled AggRef. It is shared by all groups.
type AggCall struct {
	ref    *AggRef
	args   []Eval
	types  []datum.Type
	filter Filter
	keys   []Eval
}

// CompileAggregate compiles the arguments, filter and order of a call.
func CompileAggregate(ref *AggRef) *AggCall {
	c := &AggCall{ref: ref, args: CompileAll(ref.Args)}
	for _, a := range ref.Args {
		c.types = append(c.types, a.Type())
	}
	if ref.Filter != nil {
		c.filter = CompileFilter(ref.Filter)
	}
	for _, k := range ref.OrderBy {
		c.keys = append(c.keys, Compile(k.Expr))
	}
	return c
}

// Inputs are the expressions that the call evaluates for each row.
func (c *AggCall) Inputs() []Expr { return c.ref.children() }

// NewState starts a group.
func (c *AggCall) NewState() AggState {
	state := c.ref.Agg.New(c.types)
	switch {
	case len(c.keys) > 0:
		return &orderedState{call: c, inner: state}
	case c.ref.Distinct:
		return &distinctState{types: c.types, inner: state, seen: map[uint64][][]Datum{}}
	}
	return state
}

// Add evaluates the call's arguments over a row and adds them to a group's state, unless the filter or a null keeps them out.
func (c *AggCall) Add(ctx *EvalCtx, state AggState, row []Datum) error {
	if c.filter != nil {
		if ok, err := c.filter(ctx, row); err != nil || !ok {
			return err
		}
	}
	base := len(ctx.stack)
	defer func() { ctx.stack = ctx.stack[:base] }()
	for _, arg := range c.args {
		d, err := arg(ctx, row)
		if err != nil || d.Null && c.ref.Agg.Strict {
			return err
		}
		ctx.stack = append(ctx.stack, d)
	}
	n := len(ctx.stack)
	for _, key := range c.keys {
		d, err := key(ctx, row)
		if err != nil {
			return err
		}
		ctx.stack = append(ctx.stack, d)
	}
	if len(c.keys) > 0 {
		return state.(*orderedState).add(ctx.stack[base:n], ctx.stack[n:])
	}
	return state.Add(ctx, ctx.stack[base:n])
}

// distinctState hands each combination of arguments on once.
type distinctState struct {
	types []datum.Type
	inner AggState
	seen  map[uint64][][]Datum
}

func sameValues(types []datum.Type, a, b []Datum) bool {
	for i := range a {
		if datum.Compare(types[i].OID, a[i], b[i]) != 0 {
			return false
		}
	}
	return true
}

func cloneRow(row []Datum) []Datum {
	out := make([]Datum, len(row))
	for i := range row {
		out[i] = row[i].Clone()
	}
	return out
}

func (s *distinctState) Add(ctx *EvalCtx, args []Datum) error {
	h := uint64(0)
	for i, a := range args {
		h = h*31 + datum.Hash(s.types[i].OID, a)
	}
	for _, old := range s.seen[h] {
		if sameValues(s.types, old, args) {
			return nil
		}
	}
	s.seen[h] = append(s.seen[h], cloneRow(args))
	return s.inner.Add(ctx, args)
}

func (s *distinctState) Result(ctx *EvalCtx) (Datum, error) { return s.inner.Result(ctx) }

// orderedState keeps its input and adds it in order when the result is asked for.
type orderedState struct {
	call  *AggCall
	inner AggState
	rows  []orderedRow
	done  bool
}

type orderedRow struct{ args, keys []Datum }

func (s *orderedState) Add(_ *EvalCtx, args []Datum) error { return s.add(args, nil) }

func (s *orderedState) add(args, keys []Datum) error {
	s.rows = append(s.rows, orderedRow{args: cloneRow(args), keys: cloneRow(keys)})
	return nil
}

func (s *orderedState) Result(ctx *EvalCtx) (Datum, error) {
	if s.done {
		return s.inner.Result(ctx)
	}
	s.done = true
	order := s.call.ref.OrderBy
	slices.SortStableFunc(s.rows, func(a, b orderedRow) int {
		for i, k := range order {
			if c := datum.CompareIn(k.Order, k.Expr.Type().OID, a.keys[i], b.keys[i]); c != 0 {
				return c
			}
		}
		return 0
	})
	into := s.inner
	if s.call.ref.Distinct {
		into = &distinctState{types: s.call.types, inner: s.inner, seen: map[uint64][][]Datum{}}
	}
	for _, row := range s.rows {
		if err := into.Add(ctx, row.args); err != nil {
			return Datum{}, err
		}
	}
	s.rows = nil
	return s.inner.Result(ctx)
}
