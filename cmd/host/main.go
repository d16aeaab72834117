// Command quire is the host: it creates a data directory, serves it, follows a primary, and looks into what is on disk.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/quiredb/quire/core/pgerr"
)

// version is set when the program is built (make build).
var version = "unknown"

func main() {
	root := newRoot()
	if err := root.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "quire: "+oneLine(err))
		os.Exit(1)
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "quire",
		Short: "A database host whose access methods are plugins in separate processes",
		Long: `Quire keeps tables and their indexes crash safe and replicated. Indexes are served by access methods,
each a program of its own, started from a directory of plugins. PostgreSQL's clients are the way in.`,
		Example: `  quire init -D /tmp/q1
  quire serve -D /tmp/q1 --socket-dir /tmp --plugin-dir bin/plugins
  psql -h /tmp -p 5433 postgres`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; %s --help lists the flags", err, cmd.CommandPath())
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newInit(), newServe(), newStandby(), newDump(), newVerify(), newVersion())
	return root
}

// oneLine is an error for a terminal: message, then detail and hint where there are any.
func oneLine(err error) string {
	s := err.Error()
	if pe := (*pgerr.Error)(nil); errors.As(err, &pe) {
		for _, more := range []string{pe.Detail, pe.Hint} {
			if more != "" && !strings.Contains(s, more) {
				s += "; " + more
			}
		}
	} else if h, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok && h.Hint() != "" && !strings.Contains(s, h.Hint()) {
		s += "; " + h.Hint()
	}
	return strings.ReplaceAll(s, "\n", " ")
}
