package amtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// A Process is an access method behind lanes, as a host meets it, without a process.
type Process struct {
	server pb.AccessMethodServer
	calls  atomic.Uint64
}

// NewProcess starts one. Its page cache is its own, as a process's is.
func NewProcess(am sdk.AccessMethod) *Process { return &Process{server: sdk.NewServer(am)} }

// lane is a stream in memory. Messages are encoded and decoded on the way, so that both ends own what they have.
type lane struct {
	ctx      context.Context
	toPlugin chan []byte
	toHost   chan []byte
}

func (l *lane) Context() context.Context     { return l.ctx }
func (l *lane) SetHeader(metadata.MD) error  { return nil }
func (l *lane) SendHeader(metadata.MD) error { return nil }
func (l *lane) SetTrailer(metadata.MD)       {}
func (l *lane) SendMsg(m any) error          { return l.Send(m.(*pb.PluginMessage)) }
func (l *lane) RecvMsg(any) error            { return errors.New("a lane is read with Recv") }

// Send is the plugin's.
func (l *lane) Send(m *pb.PluginMessage) error {
	b, err := proto.Marshal(m)
	if err != nil {
		return err
	}
	if len(b) > wire.HardCap {
		return fmt.Errorf("%w: message of %d bytes, the limit is %d", wire.ErrTooLarge, len(b), wire.HardCap)
	}
	select {
	case l.toHost <- b:
		return nil
	case <-l.ctx.Done():
		return l.ctx.Err()
	}
}

// Recv is the plugin's.
func (l *lane) Recv() (*pb.HostMessage, error) {
	select {
	case b, ok := <-l.toPlugin:
		if !ok {
			return nil, io.EOF
		}
		var m pb.HostMessage
		return &m, proto.Unmarshal(b, &m)
	case <-l.ctx.Done():
		return nil, l.ctx.Err()
	}
}

// say sends a message to the plugin.
func (l *lane) say(m *pb.HostMessage) error {
	b, err := proto.Marshal(m)
	if err != nil {
		return err
	}
	select {
	case l.toPlugin <- b:
		return nil
	case <-l.ctx.Done():
		return l.ctx.Err()
	}
}

// call runs one call to its end. other takes the messages that are no page requests and may answer them. When a page request
// kills the call, the lane is cut as it is when a process dies.
func (p *Process) call(ctx context.Context, pages *Pages, call *pb.Call, parts []*pb.HostMessage, other func(*pb.PluginMessage) (*pb.HostMessage, error)) (*pb.Result, error) {
	defer pages.Close()
	ctx, cancel := context.WithCancel(ctx)
	l := &lane{ctx: ctx, toPlugin: make(chan []byte, 8), toHost: make(chan []byte, 8)}
	ended := make(chan error, 1)
	go func() { ended <- p.server.Lane(l) }()
	defer func() {
		cancel()
		<-ended
	}()
	call.Id = p.calls.Add(1)
	for _, m := range append([]*pb.HostMessage{{Kind: &pb.HostMessage_Call{Call: call}}}, parts...) {
		if err := l.say(m); err != nil {
			return nil, err
		}
	}
	for {
		var m pb.PluginMessage
		select {
		case b := <-l.toHost:
			if err := proto.Unmarshal(b, &m); err != nil {
				return nil, err
			}
		case err := <-ended:
			ended <- err
			return nil, fmt.Errorf("the lane ended before the call: %w", err)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		var answer *pb.HostMessage
		switch k := m.GetKind().(type) {
		case *pb.PluginMessage_Result:
			return k.Result, nil
		case *pb.PluginMessage_Error:
			return nil, wire.ErrorFromProto(k.Error)
		case *pb.PluginMessage_Page:
			reply, err := wire.AnswerPage(ctx, pages, k.Page)
			if errors.Is(err, errKilled) {
				return nil, err
			}
			if err != nil {
				reply = &pb.PageReply{Error: wire.ErrorToProto(err)}
			}
			answer = &pb.HostMessage{Kind: &pb.HostMessage_Page{Page: reply}}
		default:
			var err error
			if answer, err = other(&m); err != nil {
				return nil, err
			}
		}
		if answer == nil {
			continue
		}
		if err := l.say(answer); err != nil {
			return nil, err
		}
	}
}
