package sdk

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"

	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
	"github.com/quiredb/quire/plugins/wire/shm"
)

// sharedStream is the plugin's end of a lane in shared memory.
type sharedStream struct{ end *shm.End }

func (s sharedStream) Send(m *pb.PluginMessage) error { return s.end.Send(m) }

func (s sharedStream) Recv() (*pb.HostMessage, error) {
	m := new(pb.HostMessage)
	return m, s.end.Recv(m)
}

// ServeSharedLane serves an access method on a lane in shared memory until the other end is gone. It is for tests that run it without
// a process of its own.
func ServeSharedLane(am pb.AccessMethodServer, end *shm.End) error {
	s, ok := am.(*server)
	if !ok {
		return errors.New("ServeSharedLane serves what NewServer made")
	}
	return s.sharedLane(end)
}

func (s *server) sharedLane(end *shm.End) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer end.Close()
	go func() {
		select {
		case <-end.Gone():
			cancel()
		case <-ctx.Done():
		}
	}()
	return s.lane(ctx, sharedStream{end})
}

// listenShared takes lanes in shared memory from now on, if the system has them. Without them all lanes are gRPC's.
func (s *server) listenShared() (stop func()) {
	dir := os.Getenv(wire.SocketDirEnv)
	if !shm.Supported || dir == "" {
		return func() {}
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: filepath.Join(dir, wire.LanesSocket)})
	if err != nil {
		s.log.Warn().Err(err).Msg("no lanes in shared memory")
		return func() {}
	}
	s.lanes = l.Addr().String()
	go func() {
		for {
			conn, err := l.AcceptUnix()
			if err != nil {
				return
			}
			go s.takeLane(conn)
		}
	}()
	return func() { _ = l.Close() }
}

// takeLane serves what the host, and nobody else, offers.
func (s *server) takeLane(conn *net.UnixConn) {
	if pid, err := shm.PeerPID(conn); err != nil || pid != os.Getppid() {
		s.log.Warn().Err(err).Int("pid", pid).Msg("a stranger on the socket for lanes")
		_ = conn.Close()
		return
	}
	end, arena, err := shm.Accept(conn)
	if err != nil {
		s.log.Warn().Err(err).Msg("no lane in shared memory")
		return
	}
	if arena != nil {
		if err := s.cache.mapArena(arena); err != nil {
			s.log.Warn().Err(err).Msg("pages are read by message")
		}
	}
	if err := s.sharedLane(end); err != nil {
		s.log.Debug().Err(err).Msg("a lane has ended")
	}
}
