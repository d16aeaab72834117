package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
	"github.com/quiredb/quire/plugins/wire/shm"
)

// A session is a running plugin that answered: its process, its connection, its lanes. It ends with the process.
type session struct {
	name    string
	gen     uint64
	process *process
	conn    *grpc.ClientConn
	client  pb.AccessMethodClient
	lanes   *lanePool
	about   am.Description
	lookups int         // how many a call may carry
	spans   bool        // and be answered with a span
	doomed  atomic.Bool // it is to be killed: no further calls

	mu struct {
		sync.Mutex
		lastCall  uint64
		cancelled map[uint64]time.Time // calls given up, until the plugin no longer lists them
	}
}

// launchConfig is what a start needs.
type launchConfig struct {
	name      string
	gen       uint64
	image     *image
	socketDir string // private directory in which go-plugin makes one for each process
	timeout   time.Duration
	tail      *tail
	logLevel  string
	pages     PageStore
}

// launch starts a plugin, shakes hands and asks it what it is. When it returns an error the process is gone or dying;
// cancelling ctx has that effect.
//
// Of go-plugin it uses the handshake only. Its client's Kill and Ping have no deadline and hang on a stopped process,
// and its connection waits for one for ever, so process and connection are ours.
func launch(ctx context.Context, cfg launchConfig) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, cfg.timeout)
	defer cancel()
	var running atomic.Pointer[process]
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: wire.ProtocolVersion, MagicCookieKey: wire.CookieKey, MagicCookieValue: wire.CookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{wire.ProtocolVersion: {}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
		StartTimeout:     cfg.timeout,
		SkipHostEnv:      true,
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: cfg.socketDir},
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, dir string) (runner.Runner, error) {
			p := newProcess(cfg.name, cfg.image, cmd, dir, cfg.tail, cfg.logLevel)
			running.Store(p)
			return p, nil
		},
	})
	stopWatch := context.AfterFunc(ctx, func() { // Start has a timeout, but no way to be told to stop
		if p := running.Load(); p != nil {
			p.signal(syscall.SIGKILL)
		}
	})
	defer stopWatch()
	addr, err := client.Start()
	p := running.Load()
	if err != nil {
		return nil, startError(ctx, p, err)
	}
	s, err := connect(ctx, cfg.name, cfg.gen, p, cfg.pages, func(ctx context.Context) (net.Conn, error) { return dialPlugin(ctx, p, addr) })
	if err != nil {
		return nil, startError(ctx, p, err)
	}
	return s, nil
}

// A finalError is one that the same file will run into again.
type finalError struct{ err error }

func (e *finalError) Error() string { return e.err.Error() }
func (e *finalError) Unwrap() error { return e.err }

// startError finds the best account of a failed start, and sees to it that the process goes.
func startError(ctx context.Context, p *process, err error) error {
	if p == nil || p.pid() == 0 {
		return err
	}
	ended := p.cause() == nil && ctx.Err() == nil && p.endedByItself()
	_ = p.Kill(ctx)
	switch cause := p.cause(); {
	case cause != nil:
		return &finalError{cause}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return errors.New("plugin did not answer within the start timeout; raise plugin_start_timeout if it needs longer")
	case ended:
		return fmt.Errorf("plugin did not start, %s", p.exitReason())
	}
	return err
}

// connect dials the plugin and asks for its description.
func connect(ctx context.Context, name string, gen uint64, p *process, pages PageStore, dial func(context.Context) (net.Conn, error)) (*session, error) {
	conn, err := grpc.NewClient("passthrough:///"+name,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return dial(ctx) }),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.HardCap), grpc.MaxCallSendMsgSize(wire.HardCap)),
		grpc.WithInitialWindowSize(wire.HardCap), grpc.WithInitialConnWindowSize(4*wire.HardCap),
		grpc.WithReadBufferSize(256<<10), grpc.WithWriteBufferSize(256<<10),
		grpc.WithDisableServiceConfig(), grpc.WithDisableRetry(), grpc.WithMaxHeaderListSize(16<<10),
	)
	if err != nil {
		return nil, fmt.Errorf("connect to plugin: %w", err)
	}
	s := &session{name: name, gen: gen, process: p, conn: conn, client: pb.NewAccessMethodClient(conn)}
	s.mu.cancelled = make(map[uint64]time.Time)
	s.lanes = newLanePool(s.client, nil)
	m, err := s.client.Describe(ctx, &pb.DescribeRequest{})
	if err == nil {
		d := wire.DescriptionFromProto(m)
		s.lookups, s.spans = int(min(d.Lookups, wire.MaxLookups)), d.Caps.Spans && d.Lookups > 1
		if s.about, err = describe(name, d); err == nil {
			s.lanes.offer, err = sharedLanes(p, pages, d.Lanes)
		}
		if err != nil {
			p.fail(err)
		}
	} else {
		err = fmt.Errorf("ask the plugin for its description: %w", err)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// sharedLanes returns what opens a lane in shared memory, nil if the plugin takes none or runs where nobody could hand it memory.
func sharedLanes(p *process, pages PageStore, socket string) (func() (*shm.End, error), error) {
	if socket == "" || !shm.Supported || p.image == nil {
		return nil, nil
	}
	if filepath.Dir(socket) != filepath.Clean(p.socketDir) {
		return nil, fmt.Errorf("plugin announced the socket %q for lanes, outside of its directory %s; refused", excerpt([]byte(socket)), p.socketDir)
	}
	addr := &net.UnixAddr{Net: "unix", Name: socket}
	return func() (*shm.End, error) {
		ctx, cancel := context.WithTimeout(context.Background(), offerTime)
		defer cancel()
		conn, err := dialPlugin(ctx, p, addr)
		if err != nil {
			return nil, err
		}
		arena, err := pages.Arena(p.name)
		if err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		if arena != nil {
			defer arena.Close()
		}
		return shm.Offer(conn.(*net.UnixConn), arena)
	}, nil
}

// offerTime bounds how long connecting for a lane may take; a plugin that is stopped does not accept.
const offerTime = time.Second

// dialPlugin connects to the plugin's socket and makes sure that the plugin itself is listening there.
func dialPlugin(ctx context.Context, p *process, addr net.Addr) (net.Conn, error) {
	select {
	case <-p.exited:
		return nil, errors.New(p.exitReason())
	default:
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, addr.Network(), addr.String())
	if err != nil {
		return nil, err
	}
	if err := checkPeer(conn, p.pid()); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// checkPeer compares the listener's process with the plugin's.
func checkPeer(conn net.Conn, want int) error {
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return fmt.Errorf("plugin listens on %T, a unix socket was expected", conn)
	}
	raw, err := unixConn.SyscallConn()
	if err != nil {
		return err
	}
	var pid int
	var peerErr error
	if err := raw.Control(func(fd uintptr) { pid, peerErr = peerPID(int(fd)) }); err != nil {
		return err
	}
	if peerErr != nil {
		return peerErr
	}
	if pid != want {
		return fmt.Errorf("process %d listens on the plugin's socket, the plugin is process %d; refused", pid, want)
	}
	return nil
}

// close ends the connection and every lane with it.
func (s *session) close() {
	s.lanes.close()
	_ = s.conn.Close()
}

// alive reports whether the process has not ended yet and is not about to be killed.
func (s *session) alive() bool {
	if s.doomed.Load() {
		return false
	}
	select {
	case <-s.process.dead:
		return false
	default:
		return true
	}
}

// nextCall returns the id of a call.
func (s *session) nextCall() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.lastCall++
	return s.mu.lastCall
}

// gaveUp notes that nobody waits for a call any more. Health tells whether the plugin noticed.
func (s *session) gaveUp(id uint64, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.cancelled[id] = now
}

// ended notes that a call that was given up is over.
func (s *session) ended(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.mu.cancelled, id)
}

// overdue returns a call that was given up longer than grace ago and still runs, and forgets those that ended. active is the plugin's answer to a
// question sent at asked.
func (s *session) overdue(active []uint64, asked, now time.Time, grace time.Duration) (uint64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var late uint64
	for id, at := range s.mu.cancelled {
		switch {
		case slices.Contains(active, id):
			if now.Sub(at) > grace {
				late = id
			}
		case at.Before(asked): // an answer from before the call says nothing about it
			delete(s.mu.cancelled, id)
		}
	}
	return late, late != 0
}
