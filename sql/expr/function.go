package expr

import (
	"github.com/quiredb/quire/core/datum"
)

// Volatility says how long a function's result holds for the same arguments.
type Volatility uint8

// The classes, from the most to the least constant.
const (
	// Immutable results never change: the call may be folded.
	Immutable Volatility = iota
	// Stable results hold within a statement: the call may be the search key of an index.
	Stable
	// Volatile results may change from row to row.
	Volatile
)

// Pseudo-types for the arguments of polymorphic functions.
const (
	// Any takes a value of any type and leaves it alone.
	Any OID = 2276
	// AnyElement takes any type that is not an array; all such arguments and the result have one type.
	AnyElement OID = 2283
	// AnyNonArray is AnyElement for the operators that append anything to a text.
	AnyNonArray OID = 2776
)

// OID is datum's.
type OID = datum.OID

// Datum is datum's.
type Datum = datum.Datum

// Function is a function that SQL can call. Exactly one of the evaluators is set.
type Function struct {
	Name string
	// Args are the types of the arguments. If Variadic, the last one may occur any number of times, once or more.
	Args     []OID
	Variadic bool
	Returns  OID
	// Strict functions return null if any argument is null, without being called (X4).
	Strict     bool
	Volatility Volatility

	Eval0 func(ctx *EvalCtx) (Datum, error)
	Eval1 func(ctx *EvalCtx, a Datum) (Datum, error)
	Eval2 func(ctx *EvalCtx, a, b Datum) (Datum, error)
	// Eval takes any number of arguments. The slice is only valid during the call.
	Eval func(ctx *EvalCtx, args []Datum) (Datum, error)
	// Bind makes an Eval for given argument types, for polymorphic functions.
	Bind func(args []datum.Type) func(ctx *EvalCtx, args []Datum) (Datum, error)
	// Set makes the function set-returning.
	Set func(ctx *EvalCtx, args []Datum) (SetIterator, error)
}

// SetIterator yields the next value of a set, and false at its end.
type SetIterator func() (d Datum, ok bool, err error)

// Operator is an operator for two operand types, or for one if Left is 0.
type Operator struct {
	Name        string
	Left, Right OID
	Fn          *Function
	// Commutator is the name of the operator with the operands exchanged, Negator that of the opposite result; both for
	// the exchanged or the same operand types. Empty if there is none.
	Commutator, Negator string
	// Expand, if set, builds something else in the operator's place, as PostgreSQL inlines its SQL functions.
	Expand func(b *Builder, left, right Expr) (Expr, error)
	// Compare is set for =, <>, <, <=, >, >= : it orders the operands, which are not null.
	Compare func(a, b Datum) int
}

// Returns returns the type of the operator's value.
func (o *Operator) Returns() OID { return o.Fn.Returns }

// Registry finds functions, operators and aggregates by name. It is filled before use and not changed afterwards.
type Registry struct {
	functions  map[string][]*Function
	operators  map[string][]*Operator
	aggregates map[string][]*Aggregate
}

// NewRegistry returns a registry with everything this package has built in. The caller may Register more.
func NewRegistry() *Registry {
	r := &Registry{functions: map[string][]*Function{}, operators: map[string][]*Operator{}, aggregates: map[string][]*Aggregate{}}
	registerCompare(r)
	registerArithmetic(r)
	registerNumeric(r)
	registerMath(r)
	registerString(r)
	registerPattern(r)
	registerFormat(r)
	registerBytes(r)
	registerDateTime(r)
	registerSession(r)
	registerSets(r)
	registerArray(r)
	registerToChar(r)
	registerAggregates(r)
	return r
}

// Register adds functions; one with the same name and argument types is replaced.
func (r *Registry) Register(fns ...*Function) {
	for _, f := range fns {
		list := r.functions[f.Name]
		replaced := false
		for i, old := range list {
			if sameTypes(old.Args, f.Args) && old.Variadic == f.Variadic {
				list[i], replaced = f, true
			}
		}
		if !replaced {
			list = append(list, f)
		}
		r.functions[f.Name] = list
	}
}

// RegisterOperator adds operators.
func (r *Registry) RegisterOperator(ops ...*Operator) {
	for _, o := range ops {
		r.operators[o.Name] = append(r.operators[o.Name], o)
	}
}

// RegisterAggregate adds aggregates.
func (r *Registry) RegisterAggregate(aggs ...*Aggregate) {
	for _, a := range aggs {
		r.aggregates[a.Name] = append(r.aggregates[a.Name], a)
	}
}

// Functions returns the overloads of a name.
func (r *Registry) Functions(name string) []*Function { return r.functions[name] }

// IsAggregate reports whether some aggregate has this name.
func (r *Registry) IsAggregate(name string) bool { return len(r.aggregates[name]) > 0 }

// All visits everything there is, in no order. A visitor that is nil is left out.
func (r *Registry) All(function func(*Function), operator func(*Operator), aggregate func(*Aggregate)) {
	for _, list := range r.functions {
		for _, f := range list {
			if function != nil {
				function(f)
			}
		}
	}
	for _, list := range r.operators {
		for _, o := range list {
			if operator != nil {
				operator(o)
			}
		}
	}
	for _, list := range r.aggregates {
		for _, a := range list {
			if aggregate != nil {
				aggregate(a)
			}
		}
	}
}

// FindOperator returns the operator with exactly these operand types, or nil. A planner uses it to commute and negate,
// and to compare values of one type.
func (r *Registry) FindOperator(name string, left, right OID) *Operator {
	for _, o := range r.operators[name] {
		if o.Left == left && o.Right == right {
			return o
		}
	}
	return nil
}

// Commute returns op with its operands exchanged, or nil if there is no such operator.
func (r *Registry) Commute(op *Operator) *Operator {
	if op.Commutator == "" {
		return nil
	}
	return r.FindOperator(op.Commutator, op.Right, op.Left)
}

// Negate returns the operator with the opposite result, or nil.
func (r *Registry) Negate(op *Operator) *Operator {
	if op.Negator == "" {
		return nil
	}
	return r.FindOperator(op.Negator, op.Left, op.Right)
}

func sameTypes(a, b []OID) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
