package clienttest

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quiredb/quire/sql/randquery"
)

// Random queries over three tables, put to Quire, to the slow evaluator and, where there is one, to a PostgreSQL 15. A failing query is
// shrunk. More of them: go test ./clienttest -run RandomJoins -rapid.checks 5000
func TestRandomJoins(t *testing.T) {
	quire.watch(t)
	theirs := postgres.connect(t)
	ours := quire.connect(t)
	sides := []*pgx.Conn{ours}
	if theirs != nil {
		sides = append(sides, theirs)
	}
	for _, conn := range sides {
		exec1(t, conn, randquery.Drop)
		exec1(t, conn, "set statement_timeout = '10s'")
		exec1(t, conn, randquery.Schema)
		exec1(t, conn, randquery.Rows)
	}
	needBtree(t, ours)
	exec1(t, ours, randquery.Indexes("btree"))
	exec1(t, ours, "vacuum")
	if theirs != nil {
		exec1(t, theirs, "set jit = off") // the compiler takes seconds over a query of this kind
	}
	for _, conn := range sides {
		exec1(t, conn, "analyze")
	}
	t.Cleanup(func() {
		for _, conn := range sides {
			exec1(t, conn, randquery.Drop)
		}
	})
	queries, failed, refused, early, long := 0, 0, 0, 0, 0
	for range 5 {
		rapid.Check(t, func(t *rapid.T) {
			q := randquery.Generator().Draw(t, "query")
			queries++
			got, code := rowsOf(t, ours, q)
			if code == "0A000" {
				refused++
				return
			}
			compare := func(who, want, wantCode string) {
				switch {
				case code == wantCode && got == want:
				case (code == "" || randquery.EvaluationError(code)) && (wantCode == "" || randquery.EvaluationError(wantCode)) && code != wantCode:
					early++ // which of several parts is evaluated first, or at all, is nobody's promise
				default:
					t.Fatalf("%s\nQuire:\n%s%s\n%s:\n%s%s", q.SQL(), code, got, who, wantCode, want)
				}
			}
			if theirs != nil {
				want, wantCode := rowsOf(t, theirs, q)
				if wantCode != "" {
					failed++
				}
				compare("PostgreSQL", want, wantCode)
			}
			rows, err := q.Evaluate()
			switch e, is := err.(randquery.Error); {
			case err == nil:
				compare("the slow evaluator", q.Canonical(rows), "")
			case is:
				compare("the slow evaluator", "", string(e))
			default:
				long++
			}
		})
	}
	t.Logf("%d queries, %d of them errors; %d too long for the evaluator; %d refused; %d where one side found an error in a value and another none", queries, failed, long, refused, early)
	if !t.Failed() {
		require.Less(t, failed+long+refused+early, queries/3, "the generator makes too little sense")
	}
}

// rowsOf returns the canonical answer, or the SQLSTATE.
func rowsOf(t *rapid.T, conn *pgx.Conn, q *randquery.Query) (answer, code string) {
	results, err := conn.PgConn().Exec(ctx, q.SQL()).ReadAll()
	if err != nil {
		var e *pgconn.PgError
		require.ErrorAs(t, err, &e, q.SQL())
		if !randquery.EvaluationError(e.Code) {
			return e.Message, e.Code
		}
		return "", e.Code
	}
	rows := make([][]string, len(results[0].Rows))
	for i, r := range results[0].Rows {
		rows[i] = make([]string, len(r))
		for j, v := range r {
			if rows[i][j] = randquery.Null; v != nil {
				rows[i][j] = string(v)
			}
		}
	}
	return q.Canonical(rows), ""
}
