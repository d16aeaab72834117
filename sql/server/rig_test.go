package server_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/sql/server"
	"github.com/quiredb/quire/sql/session"
	"github.com/quiredb/quire/sql/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds waits; it is no measure.
const patience = 30 * time.Second

// A rig is a server on a unix socket, over an engine whose disk is memory. The one who runs the tests is "me", a superuser.
type rig struct {
	t      testing.TB
	engine *engine.Engine
	db     *session.DB
	server *server.Server
	socket string
	served chan struct{}
	ended  bool
}

const maxMessage = 64 << 10

func newRig(t testing.TB, set ...string) *rig {
	fs := vfs.NewMem()
	require.NoError(t, engine.Init(fs, "data", engine.InitOptions{SystemID: 7, Superuser: "me"}))
	e, err := engine.Open(context.Background(), fs, "data", engine.Options{Frames: 1024, PrivateMemory: true, Log: zerolog.Nop()})
	require.NoError(t, err)
	store := settings.NewStore()
	for i := 0; i < len(set); i += 2 {
		require.NoError(t, store.Set(set[i], set[i+1], settings.SourceCommandLine))
	}
	db, err := session.Open(session.Config{Engine: e, Log: zerolog.Nop(), Settings: store, Version: "PostgreSQL 15.0 (Quire test)"})
	require.NoError(t, err)
	dir, err := os.MkdirTemp("", "qw") // a short path
	require.NoError(t, err)
	on, err := server.Listen(server.Addresses{Port: 5433, SocketDir: dir})
	require.NoError(t, err)
	r := &rig{t: t, engine: e, db: db, socket: on.SocketPath(), served: make(chan struct{})}
	r.server = server.New(server.Config{
		MaxConnections: store.Int("max_connections"), AuthTimeout: patience, DB: db, Settings: store, Log: zerolog.Nop(), MaxMessageBytes: maxMessage,
		Roles: func(_ context.Context, name string) (server.Role, bool, error) {
			switch name {
			case "me":
				return server.Role{Name: "me", Superuser: true, Login: true}, true, nil
			case "guest":
				return server.Role{Name: "guest", Login: true}, true, nil
			case "nologin":
				return server.Role{Name: "nologin"}, true, nil
			}
			return server.Role{}, false, nil
		},
	}, on)
	go func() { defer close(r.served); r.server.Serve() }()
	t.Cleanup(func() {
		r.end()
		_ = os.RemoveAll(filepath.Dir(r.socket))
	})
	return r
}

// end is what a fast shutdown does; it leaves nothing behind.
func (r *rig) end() {
	if r.ended {
		return
	}
	r.ended = true
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(r.t, r.server.EndSessions(ctx))
	require.NoError(r.t, r.server.EndReplication(ctx))
	<-r.served
	require.NoError(r.t, r.db.Close())
	require.NoError(r.t, r.engine.Shutdown(ctx))
}
