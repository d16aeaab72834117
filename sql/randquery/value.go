package randquery

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"strings"
)

// Value is an int, a string, a bool, or nil for NULL.
type Value any

// Kind is a type of the schema. The integers come first, narrow to wide.
type Kind uint8

// The kinds.
const (
	Int2 Kind = iota + 1
	Int4
	Int8
	Text
	Bool
)

func (k Kind) integer() bool { return k <= Int8 }

func (k Kind) String() string { return [...]string{"", "int2", "int4", "int8", "text", "bool"}[k] }

// fits reports an overflow of an integer type as its error.
func (k Kind) fits(n *big.Int) Value {
	limit := map[Kind]int{Int2: math.MaxInt16, Int4: math.MaxInt32, Int8: math.MaxInt64}[k]
	if !n.IsInt64() || int(n.Int64()) > limit || int(n.Int64()) < -limit-1 {
		panic(Error("22003"))
	}
	return int(n.Int64())
}

// compare orders two values that are not NULL and of one class.
func compare(a, b Value) int {
	switch x := a.(type) {
	case int:
		return cmp.Compare(x, b.(int))
	case string:
		return strings.Compare(x, b.(string))
	}
	if a == b {
		return 0
	}
	if a.(bool) {
		return 1
	}
	return -1
}

// compareRows compares as DISTINCT, GROUP BY and set operations do: NULL equals NULL, and comes last.
func compareRows(a, b []Value) int {
	for i := range a {
		switch {
		case a[i] == nil && b[i] == nil:
		case a[i] == nil:
			return 1
		case b[i] == nil:
			return -1
		default:
			if c := compare(a[i], b[i]); c != 0 {
				return c
			}
		}
	}
	return 0
}

// show writes a value as a server's text format does.
func show(v Value) string {
	switch x := v.(type) {
	case nil:
		return Null
	case bool:
		return fmt.Sprint(x)[:1]
	}
	return fmt.Sprint(v)
}

// Null stands for NULL in the rows of answers.
const Null = "∅"

// Error is the SQLSTATE of an error in evaluating.
type Error string

func (e Error) Error() string { return "SQLSTATE " + string(e) }

// EvaluationError reports whether an SQLSTATE is of those that depend on the order of evaluation, by Q3: data exceptions and cardinality
// violations.
func EvaluationError(code string) bool {
	return strings.HasPrefix(code, "22") || strings.HasPrefix(code, "21")
}
