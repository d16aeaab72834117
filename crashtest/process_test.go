package crashtest

import (
	"context"
	"net"

	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/plugins/bloom"
	"github.com/quiredb/quire/plugins/host"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// A process is the bloom access method as a plugin's process would serve it, without the process: the SDK's server, a
// gRPC connection in memory, the host's half above it. As with a real one, nothing it remembers outlives it.
type process struct {
	*host.Attached
	server *grpc.Server
}

func startBloom(ctx context.Context, e *engine.Engine) (*process, error) {
	listener := bufconn.Listen(256 << 10)
	server := grpc.NewServer(sdk.ServerOptions()...)
	pb.RegisterAccessMethodServer(server, sdk.NewServer(bloom.Method{}))
	go func() { _ = server.Serve(listener) }()
	attached, err := host.Attach(ctx, host.AttachConfig{
		Name: "bloom", Log: zerolog.Nop(), Pages: host.NewPoolStore(e.Pool, e.GX, host.HeapFates(e.Heap)),
		Dial: func(ctx context.Context) (net.Conn, error) { return listener.DialContext(ctx) },
	})
	if err != nil {
		server.Stop()
		return nil, err
	}
	return &process{Attached: attached, server: server}, nil
}

func (p *process) stop() {
	p.Detach()
	p.server.Stop()
}
