package amtest

import (
	"fmt"

	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire/pb"
	"github.com/quiredb/quire/plugins/wire/shm"
)

// sharedLane is a lane in shared memory whose ends are in the same process.
type sharedLane struct {
	end    *shm.End
	plugin *shm.End
	ended  chan error
}

func newSharedLane(server pb.AccessMethodServer) (laneToPlugin, error) {
	host, plugin, err := shm.Pair()
	if err != nil {
		return nil, err
	}
	l := &sharedLane{end: host, plugin: plugin, ended: make(chan error, 1)}
	go func() { l.ended <- sdk.ServeSharedLane(server, plugin) }()
	return l, nil
}

func (l *sharedLane) say(m *pb.HostMessage) error { return l.end.Send(m) }

func (l *sharedLane) leave(m *pb.HostMessage) error { return l.end.Leave(m) }

func (l *sharedLane) hear() (*pb.PluginMessage, error) {
	m := new(pb.PluginMessage)
	if err := l.end.Recv(m); err != nil {
		return nil, fmt.Errorf("the lane ended before the call: %w", err)
	}
	return m, nil
}

func (l *sharedLane) cancel() {
	l.end.Close()
	l.plugin.Hangup()
}

func (l *sharedLane) cut() {
	l.cancel()
	<-l.ended
}

func (l *sharedLane) broken() bool {
	select {
	case <-l.end.Gone():
		return true
	default:
		return false
	}
}
