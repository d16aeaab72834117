package expr_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

func benchColumns() map[string]*expr.ColumnRef {
	return map[string]*expr.ColumnRef{
		"a": {Index: 0, T: expr.TypeOf(datum.Int4), Name: "a"}, "b": {Index: 1, T: expr.TypeOf(datum.Text), Name: "b"},
		"c": {Index: 2, T: expr.TypeOf(datum.Int8), Name: "c"}, "e": {Index: 3, T: expr.TypeOf(datum.Float8), Name: "e"},
		"n": {Index: 4, T: expr.TypeOf(datum.Numeric), Name: "n"},
	}
}

var benchRow = []datum.Datum{datum.NewInt(42), datum.NewText("some text"), datum.NewInt(1 << 40), datum.NewFloat(2.5), datum.NewNumericInt(12345)}

func compiled(b testing.TB, sql string) expr.Eval {
	f := newFromSQL(nil)
	f.columns = benchColumns()
	e, err := f.parse(sql)
	require.NoError(b, err)
	return expr.Compile(f.Simplify(e, nil))
}

func BenchmarkEval(b *testing.B) {
	for _, sql := range []string{
		"a = 42", "a > 40 and b = 'some text'", "b like '%text'", "b ~ 't.xt'", "a in (1,2,3,4,5,6,7,8,9,42)", "a + 1", "c * 2 + a", "e * 1.5::float8",
		"n + 1", "n / 7", "case when a > 5 then 'x' else 'y' end", "md5(b)", "lower(b)", "coalesce(null, a)", "substr(b, 2, 3)",
	} {
		b.Run(sql, func(b *testing.B) {
			eval, ctx := compiled(b, sql), expr.NewContext()
			b.ReportAllocs()
			for b.Loop() {
				_, _ = eval(ctx, benchRow)
			}
		})
	}
}

func BenchmarkAggregate(b *testing.B) {
	for _, sql := range []string{"count(*)", "sum(a)", "sum(c)", "avg(a)", "max(b)", "sum(n)"} {
		b.Run(sql, func(b *testing.B) {
			f := newFromSQL(nil)
			f.columns = benchColumns()
			e, err := f.parse(sql)
			require.NoError(b, err)
			call, ctx := expr.CompileAggregate(e.(*expr.AggRef)), expr.NewContext()
			state := call.NewState()
			b.ReportAllocs()
			for b.Loop() {
				_ = call.Add(ctx, state, benchRow)
			}
		})
	}
}

// What filters are made of does not allocate.
func TestFiltersDoNotAllocate(t *testing.T) {
	for _, sql := range []string{"a = 42", "a > 40 and b = 'some text'", "b like '%text'", "a in (1,2,3,4,5,6,7,8,9,42)", "c * 2 + a > 5", "e > 1.5",
		"n > 5", "a between 1 and 50 or b is null"} {
		eval, ctx := compiled(t, sql), expr.NewContext()
		require.Zero(t, testing.AllocsPerRun(50, func() { _, _ = eval(ctx, benchRow) }), sql)
	}
}
