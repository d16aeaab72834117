package expr

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/ordkey"
)

// Expr is a node of an expression tree.
type Expr interface {
	// Type returns the type of the node's value.
	Type() datum.Type
	// children returns the arguments in order; with replaces them all. They are for Walk and Rewrite.
	children() []Expr
	with(children []Expr) Expr
}

// Const is a value known beforehand. A literal that no context gave a type to yet has the type unknown and its text in D.S.
type Const struct {
	D datum.Datum
	T datum.Type
	// Pos is the place in the statement for errors, in characters from 1; 0 if there is none.
	Pos int
}

// Param is a parameter, $1 having index 0.
type Param struct {
	Index int
	T     datum.Type
	Pos   int
}

// ColumnRef reads a place of the input row.
type ColumnRef struct {
	// Index is the place in the row.
	Index int
	T     datum.Type
	// Name is what Deparse prints, quoted as needed.
	Name string
	// Rel is free for the planner: which relation of the range table, for instance.
	Rel int
	// Attr is free for the planner: the column's number in its table.
	Attr int
	Pos  int
}

// Call is a call of a function by name, set-returning ones included.
type Call struct {
	Fn   *Function
	Args []Expr
	T    datum.Type
	// Syntax says that the call was written in SQL's own words, as AT TIME ZONE is, and is printed so.
	Syntax bool
}

// OpExpr applies an operator. A prefix operator has one argument.
type OpExpr struct {
	Op   *Operator
	Args []Expr
	T    datum.Type
}

// And is true if all arguments are, false if any is false, else null.
type And struct{ Args []Expr }

// Or is true if any argument is, false if all are false, else null.
type Or struct{ Args []Expr }

// Not negates.
type Not struct{ Arg Expr }

// IsNull is IS NULL, or IS NOT NULL if Negated.
type IsNull struct {
	Arg     Expr
	Negated bool
}

// TestKind is the truth value that a BooleanTest asks for.
type TestKind uint8

// The boolean tests.
const (
	IsTrue TestKind = iota
	IsNotTrue
	IsFalse
	IsNotFalse
	IsUnknown
	IsNotUnknown
)

// BooleanTest is IS TRUE and its kin; it is never null.
type BooleanTest struct {
	Arg  Expr
	Kind TestKind
}

// When is one arm of a Case.
type When struct{ Cond, Result Expr }

// Case is CASE. With an Operand, the conditions compare a CaseTest, which stands for its value, and the operand is evaluated
// once. Else is never nil.
type Case struct {
	Operand Expr
	Whens   []When
	Else    Expr
	T       datum.Type
}

// CaseTest is the value of the innermost Case's operand.
type CaseTest struct{ T datum.Type }

// ScalarArray compares Arg with each element of List, or of the array Array if that is set: true if one fits (ANY), or
// if All do. IN is = ANY, NOT IN is <> ALL.
type ScalarArray struct {
	Op    *Operator
	Arg   Expr
	List  []Expr
	Array Expr
	All   bool
}

// Coalesce is the first argument that is not null.
type Coalesce struct {
	Args []Expr
	T    datum.Type
}

// NullIf is null if Op says that A and B are equal, else A.
type NullIf struct {
	Op   *Operator
	A, B Expr
}

// MinMax is GREATEST or LEAST; nulls are passed over.
type MinMax struct {
	Greatest bool
	Args     []Expr
	T        datum.Type
}

// Distinct is IS DISTINCT FROM, or IS NOT DISTINCT FROM if Negated. Op is the equality.
type Distinct struct {
	Op      *Operator
	A, B    Expr
	Negated bool
}

// CastMethod says how a Cast gets its value.
type CastMethod uint8

// The methods of casts.
const (
	// CastRelabel changes the type and leaves the value.
	CastRelabel CastMethod = iota
	// CastFunc calls a conversion function.
	CastFunc
	// CastIO prints the value and reads the text.
	CastIO
	// CastModifier fits a value to the modifier of its own type.
	CastModifier
)

// Cast converts its argument to T.
type Cast struct {
	Arg      Expr
	T        datum.Type
	Method   CastMethod
	Fn       *Function // for CastFunc
	Explicit bool
}

// SortKey orders the input of an aggregate.
type SortKey struct {
	Expr Expr
	ordkey.Order
}

// AggRef is a call of an aggregate. The planner replaces it by a ColumnRef to the output of the aggregation.
type AggRef struct {
	Agg      *Aggregate
	Args     []Expr // empty for count(*)
	Distinct bool
	Filter   Expr
	OrderBy  []SortKey
	T        datum.Type
	Pos      int
}

var boolType = datum.Type{OID: datum.Bool, Mod: -1}

// TypeOf returns the type with this OID and no modifier.
func TypeOf(oid datum.OID) datum.Type { return datum.Type{OID: oid, Mod: -1} }

// NewConst returns a constant.
func NewConst(d datum.Datum, oid datum.OID) *Const { return &Const{D: d, T: TypeOf(oid)} }

// Type methods: each node knows or derives its type.

func (e *Const) Type() datum.Type     { return e.T }
func (e *Param) Type() datum.Type     { return e.T }
func (e *ColumnRef) Type() datum.Type { return e.T }
func (e *Call) Type() datum.Type      { return e.T }
func (e *OpExpr) Type() datum.Type    { return e.T }
func (*And) Type() datum.Type         { return boolType }
func (*Or) Type() datum.Type          { return boolType }
func (*Not) Type() datum.Type         { return boolType }
func (*IsNull) Type() datum.Type      { return boolType }
func (*BooleanTest) Type() datum.Type { return boolType }
func (e *Case) Type() datum.Type      { return e.T }
func (e *CaseTest) Type() datum.Type  { return e.T }
func (*ScalarArray) Type() datum.Type { return boolType }
func (e *Coalesce) Type() datum.Type  { return e.T }
func (e *NullIf) Type() datum.Type    { return e.A.Type() }
func (e *MinMax) Type() datum.Type    { return e.T }
func (*Distinct) Type() datum.Type    { return boolType }
func (e *Cast) Type() datum.Type      { return e.T }
func (e *AggRef) Type() datum.Type    { return e.T }
