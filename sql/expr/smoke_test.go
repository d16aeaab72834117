package expr_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

func TestBuildSimplifyCompile(t *testing.T) {
	b := expr.Builder{Registry: expr.NewRegistry(), Params: &expr.Params{}}
	column := &expr.ColumnRef{Index: 0, T: expr.TypeOf(datum.Int4), Name: "a"}
	p, err := b.Param(1, 0)
	require.NoError(t, err)
	sum, err := b.Op("+", column, p)
	require.NoError(t, err)
	cond, err := b.Op(">", sum, b.Literal("10", 5))
	require.NoError(t, err)
	types, err := b.Params.Check()
	require.NoError(t, err)
	require.Equal(t, []datum.OID{datum.Int4}, types)
	require.Equal(t, "((a + $1) > 10)", expr.Deparse(b.Simplify(cond, nil), nil))
	ctx := expr.NewContext()
	ctx.Params = []datum.Datum{datum.NewInt(7)}
	ok, err := expr.CompileFilter(cond)(ctx, []datum.Datum{datum.NewInt(4)})
	require.NoError(t, err)
	require.True(t, ok)
}
