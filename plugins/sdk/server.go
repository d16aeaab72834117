package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/rs/zerolog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// version is what the SDK says of itself in Describe.
const version = "quire-sdk-go/1"

// server answers the host for one access method.
type server struct {
	pb.UnimplementedAccessMethodServer
	am    AccessMethod
	cache *pageCache
	calls *callTable
	log   zerolog.Logger
	lanes string // where shared lanes are taken, empty if nowhere
}

// NewServer returns the gRPC service of an access method, for tests that run it without a process of its own.
func NewServer(am AccessMethod) pb.AccessMethodServer { return newServer(am, zerolog.Nop()) }

func newServer(am AccessMethod, log zerolog.Logger) *server {
	return &server{am: am, cache: newPageCache(defaultCachePages), calls: newCallTable(), log: log}
}

func (s *server) Describe(context.Context, *pb.DescribeRequest) (*pb.Description, error) {
	d := s.am.Describe()
	d.SDK, d.Lanes, d.Lookups = version, s.lanes, wire.MaxLookups
	return wire.DescriptionToProto(d), nil
}

func (s *server) Health(context.Context, *pb.HealthRequest) (*pb.HealthReply, error) {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	active, done := s.calls.snapshot()
	return &pb.HealthReply{ActiveCalls: active, CallsDone: done, HeapBytes: mem.HeapAlloc}, nil
}

func (s *server) Drain(ctx context.Context, _ *pb.DrainRequest) (*pb.DrainReply, error) {
	select {
	case <-s.calls.drain():
		return &pb.DrainReply{}, nil
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
}

// Lane serves calls one after the other until the host closes the stream.
func (s *server) Lane(stream pb.AccessMethod_LaneServer) error {
	return s.lane(stream.Context(), stream)
}

// lane serves a lane of either kind; ctx ends with it.
func (s *server) lane(ctx context.Context, stream laneStream) error {
	var indexes laneIndexes
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if m.GetFlow() != nil {
			continue // it crossed the end of its call
		}
		call := m.GetCall()
		if call == nil {
			return status.Errorf(codes.FailedPrecondition, "a call was expected, not %T", m.GetKind())
		}
		about, err := indexes.of(call, s.log)
		if err != nil {
			return status.Error(codes.FailedPrecondition, err.Error())
		}
		if err := s.serve(ctx, stream, call, about); err != nil {
			return err
		}
	}
}

// serve runs one call and sends its answer. An error means that the lane is of no more use.
func (s *server) serve(ctx context.Context, stream laneStream, call *pb.Call, about *described) error {
	carrier := newLaneCarrier(stream, call.GetId())
	var result *pb.Result
	err := s.calls.enter(call.GetId())
	if err == nil {
		ctx, cancel := callContext(ctx, call)
		result, err = s.run(ctx, carrier, call, about)
		cancel()
		s.calls.leave(call.GetId())
	}
	if broken := carrier.settle(); broken != nil { // by K4
		return broken
	}
	if carrier.ended() { // the host has had its answer
		if err != nil {
			s.log.Error().Err(err).Str("index", about.info.Name).Msg("an error after the last Finish of a call is lost")
		}
		return nil
	}
	if err != nil {
		return carrier.tell(&pb.PluginMessage{Kind: &pb.PluginMessage_Error{Error: wire.ErrorToProto(err)}})
	}
	return carrier.tell(&pb.PluginMessage{Kind: &pb.PluginMessage_Result{Result: result}})
}

// run calls the author's code; a panic in it becomes the call's error, its stack goes to the log.
func (s *server) run(ctx context.Context, carrier *laneCarrier, call *pb.Call, about *described) (result *pb.Result, err error) {
	defer func() {
		if r := recover(); r != nil {
			stack := make([]byte, 16<<10)
			stack = stack[:runtime.Stack(stack, false)]
			s.log.Error().Str("call", call.GetMethod().String()).Str("stack", string(stack)).Msgf("panic: %v", r)
			result, err = nil, wire.Errorf(wire.ErrPanic, "panic in %s: %v", call.GetMethod(), r)
		}
	}()
	c := &callState{am: s.am, ctx: ctx, carrier: carrier, call: call, ix: newIndex(ctx, about, carrier, s.cache)}
	if n := call.GetWorkMem(); n > 0 {
		c.ix.workMem = int64(n)
	}
	switch call.GetMethod() {
	case pb.Method_VALIDATE_OPTIONS:
		return c.validateOptions()
	case pb.Method_BUILD:
		return c.build()
	case pb.Method_BUILD_EMPTY:
		return c.buildEmpty()
	case pb.Method_INSERT:
		return c.insert()
	case pb.Method_SCAN:
		return c.scan()
	case pb.Method_BULK_DELETE:
		return c.bulkDelete()
	case pb.Method_CLEANUP:
		return c.cleanup()
	case pb.Method_CHECK:
		return c.check()
	}
	return nil, fmt.Errorf("%w: method %v; the plugin may be older than the host", wire.ErrUnsupported, call.GetMethod())
}
