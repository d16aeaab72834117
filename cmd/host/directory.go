package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/server"
	"github.com/quiredb/quire/sql/settings"
)

// nodeFlags are the flags of serve and standby.
type nodeFlags struct {
	dir       string
	host      string
	port      int
	socketDir string
	pluginDir string
	set       []string // -c name=value
}

func (f *nodeFlags) register(cmd *cobra.Command) {
	dirFlag(cmd, &f.dir)
	flags := cmd.Flags()
	flags.StringVar(&f.host, "host", "", "address to listen on; \"\" in quire.toml for none (default 127.0.0.1)")
	flags.IntVar(&f.port, "port", 0, "TCP port, and suffix of the unix socket's name (default 5433)")
	flags.StringVar(&f.socketDir, "socket-dir", "", "directory of the unix socket (default none)")
	flags.StringVar(&f.pluginDir, "plugin-dir", "", "directory of access method plugins (default none)")
	flags.StringArrayVarP(&f.set, "config", "c", nil, "set a configuration parameter, name=value; may be repeated")
}

func dirFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVarP(dir, "pgdata", "D", os.Getenv("QUIRE_DATA"), "data directory (default $QUIRE_DATA)")
}

func needDir(dir string) error {
	if dir == "" {
		return fmt.Errorf("no data directory given; use -D DIR or set QUIRE_DATA")
	}
	return nil
}

// load gathers the settings: defaults, quire.toml, then -c and flags. Nothing on disk changes.
func (f *nodeFlags) load(cmd *cobra.Command) (*settings.Store, error) {
	s := settings.NewStore()
	if err := s.Set("server_version", serverVersion(), settings.SourceOverride); err != nil {
		return nil, err
	}
	file, err := settings.ReadFile(filepath.Join(f.dir, settings.FileName))
	if err != nil {
		return nil, err
	}
	for name, value := range file {
		if err := s.Set(name, value, settings.SourceFile); err != nil {
			return nil, err
		}
	}
	for _, nv := range f.set {
		name, value, ok := strings.Cut(nv, "=")
		if !ok {
			return nil, fmt.Errorf("-c %s: expected name=value", nv)
		}
		if err := s.Set(strings.TrimSpace(name), strings.TrimSpace(value), settings.SourceCommandLine); err != nil {
			return nil, fmt.Errorf("-c %s: %w", nv, err)
		}
	}
	for flag, name := range map[string]string{"host": "listen_addresses", "port": "port", "socket-dir": "unix_socket_directories", "plugin-dir": "plugin_dir"} {
		if cmd.Flags().Changed(flag) {
			if err := s.Set(name, cmd.Flags().Lookup(flag).Value.String(), settings.SourceCommandLine); err != nil {
				return nil, fmt.Errorf("--%s: %w", flag, err)
			}
		}
	}
	return s, nil
}

// reload reads quire.toml again (SIGHUP).
func reload(s *settings.Store, dir string) (needRestart []string, err error) {
	file, err := settings.ReadFile(filepath.Join(dir, settings.FileName))
	if err != nil {
		return nil, err
	}
	return s.Reload(file)
}

func addresses(s *settings.Store) server.Addresses {
	a := server.Addresses{Port: s.Int("port"), SocketDir: s.Text("unix_socket_directories")}
	for _, h := range strings.Split(s.Text("listen_addresses"), ",") {
		if h = strings.TrimSpace(h); h != "" {
			a.Hosts = append(a.Hosts, h)
		}
	}
	return a
}

func tlsConfig(s *settings.Store) (*tls.Config, error) {
	if !s.Bool("ssl") {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(s.Text("ssl_cert_file"), s.Text("ssl_key_file"))
	if err != nil {
		return nil, pgerr.New(pgerr.ConfigFileError, "load the TLS certificate: %w", err).
			WithHint("Check ssl_cert_file and ssl_key_file, or set ssl = off.")
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, nil
}
