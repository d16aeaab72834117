package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/engine"
)

func newVerify() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "verify -D DIR",
		Short: "Check a data directory that is not in use",
		Long: `Check a data directory that is not in use: both copies of the control file, the chain of the log, and the checksum, identity,
layout and LSN of every page. Exit code 1 if anything is wrong.`,
		Example: "  quire verify -D /tmp/q1",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := needDir(dir); err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			rep, err := engine.Verify(cmd.Context(), vfs.OS(), dir, engine.VerifyOptions{
				Progress: func(rf page.RelFile, pages page.BlockNumber) { fmt.Fprintf(out, "%v: %d pages\n", rf, pages) },
			})
			if err != nil {
				return err
			}
			for _, p := range rep.Problems {
				fmt.Fprintf(out, "PROBLEM %s\n", p)
			}
			fmt.Fprintf(out, "%d relation forks, %d pages, %d log records up to %v: %d problems\n",
				rep.Relations, rep.Pages, rep.Records, rep.LogEnd, len(rep.Problems))
			if n := len(rep.Problems); n > 0 {
				return fmt.Errorf("%d problems in %s", n, dir)
			}
			return nil
		},
	}
	dirFlag(cmd, &dir)
	return cmd
}
