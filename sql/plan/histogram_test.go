package plan

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// numbers is a table of 1000 rows with one int4 column: a tenth null, 7 in a fifth of the rows, and 0 to 100 evenly in the others.
func numbers() (*estimator, *expr.ColumnRef) {
	c := TableColumn{Type: datum.Type{OID: datum.Int4}, Distinct: 101, NullFraction: 0.1, Common: []datum.Datum{datum.NewInt(7)}, Frequencies: []float64{0.2}}
	for i := range 11 {
		c.Bounds = append(c.Bounds, datum.NewInt(int64(i*10)))
	}
	rel := &Rel{Kind: RelTable, Table: &Table{Columns: []TableColumn{c}, Tuples: 1000}}
	return &estimator{rels: []*Rel{rel}}, &expr.ColumnRef{T: c.Type}
}

// The expected figures follow PostgreSQL's formulas; 70 per cent of the rows are in the histogram, 0.7 per cent each value of it.
func TestSelectivityByStatistics(t *testing.T) {
	s, c := numbers()
	for _, k := range []struct {
		op   string
		v    int64
		want float64
	}{
		{"=", 7, 0.2},
		{"=", 8, 0.007},
		{"<>", 7, 0.7},
		{"<>", 8, 0.893},
		{"<", -5, 0.0007}, // the ends of a histogram without an index are not trusted
		{"<", 7, 0.7 * 0.063},
		{"<=", 7, 0.2 + 0.7*0.073},
		{"<", 50, 0.2 + .7*.49},
		{"<=", 50, 0.2 + .7*.5},
		{">", 50, 0.7 * .5},
		{">=", 50, 0.7 * .51},
		{">", 1000, 0.0007},
		{"<", 1000, 0.2 + 0.7*.999},
	} {
		op := &expr.Operator{Name: k.op}
		e := &expr.OpExpr{Op: op, Args: []expr.Expr{c, expr.NewConst(datum.NewInt(k.v), datum.Int4)}}
		require.InDelta(t, k.want, s.condition(e), 0.0005, "%s %d", k.op, k.v)
	}
	both := func(low, high int64) float64 {
		return s.conjunction([]expr.Expr{
			&expr.OpExpr{Op: &expr.Operator{Name: ">"}, Args: []expr.Expr{c, expr.NewConst(datum.NewInt(low), datum.Int4)}},
			&expr.OpExpr{Op: &expr.Operator{Name: "<="}, Args: []expr.Expr{c, expr.NewConst(datum.NewInt(high), datum.Int4)}},
		})
	}
	require.InDelta(t, 0.7*0.2, both(40, 60), 1e-6)
	require.Less(t, both(60, 60), 0.001, "an empty range")
}

func TestInterpolate(t *testing.T) {
	text := func(v, low, high string) float64 {
		return interpolate(datum.Text, datum.NewText(v), datum.NewText(low), datum.NewText(high))
	}
	require.InDelta(t, 0.5, text("n", "a", "z"), 0.05)
	require.InDelta(t, 0.5, text("row 5", "row 0", "row 9"), 0.1)
	require.Equal(t, 0.0, text("a", "b", "c"))
	require.Equal(t, 1.0, text("d", "b", "c"))
	require.Equal(t, 0.5, text("b", "b", "b"))
	number := func(v, low, high string) float64 {
		info := datum.MustLookup(datum.Numeric)
		var d [3]datum.Datum
		for i, s := range []string{v, low, high} {
			var err error
			d[i], err = info.ParseText(s, -1)
			require.NoError(t, err)
		}
		return interpolate(datum.Numeric, d[0], d[1], d[2])
	}
	require.InDelta(t, 0.25, number("2.5", "0", "10"), 1e-9)
	require.Equal(t, 0.5, number("NaN", "0", "NaN"))
}
