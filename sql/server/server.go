package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/session"
)

// Config says where to listen and whom to serve.
type Config struct {
	Hosts          []string // addresses to bind; empty = no TCP
	Port           int      // TCP port and suffix of the socket's name; 0 picks a free one
	SocketDir      string   // directory of the unix socket .s.PGSQL.<port>; "" = none
	TLS            *tls.Config
	MaxConnections int           // sessions and replication connections together
	AuthTimeout    time.Duration // from accept to the end of authentication; 0 = one minute

	DB          *session.DB
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
	cfg       Config
	listeners []net.Listener
	port      int
	keys      cancelKeys
	nextPID   atomic.Int32

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

// Listen binds every address. On failure nothing stays bound and the error names the address and a remedy.
func Listen(cfg Config) (*Server, error) {
	if cfg.AuthTimeout == 0 {
		cfg.AuthTimeout = time.Minute
	}
	s := &Server{cfg: cfg, port: cfg.Port, sessions: newGroup(), replication: newGroup()}
	for _, host := range cfg.Hosts {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(s.port)))
		if err != nil {
			s.closeListeners()
			return nil, fmt.Errorf("listen on %s port %d: %w; choose another with --port, or stop the process that has it", host, s.port, err)
		}
		s.listeners = append(s.listeners, l)
		if s.port == 0 {
			s.port = l.Addr().(*net.TCPAddr).Port
		}
	}
	if cfg.SocketDir != "" {
		l, err := listenUnix(s.SocketPath())
		if err != nil {
			s.closeListeners()
			return nil, err
		}
		s.listeners = append(s.listeners, l)
	}
	return s, nil
}

// listenUnix binds path, taking over a socket file that nobody listens on any more.
func listenUnix(path string) (net.Listener, error) {
	if conn, err := net.Dial("unix", path); err == nil {
		_ = conn.Close()
		return nil, fmt.Errorf("listen on %s: another server answers there; choose another --port or --socket-dir", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove stale socket %s: %w", path, err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; choose another directory with --socket-dir", path, err)
	}
	// Anyone may knock: the peer's identity is asked of the kernel.
	if err := os.Chmod(path, 0o777); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("open socket %s to clients: %w", path, err)
	}
	return l, nil
}

// Port is the TCP port in use and the suffix of the socket's name.
func (s *Server) Port() int { return s.port }

// SocketPath is the unix socket's path, "" without one.
func (s *Server) SocketPath() string {
	if s.cfg.SocketDir == "" {
		return ""
	}
	return filepath.Join(s.cfg.SocketDir, fmt.Sprintf(".s.PGSQL.%d", s.port))
}

// Serve accepts until Shutdown. It returns when the last listener is closed.
func (s *Server) Serve() {
	var wg sync.WaitGroup
	for _, l := range s.listeners {
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

func (s *Server) closeListeners() {
	for _, l := range s.listeners {
		_ = l.Close()
	}
}

// errShutdown is what every session is told at a fast shutdown.
var errShutdown = pgerr.New(pgerr.AdminShutdown, "terminating connection due to administrator command")

// EndSessions stops accepting and ends every ordinary session; running statements are cancelled and their
// transactions rolled back. Replication connections go on (S5).
func (s *Server) EndSessions(ctx context.Context) error {
	s.mu.Lock()
	s.mu.closing = true
	s.mu.Unlock()
	s.closeListeners()
	return s.sessions.end(ctx, errShutdown)
}

// EndReplication tells walsenders to send what is left, wait for their peers and stop. Call it after the shutdown
// checkpoint is durable.
func (s *Server) EndReplication(ctx context.Context) error {
	return s.replication.end(ctx, errShutdown)
}
