package clienttest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"
)

// The plans in testdata/plans are PostgreSQL 15's, for the same tables after the same ANALYZE, and Quire's, and so are the answers. They are
// such as no random sample can change.
func TestPlansArePostgreSQLs(t *testing.T) {
	quire.watch(t)
	ours, theirs := quire.connect(t), postgres.connect(t)
	needBtree(t, ours)
	if theirs != nil {
		// What Quire has no nodes for.
		exec1(t, theirs, "set max_parallel_workers_per_gather = 0; set enable_mergejoin = off; set enable_memoize = off; set enable_incremental_sort = off; set jit = off")
	}
	datadriven.Walk(t, "testdata/plans", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "setup":
				for _, sql := range strings.Split(d.Input, ";\n") {
					exec1(t, ours, sql)
					if theirs != nil {
						exec1(t, theirs, sql)
					}
				}
				return ""
			case "explain":
				sql := "explain (costs off) " + d.Input
				plan := answer(t, ours, sql)
				if theirs != nil {
					require.Equal(t, answer(t, theirs, sql), plan, "%s", sql)
					require.Equal(t, answer(t, theirs, d.Input), answer(t, ours, d.Input), "%s", d.Input)
				}
				return strings.ReplaceAll(strings.TrimSuffix(plan, "\n"), "\t", " ") + "\n"
			case "sql":
				var out []string
				for _, sql := range strings.Split(d.Input, "\n") {
					got := answer(t, ours, sql)
					if theirs != nil {
						require.Equal(t, answer(t, theirs, sql), got, "%s", sql)
					}
					out = append(out, got)
				}
				return strings.Join(out, "\n") + "\n"
			}
			return fmt.Sprintf("no command %s\n", d.Cmd)
		})
	})
}
