package exec

import (
	"strings"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/plan"
)

// CheckRow reports the first rule that a new row breaks: a column that may not be null, then the CHECKs in their order.
func CheckRow(ec *expr.EvalCtx, t *plan.Table, checks []plan.Check, row Row) error {
	if err := CheckNotNull(t, row); err != nil {
		return err
	}
	for i := range checks {
		v, err := checks[i].Cond.Eval(ec, row)
		if err != nil {
			return err
		}
		if !v.Null && !v.Bool() {
			return pgerr.New(pgerr.CheckViolation, `new row for relation "%s" violates check constraint "%s"`, t.Name, checks[i].Name).
				WithDetail("Failing row contains %s.", describeRow(t, row)).WithTable(t.Schema, t.Name).WithConstraint(checks[i].Name)
		}
	}
	return nil
}

// DuplicateKey is the error for a row that a unique index did not take: values is its key.
func DuplicateKey(t *plan.Table, idx *am.Index, values []datum.Datum) error {
	names, texts := KeyText(idx, values)
	return pgerr.New(pgerr.UniqueViolation, `duplicate key value violates unique constraint "%s"`, idx.Name).
		WithDetail("Key (%s)=(%s) already exists.", names, texts).WithTable(t.Schema, t.Name).WithConstraint(idx.Name)
}

// KeyText lists the columns of an index and the values of a key, as messages show them.
func KeyText(idx *am.Index, values []datum.Datum) (names, texts string) {
	n, v := make([]string, len(idx.Columns)), make([]string, len(idx.Columns))
	for i, c := range idx.Columns {
		n[i] = expr.QuoteIdent(c.Name)
		if values[i].Null {
			v[i] = "null"
			continue
		}
		v[i] = datum.MustLookup(c.Type).String(values[i])
	}
	return strings.Join(n, ", "), strings.Join(v, ", ")
}
