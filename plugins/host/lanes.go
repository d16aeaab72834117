package host

import (
	"context"
	"errors"
	"sync"

	"github.com/quiredb/quire/plugins/wire/pb"
)

// maxIdleLanes bounds the lanes kept open for the next call.
const maxIdleLanes = 32

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
}

// A lanePool keeps idle lanes. A lane that ended its call in order goes back, any other is broken.
type lanePool struct {
	client pb.AccessMethodClient
	mu     struct {
		sync.Mutex
		idle   []*lane
		all    map[*lane]bool
		closed bool
	}
}

func newLanePool(client pb.AccessMethodClient) *lanePool {
	p := &lanePool{client: client}
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
	p.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := p.client.Lane(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	l := &lane{stream: stream, cancel: cancel}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.closed {
		cancel()
		return nil, errSessionClosed
	}
	p.mu.all[l] = true
	return l, nil
}

// put takes a lane back whose call is over and in step.
func (p *lanePool) put(l *lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.mu.closed && len(p.mu.idle) < maxIdleLanes {
		p.mu.idle = append(p.mu.idle, l)
		return
	}
	delete(p.mu.all, l)
	l.cancel()
}

// breakLane ends a lane whose call is not over.
func (p *lanePool) breakLane(l *lane) {
	l.cancel()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.mu.all, l)
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
