package expr_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// A question about aggregates reads "sum(x) from integer {1,2,null}": the column x holds the array's elements.
func TestAggregatesGolden(t *testing.T) {
	golden{dir: "aggregates", ours: aggregateOurs, theirs: func(t *testing.T, conn *pgconn.PgConn, question string) string {
		call, typ, array := splitAggregate(question)
		return theirs(t, conn, call+" FROM unnest('"+array+"'::"+typ+"[]) AS x")
	}}.run(t)
}

func splitAggregate(question string) (call, typ, array string) {
	call, rest, _ := strings.Cut(question, " from ")
	typ, array, _ = strings.Cut(rest, " {")
	return call, typ, "{" + array
}

func aggregateOurs(env *datum.Env, question string) string {
	call, typ, array := splitAggregate(question)
	element := datum.LookupName(typ)
	value, err := datum.Lookup(element.Array).ParseText(array, -1)
	if err != nil {
		return errorText(err)
	}
	list, err := value.Array(element.OID)
	if err != nil {
		return errorText(err)
	}
	f := newFromSQL(env)
	f.columns = map[string]*expr.ColumnRef{"x": {T: expr.TypeOf(element.OID), Name: "x"}}
	e, err := f.parse(call)
	if err != nil {
		return errorText(err)
	}
	ctx := expr.NewContext()
	// The aggregates of the expression become columns after x.
	row := []datum.Datum{{}}
	e, err = expr.Rewrite(e, func(n expr.Expr) (expr.Expr, error) {
		ref, ok := n.(*expr.AggRef)
		if !ok {
			return n, nil
		}
		d, err := runAggregate(ctx, ref, list)
		row = append(row, d)
		return &expr.ColumnRef{Index: len(row) - 1, T: ref.T}, err
	})
	if err != nil {
		return errorText(err)
	}
	d, err := expr.Compile(e)(ctx, row)
	if err != nil {
		return errorText(err)
	}
	return show(env, e.Type(), d)
}

func runAggregate(ctx *expr.EvalCtx, ref *expr.AggRef, list []datum.Datum) (datum.Datum, error) {
	compiled := expr.CompileAggregate(ref)
	state := compiled.NewState()
	for _, x := range list {
		if err := compiled.Add(ctx, state, []datum.Datum{x}); err != nil {
			return datum.Datum{}, err
		}
	}
	if _, err := state.Result(ctx); err != nil { // asking does not change the answer
		return datum.Datum{}, err
	}
	return state.Result(ctx)
}

// A question about parameters is an expression with $1, $2 …; the answer is the types they get.
func TestParamsGolden(t *testing.T) {
	golden{dir: "params", ours: func(env *datum.Env, question string) string {
		f := newFromSQL(env)
		if _, err := f.parse(question); err != nil {
			return errorText(err)
		}
		types, err := f.Params.Check()
		if err != nil {
			return errorText(err)
		}
		return typeNames(types)
	}, theirs: func(t *testing.T, conn *pgconn.PgConn, question string) string {
		d, err := conn.Prepare(t.Context(), "", "SELECT "+question, nil)
		if err != nil {
			return serverError(t, err)
		}
		var types []datum.OID
		for _, oid := range d.ParamOIDs {
			types = append(types, datum.OID(oid))
		}
		return typeNames(types)
	}}.run(t)
}

// typeNames prints a list of types.
func typeNames(types []datum.OID) string {
	var names []string
	for _, oid := range types {
		names = append(names, datum.Type{OID: oid, Mod: -1}.String())
	}
	return strings.Join(names, ", ")
}

// A question about printing is a condition over the table (a int, b text, c int8, d varchar, e float8, f bool, n numeric, t
// timestamptz); the answer is what EXPLAIN shows as the filter.
func TestDeparseGolden(t *testing.T) {
	golden{dir: "deparse", ours: func(env *datum.Env, question string) string {
		f := newFromSQL(env)
		f.columns = map[string]*expr.ColumnRef{}
		for i, c := range []struct {
			name string
			oid  datum.OID
		}{{"a", datum.Int4}, {"b", datum.Text}, {"c", datum.Int8}, {"d", datum.Varchar}, {"e", datum.Float8}, {"f", datum.Bool},
			{"n", datum.Numeric}, {"t", datum.Timestamptz}} {
			f.columns[c.name] = &expr.ColumnRef{Index: i, T: expr.TypeOf(c.oid), Name: c.name}
		}
		e, err := f.parse(question)
		if err != nil {
			return errorText(err)
		}
		return expr.Deparse(f.SimplifyCondition(e, nil), nil)
	}, theirs: func(t *testing.T, conn *pgconn.PgConn, question string) string {
		results, err := conn.Exec(t.Context(), `CREATE TEMP TABLE IF NOT EXISTS deparse(a int, b text, c int8, d varchar, e float8, f bool,
			n numeric, t timestamptz); EXPLAIN (COSTS OFF) SELECT FROM deparse WHERE `+question).ReadAll()
		if err != nil {
			return serverError(t, err)
		}
		for _, row := range results[len(results)-1].Rows {
			if _, filter, ok := strings.Cut(string(row[0]), "Filter: "); ok {
				return filter
			}
		}
		return "no filter"
	}}.run(t)
}
