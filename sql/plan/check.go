package plan

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// Check is a CHECK constraint of a table, over a row of it.
type Check struct {
	Name string
	Cond *Scalar // null counts as true
}

var inCheck = clause{"check constraints", false, false}

// CheckCondition analyses the expression of a CHECK over the columns of t. It returns the positions of the columns that it mentions, in
// ascending order.
func CheckCondition(env *Env, query string, n *pg_query.Node, t *Table) (expr.Expr, []int, error) {
	a := newAnalyzer(env, query, nil)
	sc := &scope{rels: []scopeRel{{alias: t.Name, table: t.Name, schema: t.Schema, columns: tableColumns(t)}}}
	var out expr.Expr
	err := a.in(inCheck, func() error {
		e, err := a.expr(sc, n)
		if err != nil {
			return err
		}
		out, err = a.b.Boolean(e, "CHECK")
		return a.at(err, locationOf(n))
	})
	if err != nil {
		return nil, nil, err
	}
	var columns []int
	expr.Columns(out, func(c *expr.ColumnRef) { columns = append(columns, c.Attr) })
	slices.Sort(columns)
	return out, slices.Compact(columns), nil
}

// NewCheck prepares a condition for running.
func NewCheck(env *Env, name string, e expr.Expr) Check {
	return Check{Name: name, Cond: NewScalar(env, e)}
}

// Using analyses the USING expression of ALTER COLUMN … TYPE, over the columns of t, as an assignment to a column of type typ. Without an
// expression it is the column itself, and ok is false if there is no cast that an assignment would use.
func Using(env *Env, query string, n *pg_query.Node, t *Table, attr int, typ datum.Type) (e *Scalar, ok bool, err error) {
	a := newAnalyzer(env, query, nil)
	c := &t.Columns[attr]
	var in expr.Expr = &expr.ColumnRef{Index: attr, Attr: attr, T: c.Type, Name: c.Name}
	if n != nil {
		sc := &scope{rels: []scopeRel{{alias: t.Name, table: t.Name, schema: t.Schema, columns: tableColumns(t)}}}
		err = a.in(clause{"transform expressions", false, false}, func() error {
			in, err = a.expr(sc, n)
			return err
		})
		if err != nil {
			return nil, false, err
		}
	}
	if !expr.CanCoerce(in.Type().OID, typ.OID, expr.Assignment) {
		return nil, false, nil
	}
	out, err := a.b.Assign(in, typ, c.Name)
	if err != nil {
		return nil, false, err
	}
	return compile(out), true, nil
}

// NewScalar prepares an expression that is no part of a query for running.
func NewScalar(env *Env, e expr.Expr) *Scalar {
	return compile(newAnalyzer(env, "", nil).b.Simplify(e, env.Eval))
}
