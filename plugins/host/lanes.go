package host

import (
	"context"
	"errors"
	"sync"

	"github.com/quiredb/quire/plugins/wire/pb"
	"github.com/quiredb/quire/plugins/wire/shm"
)

const (
	// maxIdleLanes bounds the lanes kept open for the next call.
	maxIdleLanes = 32
	// maxSharedLanes bounds the lanes in shared memory, because each call on one takes a thread while it waits.
	maxSharedLanes = 32
)

// errSessionClosed says that the plugin's process is gone.
var errSessionClosed = errors.New("plugin connection is closed")

// A laneStream is the host's end of a lane.
type laneStream interface {
	Send(*pb.HostMessage) error
	Recv() (*pb.PluginMessage, error)
}

// A lane is a stream that carries one call at a time.
type lane struct {
	stream laneStream
	cancel context.CancelFunc // breaks the lane; the plugin's call is cancelled
	shared bool               // in shared memory, else over gRPC
	// indexes are those that the plugin's end knows; they belong to who has the lane.
	indexes slots
}

// A lanePool keeps idle lanes. A lane that ended its call in order goes back, any other is broken.
type lanePool struct {
	client pb.AccessMethodClient
	offer  func() (*shm.End, error) // opens a lane in shared memory; nil if there are none
	mu     struct {
		sync.Mutex
		idle   []*lane
		all    map[*lane]bool
		shared int // lanes in shared memory, open or about to be
		closed bool
	}
}

func newLanePool(client pb.AccessMethodClient, offer func() (*shm.End, error)) *lanePool {
	p := &lanePool{client: client, offer: offer}
	p.mu.all = make(map[*lane]bool)
	return p
}

// take returns an idle lane or opens one.
func (p *lanePool) take() (*lane, error) {
	p.mu.Lock()
	if p.mu.closed {
		p.mu.Unlock()
		return nil, errSessionClosed
	}
	if n := len(p.mu.idle); n > 0 {
		l := p.mu.idle[n-1]
		p.mu.idle = p.mu.idle[:n-1]
		p.mu.Unlock()
		return l, nil
	}
	share := p.offer != nil && p.mu.shared < maxSharedLanes
	if share {
		p.mu.shared++
	}
	p.mu.Unlock()
	l, err := p.open(share)
	p.mu.Lock()
	defer p.mu.Unlock()
	if share && (err != nil || !l.shared) {
		p.mu.shared--
	}
	switch {
	case err != nil:
		return nil, err
	case p.mu.closed:
		l.cancel()
		return nil, errSessionClosed
	}
	p.mu.all[l] = true
	return l, nil
}

// open makes a lane, over gRPC if there is none in shared memory.
func (p *lanePool) open(share bool) (*lane, error) {
	if share {
		if end, err := p.offer(); err == nil {
			return &lane{stream: sharedStream{end}, cancel: end.Close, shared: true}, nil
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := p.client.Lane(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	return &lane{stream: stream, cancel: cancel}, nil
}

// sharedStream is the host's end of a lane in shared memory.
type sharedStream struct{ end *shm.End }

func (s sharedStream) Send(m *pb.HostMessage) error { return s.end.Send(m) }

func (s sharedStream) Recv() (*pb.PluginMessage, error) {
	m := new(pb.PluginMessage)
	return m, s.end.Recv(m)
}

// leave sends a message that the plugin need not have before the next one: where that saves waking it, it stays asleep.
func (l *lane) leave(m *pb.HostMessage) error {
	if s, ok := l.stream.(sharedStream); ok {
		return s.end.Leave(m)
	}
	return l.stream.Send(m)
}

// nudge has the plugin receive what was left in its lanes.
func (p *lanePool) nudge() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.mu.all {
		if s, ok := l.stream.(sharedStream); ok {
			s.end.Nudge()
		}
	}
}

// forgetLocked takes a lane off the list.
func (p *lanePool) forgetLocked(l *lane) {
	if p.mu.all[l] && l.shared {
		p.mu.shared--
	}
	delete(p.mu.all, l)
}

// put takes a lane back whose call is over and in step.
func (p *lanePool) put(l *lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.mu.closed && len(p.mu.idle) < maxIdleLanes {
		p.mu.idle = append(p.mu.idle, l)
		return
	}
	p.forgetLocked(l)
	l.cancel()
}

// breakLane ends a lane whose call is not over.
func (p *lanePool) breakLane(l *lane) {
	l.cancel()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgetLocked(l)
}

// close breaks all lanes.
func (p *lanePool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mu.closed = true
	for l := range p.mu.all {
		l.cancel()
	}
	p.mu.idle, p.mu.all = nil, nil
}
