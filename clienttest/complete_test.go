package clienttest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"
)

// What psql completes, on the schema of testdata/describe.sql. A line is typed up to "<tab>"; the answer is the line afterwards and
// the words to choose from. "pg" and "why" are those of TestDescribe.
func TestComplete(t *testing.T) {
	client(t, "psql")
	env, theirEnv := describedHost(t), describedDatabase(t)
	ours := newTerminal(t, env)
	var theirs *terminal
	if theirEnv != nil {
		theirs = newTerminal(t, theirEnv)
	}
	datadriven.RunTest(t, "testdata/complete", func(t *testing.T, d *datadriven.TestData) string {
		require.Equal(t, "complete", d.Cmd)
		same := d.HasArg("pg")
		require.True(t, same || d.HasArg("why"), "%s: say why PostgreSQL completes otherwise", d.Pos)
		var out, different strings.Builder
		for line := range strings.Lines(d.Input) {
			typed, _, ok := strings.Cut(line, "<tab>")
			require.True(t, ok, line)
			got := completion(ours, typed)
			out.WriteString(got)
			if theirs == nil || d.Rewrite {
				continue
			}
			if want := completion(theirs, typed); same != (got == want) {
				fmt.Fprintf(&different, "%q: %sPostgreSQL: %s", typed, got, want)
			}
		}
		require.Empty(t, different.String(), d.Pos)
		return out.String()
	})
}

func completion(k *terminal, typed string) string {
	line, words := k.complete(typed)
	return line + "|" + strings.Join(words, " ") + "\n"
}
