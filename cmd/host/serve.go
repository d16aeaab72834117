package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/engine"
)

func newServe() *cobra.Command {
	f := &nodeFlags{}
	cmd := &cobra.Command{
		Use:   "serve -D DIR",
		Short: "Serve a data directory",
		Long: `Serve a data directory in the foreground, logging to stderr. SIGTERM or SIGINT is a fast shutdown: sessions end, a shutdown
checkpoint is written and delivered to connected standbys. SIGHUP reads DIR/quire.toml again.`,
		Example: `  quire serve -D /tmp/q1
  quire serve -D /tmp/q1 --port 5433 --socket-dir /tmp --plugin-dir bin/plugins
  quire serve -D /tmp/q1 -c shared_buffers=512MB -c log_level=debug`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := f.node(cmd, false)
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			if err := n.open(ctx, false); err != nil {
				n.listeners.Close()
				return err
			}
			if err := n.compose(); err != nil {
				n.listeners.Close()
				return n.abandon(err)
			}
			return n.serve(ctx, nil)
		},
	}
	f.register(cmd)
	return cmd
}

// node reads the settings and binds the addresses. vacant says that the directory is empty or not there yet, and will be filled.
func (f *nodeFlags) node(cmd *cobra.Command, vacant bool) (*node, error) {
	if err := needDir(f.dir); err != nil {
		return nil, err
	}
	if !vacant {
		if err := engine.Check(vfs.OS(), f.dir); err != nil {
			return nil, err
		}
	}
	s, err := f.load(cmd)
	if err != nil {
		return nil, err
	}
	log, err := newLogger(s.Text("log_level"))
	if err != nil {
		return nil, err
	}
	n := &node{dir: f.dir, settings: s, log: log}
	return n, n.bind()
}

// abandon closes an engine that could not be put to use.
func (n *node) abandon(err error) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if n.plugins != nil {
		_ = n.plugins.Close()
	}
	if serr := n.engine.Shutdown(ctx); serr != nil {
		n.log.Warn().Err(serr).Msg("closing the data directory")
	}
	return err
}
