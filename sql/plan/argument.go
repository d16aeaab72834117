package plan

import (
	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

var inExecute = clause{"EXECUTE parameters", false, false}

// Argument analyses the value that EXECUTE gives for parameter $number: an expression without columns that gives type t.
func Argument(env *Env, query string, n *pg_query.Node, number int, t datum.OID) (expr.Expr, error) {
	a := newAnalyzer(env, query, nil)
	var out expr.Expr
	err := a.in(inExecute, func() error {
		e, err := a.expr(&scope{}, n)
		if err != nil {
			return err
		}
		if !expr.CanCoerce(e.Type().OID, t, expr.Assignment) {
			return a.errorf(locationOf(n), pgerr.DatatypeMismatch, "parameter $%d of type %s cannot be coerced to the expected type %s",
				number, expr.TypeName(e.Type().OID), expr.TypeName(t)).
				WithHint("You will need to rewrite or cast the expression.")
		}
		out, err = a.b.Coerce(e, expr.TypeOf(t), expr.Assignment)
		return err
	})
	return out, err
}
