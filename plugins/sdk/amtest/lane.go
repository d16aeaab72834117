package amtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// A Process is an access method behind lanes, as a host meets it, without a process. Lanes whose call ended in step carry further
// calls.
type Process struct {
	server pb.AccessMethodServer
	shared bool // the lanes are in shared memory
	calls  atomic.Uint64
	mu     struct {
		sync.Mutex
		idle   []laneToPlugin
		closed bool
	}
}

// NewProcess starts one. Its page cache is its own, as a process's is.
func NewProcess(am sdk.AccessMethod) *Process { return &Process{server: sdk.NewServer(am)} }

// Close ends it.
func (p *Process) Close() {
	p.mu.Lock()
	idle := p.mu.idle
	p.mu.idle, p.mu.closed = nil, true
	p.mu.Unlock()
	for _, l := range idle {
		l.cut()
	}
}

// NewSharedProcess starts one whose lanes are in shared memory, as those between two processes on Linux are.
func NewSharedProcess(am sdk.AccessMethod) *Process {
	return &Process{server: sdk.NewServer(am), shared: true}
}

// A laneToPlugin is the host's end of a lane of either kind.
type laneToPlugin interface {
	say(m *pb.HostMessage) error
	leave(m *pb.HostMessage) error // say, without waking the plugin
	hear() (*pb.PluginMessage, error)
	cancel() // may be called at any time
	cut()    // and waits for the plugin's end
	broken() bool
}

// lane is a stream in memory. Messages are encoded and decoded on the way, so that both ends own what they have.
type lane struct {
	ctx      context.Context
	stop     context.CancelFunc
	toPlugin chan []byte
	toHost   chan []byte
	ended    chan error
}

func (p *Process) take() (laneToPlugin, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.mu.idle); n > 0 {
		l := p.mu.idle[n-1]
		p.mu.idle = p.mu.idle[:n-1]
		return l, nil
	}
	if p.shared {
		return newSharedLane(p.server)
	}
	l := &lane{toPlugin: make(chan []byte, 8), toHost: make(chan []byte, 8), ended: make(chan error, 1)}
	l.ctx, l.stop = context.WithCancel(context.Background())
	go func() { l.ended <- p.server.Lane(l) }()
	return l, nil
}

// put takes a lane back whose call ended in step; any other is cut.
func (p *Process) put(l laneToPlugin, inStep bool) {
	p.mu.Lock()
	if inStep && !p.mu.closed && !l.broken() {
		p.mu.idle = append(p.mu.idle, l)
		l = nil
	}
	p.mu.Unlock()
	if l != nil {
		l.cut()
	}
}

func (l *lane) cancel()      { l.stop() }
func (l *lane) broken() bool { return l.ctx.Err() != nil }

func (l *lane) cut() {
	l.stop()
	<-l.ended
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

func (l *lane) leave(m *pb.HostMessage) error { return l.say(m) }

// call runs one call to its end. other takes the messages that are no page requests and may answer them. When a page request
// kills the call, the lane is cut as it is when a process dies.
func (p *Process) call(ctx context.Context, pages *Pages, call *pb.Call, parts []*pb.HostMessage, other func(*pb.PluginMessage) (*pb.HostMessage, error)) (*pb.Result, error) {
	defer pages.Close()
	l, err := p.take()
	if err != nil {
		return nil, err
	}
	detach := context.AfterFunc(ctx, l.cancel)
	inStep := false
	defer func() { p.put(l, detach() && inStep) }()
	call.Id = p.calls.Add(1)
	for _, m := range append([]*pb.HostMessage{{Kind: &pb.HostMessage_Call{Call: call}}}, parts...) {
		if err := l.say(m); err != nil {
			return nil, err
		}
	}
	for {
		m, err := l.hear()
		if err != nil {
			return nil, err
		}
		if m.GetCall() != call.Id {
			return nil, fmt.Errorf("a message of call %d in call %d", m.GetCall(), call.Id)
		}
		var answer *pb.HostMessage
		switch k := m.GetKind().(type) {
		case *pb.PluginMessage_Result:
			inStep = true
			return k.Result, nil
		case *pb.PluginMessage_Error:
			inStep = true
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
			if f := k.Page.GetFinish(); f.GetLast() && err == nil {
				inStep = true
				return &pb.Result{Conflicts: f.GetConflicts()}, l.leave(answer)
			}
		default:
			if answer, err = other(m); err != nil {
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

// hear waits for the plugin's next message.
func (l *lane) hear() (*pb.PluginMessage, error) {
	var m pb.PluginMessage
	select {
	case b := <-l.toHost:
		return &m, proto.Unmarshal(b, &m)
	case err := <-l.ended:
		l.ended <- err
		return nil, fmt.Errorf("the lane ended before the call: %w", err)
	case <-l.ctx.Done():
		return nil, l.ctx.Err()
	}
}
