package expr_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// edges are the texts of awkward values of each type.
var edges = map[datum.OID][]string{
	datum.Bool: {"t", "f"}, datum.Int2: {"0", "-1", "-32768", "32767"}, datum.Int4: {"0", "1", "-1", "5", "-2147483648", "2147483647"},
	datum.Int8:    {"0", "-1", "3", "-9223372036854775808", "9223372036854775807"},
	datum.Float4:  {"0", "-1.5", "3.4028235e+38", "1e-45", "NaN", "Infinity", "-Infinity"},
	datum.Float8:  {"0", "-0", "-1", "0.5", "1e300", "5e-324", "NaN", "Infinity", "-Infinity"},
	datum.Numeric: {"0", "0.00", "-1", "1.5", "1e100", "1e-100", "-99999999999999999999.99999", "NaN", "Infinity", "-Infinity"},
	datum.Text:    {"", "a", "héllo", "%", "\\", "(", "[", "day", "UTC", "5", "x{2000}", "(?i)", "%*$s"}, datum.Varchar: {"", "x"},
	datum.Name: {"", "utf8"}, datum.Char: {"", "a"}, datum.Bytea: {"\\x", "\\x00ff"}, datum.UUID: {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	datum.Date:        {"2000-01-01", "4714-11-24 BC", "5874897-12-31", "infinity", "-infinity"},
	datum.Timestamp:   {"2024-02-29 10:00:00.5", "4714-11-24 00:00:00 BC", "294276-12-31 23:59:59.999999", "infinity", "-infinity"},
	datum.Timestamptz: {"2024-02-29 10:00:00.5+00", "4714-11-24 00:00:00+00 BC", "294276-12-31 23:59:59.999999+00", "infinity", "-infinity"},
	datum.Interval:    {"0", "1 mon -1 day", "-2147483648 months", "2147483647 days", "1000000000000 seconds"},
	datum.PgLSN:       {"0/0", "FFFFFFFF/FFFFFFFF"}, datum.OIDType: {"0", "4294967295"}, datum.Regclass: {"0"}, datum.Regtype: {"integer"},
	datum.Regproc: {"0", "77"}, datum.Regprocedure: {"77"}, datum.Regoper: {"0", "77"}, datum.Regoperator: {"77"}, datum.Regrole: {"10"},
	datum.Regnamespace: {"11"}, datum.BPChar: {"", "a  ", "é"}, datum.NodeTree: {"a > 0"}, datum.ACLItem: {"a=r/b"},
	datum.Unknown: {"", "x"}, datum.Void: {""},
}

func edgeValues(t *testing.T, oid datum.OID) []datum.Datum {
	info := datum.MustLookup(oid)
	if info.Elem != 0 {
		values := edgeValues(t, info.Elem)
		if oid == datum.Int2Vector || oid == datum.OIDVector { // which have no nulls
			return []datum.Datum{datum.NewVector(info.Elem, nil), datum.NewVector(info.Elem, values)}
		}
		return []datum.Datum{datum.NewArray(info.Elem, nil), datum.NewArray(info.Elem, append(values, datum.NewNull()))}
	}
	require.NotEmpty(t, edges[oid], info.Name)
	var list []datum.Datum
	for _, text := range edges[oid] {
		d, err := info.ParseText(text, -1)
		require.NoError(t, err, "%s %q", info.Name, text)
		list = append(list, d)
	}
	return list
}

// combinations calls visit with every combination of edge values and nulls for the argument types, up to a number.
func combinations(t *testing.T, args []datum.OID, visit func([]datum.Datum)) {
	choices := make([][]datum.Datum, len(args))
	total := 1
	for i, oid := range args {
		choices[i] = append(edgeValues(t, oid), datum.NewNull())
		total *= len(choices[i])
	}
	const limit = 4000
	step := max(total/limit, 1)
	for n := 0; n < total; n += step {
		row, rest := make([]datum.Datum, len(args)), n
		for i := range args {
			row[i] = choices[i][rest%len(choices[i])]
			rest /= len(choices[i])
		}
		visit(row)
	}
}

// concrete replaces the pseudo-types.
func concrete(args []datum.OID) []datum.OID {
	out := make([]datum.OID, len(args))
	for i, t := range args {
		switch t {
		case expr.Any, expr.AnyElement, expr.AnyNonArray:
			t = datum.Int4
		}
		out[i] = t
	}
	return out
}

// checkValue evaluates a call over a row of its arguments: a value must print, read back and compare equal, an error must have a
// code of its own.
func checkValue(t *testing.T, what string, e expr.Expr, row []datum.Datum) {
	ctx := expr.NewContext()
	defer func() {
		if p := recover(); p != nil {
			panic(fmt.Sprintf("%s over %v: %v", what, row, p))
		}
	}()
	if call, ok := e.(*expr.Call); ok && call.Fn.Set != nil {
		next, err := expr.Rows(ctx, call.Fn, row)
		for n := 0; err == nil && n < 10; n++ {
			var ok bool
			if _, ok, err = next(); !ok {
				break
			}
		}
		return
	}
	d, err := expr.Compile(e)(ctx, row)
	if err != nil {
		require.NotEqual(t, pgerr.InternalError, pgerr.CodeOf(err), "%s: %v", what, err)
		return
	}
	info := datum.MustLookup(e.Type().OID)
	if d.Null || info.OID == datum.Void || info.OID == datum.Char {
		return
	}
	text := string(info.AppendText(nil, d))
	back, err := info.ParseText(text, -1)
	require.NoError(t, err, "%s over %v", what, row)
	require.Zero(t, info.Compare(d, back), "%s over %v: %s", what, row, text)
	require.NoError(t, datum.ValidateUTF8(text))
}

// By X5 nothing panics: every function, operator, cast and aggregate is called with awkward arguments.
func TestEveryBuiltinOverEdges(t *testing.T) {
	r := expr.NewRegistry()
	b := expr.Builder{Registry: r}
	columns := func(args []datum.OID) []expr.Expr {
		var list []expr.Expr
		for i, oid := range args {
			list = append(list, &expr.ColumnRef{Index: i, T: expr.TypeOf(oid), Name: "c"})
		}
		return list
	}
	r.All(func(f *expr.Function) {
		args := concrete(f.Args)
		e, err := b.Call(f.Name, columns(args))
		require.NoError(t, err, f.Name)
		combinations(t, args, func(row []datum.Datum) { checkValue(t, fmt.Sprintf("%s%v", f.Name, args), e, row) })
	}, func(o *expr.Operator) {
		args := concrete([]datum.OID{o.Left, o.Right})
		var e expr.Expr
		var err error
		if o.Left == 0 {
			args = args[1:]
			e, err = b.Op(o.Name, nil, columns(args)[0])
		} else {
			c := columns(args)
			e, err = b.Op(o.Name, c[0], c[1])
		}
		require.NoError(t, err, o.Name)
		combinations(t, args, func(row []datum.Datum) { checkValue(t, fmt.Sprintf("%s%v", o.Name, args), e, row) })
	}, func(a *expr.Aggregate) {
		args := concrete(a.Args)
		e, err := b.Aggregate(a.Name, columns(args), expr.AggOptions{Star: len(args) == 0})
		require.NoError(t, err, a.Name)
		call, ctx := expr.CompileAggregate(e.(*expr.AggRef)), expr.NewContext()
		state := call.NewState()
		combinations(t, args, func(row []datum.Datum) {
			if err := call.Add(ctx, state, row); err != nil {
				require.NotEqual(t, pgerr.InternalError, pgerr.CodeOf(err), a.Name)
			}
			_, err := state.Result(ctx)
			require.NotEqual(t, pgerr.InternalError, pgerr.CodeOf(err), a.Name)
		})
	})
	for _, from := range datum.Types() {
		for _, to := range datum.Types() {
			e, err := b.Cast(columns([]datum.OID{from.OID})[0], expr.TypeOf(to.OID))
			if err != nil {
				continue
			}
			combinations(t, []datum.OID{from.OID}, func(row []datum.Datum) { checkValue(t, from.Name+" to "+to.Name, e, row) })
		}
	}
}
