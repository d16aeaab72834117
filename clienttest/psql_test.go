package clienttest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"
)

// psqlPlace is how psql begins a message about a script: program, file, line.
var psqlPlace = regexp.MustCompile(`(?m)^psql:[^ ]*?:(\d+): `)

// Scripts of psql with all that it prints. Arguments: "stop" sets ON_ERROR_STOP, "file=NAME" keeps the text as a file for \copy and
// \i in the same test file, "args" are more arguments for psql.
func TestPsql(t *testing.T) {
	client(t, "psql")
	datadriven.Walk(t, "testdata/psql", func(t *testing.T, path string) {
		quire.watch(t)
		dir := t.TempDir()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "file":
				require.NoError(t, os.WriteFile(filepath.Join(dir, d.CmdArgs[0].Key), []byte(d.Input+"\n"), 0o600))
				return ""
			case "cat":
				b, err := os.ReadFile(filepath.Join(dir, d.CmdArgs[0].Key))
				require.NoError(t, err)
				return string(b)
			case "psql":
			default:
				d.Fatalf(t, "unknown command")
			}
			script := filepath.Join(dir, "script.sql")
			require.NoError(t, os.WriteFile(script, []byte(strings.ReplaceAll(d.Input, "DIR/", dir+"/")+"\n"), 0o600))
			args := []string{"-X", "-f", script}
			if d.HasArg("stop") {
				args = append(args, "-v", "ON_ERROR_STOP=1")
			}
			if d.HasArg("single") {
				args = append(args, "--single-transaction")
			}
			if d.HasArg("verbose") {
				args = append(args, "-v", "VERBOSITY=verbose")
			}
			out, errs, code := quire.run(t, "", "psql", args...)
			text := out + psqlPlace.ReplaceAllString(errs, "line $1: ")
			text = strings.ReplaceAll(text, dir+"/", "DIR/")
			if code != 0 {
				text += fmt.Sprintf("exit code %d\n", code)
			}
			return text
		})
	})
}

// psql reads from standard input as well, and reports what it cannot do by its exit code.
func TestPsqlFromStandardInput(t *testing.T) {
	quire.watch(t)
	out, errs, code := quire.run(t, "select 1 as a;\nselect 'x' as b \\gset\nselect :'b' || 'y' as c;\n", "psql", "-XAt")
	require.Equal(t, "1\nxy\n", out)
	require.Empty(t, errs)
	require.Zero(t, code)
	out, _, code = quire.run(t, "", "psql", "-XAt", "-c", "select 1; select 2", "-c", "select 3")
	require.Equal(t, "1\n2\n3\n", out)
	require.Zero(t, code)
	_, errs, code = quire.run(t, "", "psql", "-X", "-c", "select nosuch")
	require.Contains(t, errs, "ERROR:  column \"nosuch\" does not exist\nLINE 1: select nosuch\n               ^\n")
	require.Equal(t, 1, code)
	_, errs, code = quire.run(t, "", "psql", "-X", "-d", "nosuch")
	require.Contains(t, errs, `FATAL:  database "nosuch" does not exist`)
	require.Equal(t, 2, code)
}
