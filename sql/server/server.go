package server

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/session"
	"github.com/quiredb/quire/sql/settings"
)

// Config says whom to serve, and how.
type Config struct {
	TLS            *tls.Config
	MaxConnections int           // sessions and replication connections together
	AuthTimeout    time.Duration // from accept to the end of authentication; 0 = one minute

	// MaxMessageBytes is the longest message of a client that has authenticated; a longer one ends its connection. 0 means
	// PostgreSQL's limit of 1 GiB.
	MaxMessageBytes int

	DB          *session.DB
	Settings    *settings.Store // what a replication connection is told of the server
	Roles       RoleLookup
	Replication ReplicationHandler // nil refuses replication connections
	Log         zerolog.Logger
}

// A Role is what authentication needs to know of one.
type Role struct {
	Name        string
	Superuser   bool
	Login       bool
	Replication bool
	Verifier    string // SCRAM-SHA-256 verifier, "" = no password
}

// RoleLookup finds a role by name; ok is false where there is none.
type RoleLookup func(ctx context.Context, name string) (role Role, ok bool, err error)

// Server accepts and serves connections.
type Server struct {
	cfg     Config
	on      *Listeners
	keys    cancelKeys
	nextPID atomic.Int32

	sessions    group // ordinary sessions
	replication group // walsenders

	mu struct {
		sync.Mutex
		open    int
		closing bool
	}
}

// A group is a set of connections that end together.
type group struct {
	ctx  context.Context
	stop context.CancelCauseFunc
	wg   sync.WaitGroup
}

func newGroup() group {
	ctx, stop := context.WithCancelCause(context.Background())
	return group{ctx: ctx, stop: stop}
}

// end asks every member to stop with cause and waits for them until ctx ends.
func (g *group) end(ctx context.Context, cause error) error {
	g.stop(cause)
	done := make(chan struct{})
	go func() { g.wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// New makes a server on listeners that are bound already. It takes them over.
func New(cfg Config, on *Listeners) *Server {
	if cfg.AuthTimeout == 0 {
		cfg.AuthTimeout = time.Minute
	}
	if cfg.MaxMessageBytes == 0 {
		cfg.MaxMessageBytes = 1 << 30
	}
	return &Server{cfg: cfg, on: on, sessions: newGroup(), replication: newGroup()}
}

// Serve accepts until Shutdown. It returns when the last listener is closed.
func (s *Server) Serve() {
	var wg sync.WaitGroup
	for _, l := range s.on.all {
		wg.Go(func() { s.accept(l) })
	}
	wg.Wait()
}

func (s *Server) accept(l net.Listener) {
	for {
		nc, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Out of file descriptors and its like: pass, but do not spin.
			s.cfg.Log.Warn().Err(err).Msg("accept")
			time.Sleep(50 * time.Millisecond)
			continue
		}
		s.sessions.wg.Add(1)
		go s.handle(nc, sync.OnceFunc(s.sessions.wg.Done))
	}
}

// admit counts a connection in, or says why not.
func (s *Server) admit(superuser bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.closing {
		return pgerr.New(pgerr.CannotConnectNow, "the database system is shutting down")
	}
	// Superusers keep three places, so that someone can look at a full server.
	limit := s.cfg.MaxConnections
	if superuser {
		limit += 3
	}
	if s.mu.open >= limit {
		return pgerr.New(pgerr.TooManyConnections, "sorry, too many clients already").
			WithHint("max_connections is %d; close idle connections or raise it", s.cfg.MaxConnections)
	}
	s.mu.open++
	return nil
}

func (s *Server) release() {
	s.mu.Lock()
	s.mu.open--
	s.mu.Unlock()
}

// errShutdown is what every session is told at a fast shutdown.
var errShutdown = pgerr.New(pgerr.AdminShutdown, "terminating connection due to administrator command")

// EndSessions stops accepting and ends every ordinary session; running statements are cancelled and their
// transactions rolled back. Replication connections go on (S5).
func (s *Server) EndSessions(ctx context.Context) error {
	s.mu.Lock()
	s.mu.closing = true
	s.mu.Unlock()
	s.on.Close()
	return s.sessions.end(ctx, errShutdown)
}

// EndReplication tells walsenders to send what is left, wait for their peers and stop. Call it after the shutdown
// checkpoint is durable.
func (s *Server) EndReplication(ctx context.Context) error {
	return s.replication.end(ctx, errShutdown)
}
