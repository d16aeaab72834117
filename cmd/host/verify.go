package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/plugins/host"
)

func newVerify() *cobra.Command {
	var dir, pluginDir string
	cmd := &cobra.Command{
		Use:   "verify -D DIR [--plugin-dir DIR]",
		Short: "Check a data directory that is not in use",
		Long: `Check a data directory that is not in use. First the files by themselves: both copies of the control file, the chain of the log, and
the checksum, identity, layout and LSN of every page. Then what they mean, as the next start would find it: each row of each table, and
that objects and files belong together. With --plugin-dir the access methods are started, each checks its indexes, and the entries of
indexes are compared with the rows of their tables.

Nothing in the directory changes: recovery, where it is due, happens in memory, which takes as much of it as recovery changes pages.
One line for each problem; exit code 1 if there is any.`,
		Example: `  quire verify -D /tmp/q1
  quire verify -D /tmp/q1 --plugin-dir bin/plugins`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := needDir(dir); err != nil {
				return err
			}
			if pluginDir != "" {
				if err := host.CheckDir(pluginDir); err != nil {
					return err
				}
			}
			out := cmd.OutOrStdout()
			rep, err := engine.Verify(cmd.Context(), vfs.OS(), dir, engine.VerifyOptions{})
			if err != nil {
				return err
			}
			v := &structure{ctx: cmd.Context(), dir: dir, pluginDir: pluginDir, told: rep.Problems, names: map[page.RelFileNumber]string{}}
			if err := v.run(rep.Control.State); err != nil {
				return err
			}
			return printFindings(out, dir, &rep, v)
		},
	}
	dirFlag(cmd, &dir)
	cmd.Flags().StringVar(&pluginDir, "plugin-dir", "", "directory of access method plugins, to check indexes with (default none)")
	return cmd
}

// printFindings prints both passes. The error counts the problems.
func printFindings(out io.Writer, dir string, rep *engine.Report, v *structure) error {
	for _, p := range rep.Problems {
		if name := v.names[p.Rel]; name != "" {
			fmt.Fprintf(out, "PROBLEM %s: %s\n", name, p)
			continue
		}
		fmt.Fprintf(out, "PROBLEM %s\n", p)
	}
	for _, p := range v.problems {
		fmt.Fprintf(out, "PROBLEM %s\n", p)
	}
	for _, n := range v.notes {
		fmt.Fprintf(out, "NOTE %s\n", n)
	}
	n := len(rep.Problems) + len(v.problems)
	fmt.Fprintf(out, "%d relations, %d pages, %d log records up to %v; %d tables with %d row versions, %d of %d indexes checked: %d problems\n",
		rep.Relations, rep.Pages, rep.Records, rep.LogEnd, v.tables, v.rows, v.checked, v.indexes, n)
	if n > 0 {
		return fmt.Errorf("%d problems in %s", n, dir)
	}
	return nil
}
