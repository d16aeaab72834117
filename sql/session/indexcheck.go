package session

import (
	"strings"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
)

// registerIndexChecks adds bt_index_check as PostgreSQL's extension amcheck has it, for superusers: nothing, or an error that says what is wrong.
// The structure is looked over in any case, parents included; with a true second argument every row has to be found as well.
func (db *DB) registerIndexChecks() {
	check := func(ec *expr.EvalCtx, index datum.Datum, rows bool) (datum.Datum, error) {
		s := of(ec)
		if !s.superuser() {
			return datum.Datum{}, pgerr.New(pgerr.InsufficientPrivilege, "permission denied for function bt_index_check")
		}
		var problems []string
		err := db.maintain.CheckBTree(ec.Context, s.tx.txn, uint32(index.I), rows, func(problem string) { problems = append(problems, problem) })
		if err == nil && len(problems) > 0 {
			e := pgerr.New(pgerr.IndexCorrupted, "%s", problems[0]).WithHint("REINDEX makes the index anew. If this comes again, the table or the disk needs a look.")
			if len(problems) > 1 {
				e = e.WithDetail("Further problems:\n%s", strings.Join(problems[1:], "\n"))
			}
			err = e
		}
		return datum.Datum{}, err
	}
	structure := fn("bt_index_check", datum.Void, expr.Volatile, datum.Regclass)
	structure.Eval1 = func(ec *expr.EvalCtx, a datum.Datum) (datum.Datum, error) { return check(ec, a, false) }
	all := fn("bt_index_check", datum.Void, expr.Volatile, datum.Regclass, datum.Bool)
	all.Eval2 = func(ec *expr.EvalCtx, a, b datum.Datum) (datum.Datum, error) { return check(ec, a, b.Bool()) }
	db.registry.Register(structure, all)
}
