package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"path/filepath"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/plugins/host"
	"github.com/quiredb/quire/replica"
	"github.com/quiredb/quire/sql/server"
	"github.com/quiredb/quire/sql/session"
	"github.com/quiredb/quire/sql/settings"
)

// shutdownTime is how long sessions and replicas have to end at a fast shutdown.
const shutdownTime = 30 * time.Second

// A node is one running host: everything composed, in the order in which one part needs the other.
type node struct {
	dir      string
	settings *settings.Store
	log      zerolog.Logger

	tls       *tls.Config
	listeners *server.Listeners
	engine    *engine.Engine
	plugins   *host.Registry // nil without a plugin directory
	db        *session.DB
	primary   *replica.Primary
	standby   *replica.Standby // nil on a primary
	server    *server.Server

	beforeEngine func() error // ends replay on a standby, before the engine is shut down
}

// bind checks what can be checked without touching the directory, and takes the addresses.
func (n *node) bind() (err error) {
	if dir := n.settings.Text("plugin_dir"); dir != "" {
		if err := host.CheckDir(dir); err != nil {
			return err
		}
	}
	if n.tls, err = tlsConfig(n.settings); err != nil {
		return err
	}
	n.listeners, err = server.Listen(addresses(n.settings))
	return err
}

// open opens the data directory.
func (n *node) open(ctx context.Context, standby bool) (err error) {
	s := n.settings
	frames := int(s.Bytes("shared_buffers") / page.Size)
	n.engine, err = engine.Open(ctx, vfs.OS(), n.dir, engine.Options{
		Frames: frames, ArenaFrames: func(string) int { return int(s.Bytes("am_buffers") / page.Size) },
		Log: n.log, OnFatal: n.fatal, Standby: standby,
		CheckpointTimeout: s.Duration("checkpoint_timeout"), MaxWALSize: s.Bytes("max_wal_size"), WALKeepSize: s.Bytes("wal_keep_size"),
		WALWriterDelay: s.Duration("wal_writer_delay"),
	})
	return err
}

// fatal ends the process where going on could lose data (R6, R9). The next start recovers.
func (n *node) fatal(err error) {
	n.log.Error().Err(err).Msg("stopping at once")
	os.Exit(1)
}

// compose puts plugins, SQL, replication and the wire server on the open engine.
func (n *node) compose() (err error) {
	s := n.settings
	if dir := s.Text("plugin_dir"); dir != "" {
		timeouts := host.DefaultTimeouts()
		timeouts.Start = s.Duration("plugin_start_timeout")
		timeouts.Call, timeouts.Progress = s.Duration("plugin_call_timeout"), s.Duration("plugin_call_timeout")
		temp, err := host.NewTempSpace(vfs.OS(), filepath.Join(n.dir, "pgsql_tmp_plugins"))
		if err != nil {
			return err
		}
		n.plugins, err = host.Open(host.Config{
			Dir: dir, Temp: temp, Pages: host.NewPoolStore(n.engine.Pool, n.engine.GX, host.HeapFates(n.engine.Heap)), Log: n.log, Timeouts: timeouts,
			SpanBytes: s.Bytes("am_buffers") / 4,
		})
		if err != nil {
			return err
		}
	}
	cfg := session.Config{
		Engine: n.engine, Log: n.log, Settings: s, Version: versionText(), Replication: n.replicationRows,
	}
	if n.plugins != nil {
		cfg.AMs, cfg.Pin, cfg.Repin, cfg.PluginPID = n.plugins, n.pin, n.plugins.Pin, n.plugins.PID
		if err := n.pinAll(); err != nil {
			return err
		}
	}
	if n.standby != nil {
		cfg.Receiver = func() uint64 { return uint64(n.standby.Received()) }
	}
	if n.db, err = session.Open(cfg); err != nil {
		return err
	}
	n.primary = replica.NewPrimary(replica.PrimaryConfig{
		WAL: n.engine.WAL, Base: replica.NewBaseSource(n.engine), Show: n.show,
		MaxSenders: s.Int("max_wal_senders"), SenderTimeout: s.Duration("wal_sender_timeout"), Log: n.log,
	})
	n.server = server.New(server.Config{
		TLS: n.tls, MaxConnections: s.Int("max_connections"), AuthTimeout: s.Duration("authentication_timeout"),
		DB: n.db, Settings: s, Roles: n.role, Replication: n.replicationHandler(), Log: n.log,
	}, n.listeners)
	n.engine.SetHooks(engine.Hooks{Retain: n.primary.Retain, ShutdownCheckpoint: n.drainReplicas})
	return nil
}

// replicationHandler is nil on a standby, which has nobody to feed yet.
func (n *node) replicationHandler() server.ReplicationHandler {
	if n.standby != nil {
		return nil
	}
	return n.primary
}

// drainReplicas lets walsenders deliver the shutdown checkpoint.
func (n *node) drainReplicas(ctx context.Context, end page.LSN) {
	if err := n.server.EndReplication(ctx); err != nil {
		n.log.Warn().Err(err).Stringer("end", end).Msg("a standby did not confirm the shutdown checkpoint in time")
	}
}

func (n *node) show(name string) (string, error) {
	_, v, err := n.settings.NewSession(true, nil).Show(name)
	return v, err
}

// serve answers clients until a signal or failure ends it, then shuts down.
func (n *node) serve(ctx context.Context, failed <-chan error) error {
	done := make(chan struct{})
	go func() { defer close(done); n.server.Serve() }()
	n.log.Info().Strs("hosts", addresses(n.settings).Hosts).Int("port", n.listeners.Port()).Str("socket", n.listeners.SocketPath()).
		Str("version", version).Msg("ready for connections")

	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		select {
		case <-hup:
			n.reload()
		case <-ctx.Done():
			n.log.Info().Msg("received a request to shut down: ending sessions, writing a checkpoint")
			return n.shutdown()
		case err := <-failed:
			return errors.Join(err, n.shutdown())
		}
	}
}

func (n *node) reload() {
	restart, err := reload(n.settings, n.dir)
	switch {
	case err != nil:
		n.log.Error().Err(err).Msg("quire.toml was read again and is not valid; nothing changed")
	case len(restart) > 0:
		n.log.Warn().Str("parameters", strings.Join(restart, ", ")).Msg("quire.toml was read again; these take effect at the next start")
	default:
		n.log.Info().Msg("quire.toml was read again")
	}
	if level, err := zerolog.ParseLevel(n.settings.Text("log_level")); err == nil {
		zerolog.SetGlobalLevel(level)
	}
}

// shutdown ends sessions, plugins and the engine; walsenders end when the shutdown checkpoint has been delivered.
func (n *node) shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	var errs []error
	if err := n.server.EndSessions(ctx); err != nil {
		errs = append(errs, fmt.Errorf("end sessions: %w", err))
	}
	if n.plugins != nil {
		errs = append(errs, n.plugins.Close())
	}
	errs = append(errs, n.db.Close())
	if n.beforeEngine != nil {
		errs = append(errs, n.beforeEngine())
	}
	errs = append(errs, n.engine.Shutdown(ctx))
	if err := errors.Join(errs...); err != nil {
		return pgerr.New(pgerr.InternalError, "shutdown was not clean: %w", err).WithHint("The next start recovers from the log.")
	}
	n.log.Info().Msg("shut down")
	return nil
}
