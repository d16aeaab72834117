package session_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is nested too deeply is an error, never an overflow of a stack; the session goes on.
func TestDepthLimits(t *testing.T) {
	s := newRig(t).session()
	must(t, s, "create table t (a int); insert into t values (1)")
	const n = 3000
	for name, sql := range map[string]string{
		"subqueries in FROM":  strings.Repeat("select * from (", n) + "select 1 as a" + strings.Repeat(") s", n),
		"scalar subqueries":   strings.Repeat("select (", n) + "select 1" + strings.Repeat(")", n),
		"EXISTS":              strings.Repeat("select 1 where exists (", n) + "select 1" + strings.Repeat(")", n),
		"a chain of plus":     "select 1" + strings.Repeat(" + 1", n),
		"parentheses and NOT": "select " + strings.Repeat("not (", n) + "true" + strings.Repeat(")", n),
		"joins":               "select 1 from t" + strings.Repeat(" join t x on true", n),
		"CASE":                "select " + strings.Repeat("case when true then ", n) + "1" + strings.Repeat(" end", n),
		"set operations":      "select 1" + strings.Repeat(" union all select 1", n),
		"calls":               "select " + strings.Repeat("abs(", n) + "1" + strings.Repeat(")", n),
	} {
		out := run(s, sql)
		if !strings.Contains(out, "42601: memory exhausted") { // the grammar's own stack, and PostgreSQL's word for it
			require.Contains(t, out, "54001", "%s: %.200s", name, out)
		}
		require.Equal(t, "a\n1\nSELECT 1\n", run(s, "select * from t"), name)
	}
	for name, sql := range map[string]string{ // within the limits, or refused in order
		"subqueries in FROM": strings.Repeat("select * from (", 100) + "select 1 as a" + strings.Repeat(") s", 100),
		"scalar subqueries":  strings.Repeat("select (", 100) + "select 1" + strings.Repeat(")", 100),
		"a chain of plus":    "select 1" + strings.Repeat(" + 1", 900),
		"set operations":     "select 1" + strings.Repeat(" union all select 1", 300),
	} {
		require.NotContains(t, run(s, sql), "ERROR", name)
	}
}
