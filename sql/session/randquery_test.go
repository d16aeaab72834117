package session_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/randquery"
	"github.com/quiredb/quire/sql/session"
)

// collector is an Output that keeps the rows.
type collector struct {
	capture
	found [][]string
}

func (c *collector) Row(cols []session.Column, row []datum.Datum) error {
	out := make([]string, len(cols))
	for i := range cols {
		out[i] = randquery.Null
		if !row[i].Null {
			out[i] = string(c.s.AppendValue(nil, cols[i], row[i]))
		}
	}
	c.found = append(c.found, out)
	return nil
}

// methods are the planner settings that random queries shuffle.
var methods = []string{"enable_seqscan", "enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan", "enable_nestloop", "enable_hashjoin", "enable_hashagg", "enable_sort"}

// Random queries have the answer of the slow evaluator, whatever plan is taken.
func TestRandomQueriesPlans(t *testing.T) {
	s := newRig(t).session()
	must(t, s, randquery.Schema+";"+randquery.Rows)
	must(t, s, "create extension tree;"+randquery.Indexes("tree"))
	must(t, s, "vacuum")
	must(t, s, "analyze")
	must(t, s, "update r set c = c where a = 2") // some pages are not all visible, some rows have moved
	queries, long, refused, failed, differ := 0, 0, 0, 0, 0
	for range 3 {
		rapid.Check(t, func(t *rapid.T) {
			q := randquery.Generator().Draw(t, "query")
			queries++
			rows, err := q.Evaluate()
			if err == randquery.ErrTooLong {
				long++
				return
			}
			want := ""
			if err != nil {
				failed++
			} else {
				want = q.Canonical(rows)
			}
			for turn := range 3 {
				var settings []string
				for _, m := range methods {
					if turn > 0 && rapid.Bool().Draw(t, m) {
						settings = append(settings, "set "+m+" = off")
					}
				}
				setting := strings.Join(append([]string{"reset all"}, settings...), "; ")
				require.NoError(t, s.Query(context.Background(), setting, &capture{s: s}))
				out := &collector{capture: capture{s: s}}
				err := s.Query(context.Background(), q.SQL(), out)
				switch {
				case err != nil && randquery.EvaluationError(string(pgerr.From(err).Code)):
					if want != "" {
						differ++
					}
				case err != nil && pgerr.From(err).Code == pgerr.FeatureNotSupported:
					refused++
				case err != nil:
					require.NoError(t, err, "%s; %s", setting, q.SQL())
				case want == "":
					differ++
				default:
					require.Equal(t, want, q.Canonical(out.found), "%s;\n%s\n%s", setting, q.SQL(), run(s, "explain (costs off) "+q.SQL()))
				}
			}
		})
	}
	t.Logf("%d queries, %d of them too long for the evaluator, %d errors; %d executions refused, %d where one side found the error and the other none", queries, long, failed, refused, differ)
	if !t.Failed() {
		require.Less(t, long+failed+refused+differ, queries/3)
	}
}
