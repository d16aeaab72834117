package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/replica"
	"github.com/quiredb/quire/sql/settings"
)

func newStandby() *cobra.Command {
	f := &nodeFlags{}
	var primary, name string
	cmd := &cobra.Command{
		Use:   "standby -D DIR --primary 'host=… port=…'",
		Short: "Follow a primary and serve reads",
		Long: `Follow a primary: receive its log, replay it and serve read-only queries. If DIR is empty a base copy is taken first over
the same connection. Replay needs no plugin; with --plugin-dir index scans work here too.`,
		Example: `  quire standby -D /tmp/q2 --primary 'host=/tmp port=5433' --port 5434 --socket-dir /tmp
  quire standby -D /tmp/q2 --primary 'host=db1 port=5433 user=repl password=secret' --plugin-dir bin/plugins`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runStandby(ctx, cmd, f, primary, name)
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&primary, "primary", "", "connection string of the primary (default primary_conninfo of quire.toml)")
	cmd.Flags().StringVar(&name, "name", "", "name by which the primary lists this standby (default the directory's)")
	return cmd
}

func runStandby(ctx context.Context, cmd *cobra.Command, f *nodeFlags, primary, name string) error {
	if err := needDir(f.dir); err != nil {
		return err
	}
	empty, err := replica.IsEmpty(vfs.OS(), f.dir)
	if err != nil {
		return err
	}
	n, err := f.node(cmd, empty)
	if err != nil {
		return err
	}
	if err := n.standbyDirectory(ctx, empty, &primary, &name); err != nil {
		n.listeners.Close()
		return err
	}
	s := n.settings
	n.standby = replica.NewStandby(replica.StandbyConfig{
		Engine: n.engine, Conninfo: primary, Name: name,
		StatusInterval: s.Duration("wal_receiver_status_interval"), Timeout: s.Duration("wal_receiver_timeout"),
		ConflictDelay: s.Duration("max_standby_streaming_delay"), Log: n.log,
	})
	return n.follow(ctx)
}

// standbyDirectory opens the directory, after filling it if it is empty. Empty names get their defaults.
func (n *node) standbyDirectory(ctx context.Context, empty bool, primary, name *string) error {
	if *primary = cmp.Or(*primary, n.settings.Text("primary_conninfo")); *primary == "" {
		return fmt.Errorf("no primary given; use --primary 'host=… port=…'")
	}
	*name = cmp.Or(*name, filepath.Base(n.dir))
	if empty {
		if err := n.takeBaseCopy(ctx, *primary, *name); err != nil {
			return err
		}
	}
	if err := n.settings.Set("in_hot_standby", "on", settings.SourceOverride); err != nil {
		return err
	}
	return n.open(ctx, true)
}

// follow replays in the background and serves reads once that is safe.
func (n *node) follow(ctx context.Context) error {
	replay, stopReplay := context.WithCancel(context.Background())
	defer stopReplay()
	ended := make(chan error, 1)
	go func() { ended <- n.standby.Run(replay) }()

	select {
	case <-n.standby.Consistent():
	case err := <-ended:
		n.listeners.Close()
		return n.abandon(err)
	case <-ctx.Done():
		n.listeners.Close()
		stopReplay()
		<-ended
		return n.abandon(nil)
	}
	if err := n.compose(); err != nil {
		n.listeners.Close()
		stopReplay()
		<-ended
		return n.abandon(err)
	}
	// Replay may fail while reads are served; it is waited for once, by whoever shuts down.
	failed, over := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(over)
		if err := <-ended; err != nil {
			failed <- err
		}
	}()
	n.beforeEngine = func() error {
		stopReplay()
		<-over
		return nil
	}
	return n.serve(ctx, failed)
}

// takeBaseCopy fills an empty directory, with progress in the log.
func (n *node) takeBaseCopy(ctx context.Context, primary, name string) error {
	began, last := time.Now(), time.Now()
	progress := func(done, total int64) {
		if time.Since(last) < time.Second {
			return
		}
		last = time.Now()
		n.log.Info().Str("done", humanize.IBytes(uint64(done))).Str("of_about", humanize.IBytes(uint64(total))).Msg("taking a base copy")
	}
	n.log.Info().Str("dir", n.dir).Msg("the directory is empty: taking a base copy of the primary")
	c, err := replica.TakeBaseCopy(ctx, primary, name, vfs.OS(), n.dir, progress)
	if err != nil {
		return err
	}
	n.log.Info().Int("files", c.Files).Str("size", humanize.IBytes(uint64(c.Bytes))).Stringer("start", c.Start).Stringer("end", c.End).
		Dur("took", time.Since(began)).Msg("base copy complete")
	return nil
}
