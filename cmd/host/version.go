package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/quiredb/quire/plugins/wire"
)

// postgresVersion is what clients are told first: the 15 clients refuse anything newer, and older ones speak to it.
const postgresVersion = "15.0"

func serverVersion() string { return fmt.Sprintf("%s (Quire %s)", postgresVersion, version) }

// versionText is what version() answers.
func versionText() string {
	return fmt.Sprintf("PostgreSQL %s on %s/%s, compiled by %s", serverVersion(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program and of the protocols it speaks",
		Args:  cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprintf(cmd.OutOrStdout(), "quire %s\nserver_version %s\nplugin protocol %d\n%s %s/%s\n",
				version, serverVersion(), wire.ProtocolVersion, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		},
	}
}
