package expr_test

import (
	"fmt"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// A filter over a row of one integer column.
func Example() {
	b := expr.Builder{Registry: expr.NewRegistry(), Params: &expr.Params{}}
	column := &expr.ColumnRef{Index: 0, T: expr.TypeOf(datum.Int4), Name: "a"}
	param, _ := b.Param(1, 0)
	sum, _ := b.Op("+", column, param) // $1 becomes an integer
	cond, _ := b.Op(">", sum, b.Literal("10", 0))
	cond = b.SimplifyCondition(cond, nil)
	fmt.Println(expr.Deparse(cond, nil))

	ctx := expr.NewContext()
	ctx.Params = []datum.Datum{datum.NewInt(7)}
	filter := expr.CompileFilter(cond)
	for _, a := range []int64{3, 4} {
		ok, err := filter(ctx, []datum.Datum{datum.NewInt(a)})
		fmt.Println(a, ok, err)
	}
	_, err := b.Op("+", column, b.Bool(true))
	fmt.Println(err)
	// Output:
	// ((a + $1) > 10)
	// 3 false <nil>
	// 4 true <nil>
	// operator does not exist: integer + boolean
}
