package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// drainTime is how long running calls may take after SIGTERM.
const drainTime = 10 * time.Second

// gcPercent is how far, in percent of what is live, the heap of a plugin grows between two collections. Calls leave pages and messages
// behind and little lives longer than a call, so that the default of 100 would collect every few milliseconds for a small
// heap's sake.
const gcPercent = 400

// Serve runs an access method as a plugin and does not return: it is the whole of main.
//
//	func main() { sdk.Serve(myindex.New()) }
//
// Started by a host it serves until the host says stop or dies. Started by a person it says what it is.
func Serve(am AccessMethod) {
	if os.Getenv(wire.CookieKey) != wire.CookieValue {
		os.Exit(byHand(am, os.Args, os.Stdout, os.Stderr))
	}
	stdout, err := claimStdout()
	if err != nil {
		fmt.Fprintf(os.Stderr, "plugin: claim standard output: %v\n", err)
		os.Exit(1)
	}
	if err := serveHost(am, stdout); err != nil {
		log := Log()
		log.Error().Err(err).Msg("plugin cannot serve")
		os.Exit(1)
	}
	os.Exit(0)
}

// serveHost shakes hands over stdout and serves until SIGTERM, then drains. It exits the process at once when the host
// has died: nothing it could finish matters to anyone.
func serveHost(am AccessMethod, stdout io.Writer) error {
	setupLog()
	debug.SetTraceback("single")
	debug.SetGCPercent(gcPercent)
	signal.Ignore(os.Interrupt) // a Ctrl-C meant for the host
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	go watchParent(func() { os.Exit(0) })

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	srv := newServer(am, Log())
	defer srv.listenShared()()
	ready, closed := make(chan *plugin.ReattachConfig, 1), make(chan struct{})
	go plugin.Serve(serveConfig(ctx, srv, ready, closed))
	select {
	case at := <-ready:
		line := fmt.Sprintf("%d|%d|%s|%s|grpc|\n", plugin.CoreProtocolVersion, at.ProtocolVersion, at.Addr.Network(), at.Addr)
		if _, err := io.WriteString(stdout, line); err != nil {
			return fmt.Errorf("handshake: %w", err)
		}
	case <-closed:
		return errors.New("no listener; is the directory in " + wire.SocketDirEnv + " writable?")
	}
	select {
	case <-term:
	case <-closed:
		return errors.New("the gRPC server stopped by itself")
	}
	select {
	case <-srv.calls.drain():
	case <-time.After(drainTime):
		active, _ := srv.calls.snapshot()
		log := Log()
		log.Warn().Uints64("calls", active).Msg("stopping with calls still running")
	}
	stop()
	<-closed
	return nil
}

// serveConfig sets go-plugin up. Its test mode is what leaves standard output, the handshake line and the end of the
// process to us: outside of it, it swallows the one and cuts running calls at the other.
func serveConfig(ctx context.Context, srv *server, ready chan *plugin.ReattachConfig, closed chan struct{}) *plugin.ServeConfig {
	return &plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: wire.ProtocolVersion, MagicCookieKey: wire.CookieKey, MagicCookieValue: wire.CookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{
			wire.ProtocolVersion: {wire.PluginName: &grpcPlugin{srv: srv}},
		},
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(opts, ServerOptions()...)...)
		},
		Logger: hclog.NewNullLogger(),
		Test:   &plugin.ServeTestConfig{Context: ctx, ReattachConfigCh: ready, CloseCh: closed},
	}
}

// ServerOptions are the gRPC options of a plugin: message caps of package wire and windows that hold a few messages.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(wire.HardCap), grpc.MaxSendMsgSize(wire.HardCap),
		grpc.InitialWindowSize(wire.HardCap), grpc.InitialConnWindowSize(4 * wire.HardCap),
		grpc.ReadBufferSize(256 << 10), grpc.WriteBufferSize(256 << 10),
	}
}

// grpcPlugin registers the service with go-plugin's server.
type grpcPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	srv pb.AccessMethodServer
}

func (p *grpcPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	pb.RegisterAccessMethodServer(s, p.srv)
	return nil
}

func (p *grpcPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("a plugin has no client side")
}
