//go:build !linux

package shm

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// Supported says whether lanes can share memory on this system.
const Supported = false

var errUnsupported = errors.New("lanes in shared memory need Linux")

type memory struct{ bytes []byte }

func (m *memory) unmap() {}

// Offer is not possible here.
func Offer(conn *net.UnixConn, _ *os.File) (*End, error) {
	return nil, errors.Join(errUnsupported, conn.Close())
}

// Accept is not possible here.
func Accept(conn *net.UnixConn) (*End, *os.File, error) {
	return nil, nil, errors.Join(errUnsupported, conn.Close())
}

func mapRead(*os.File) ([]byte, error) { return nil, errUnsupported }

// PeerPID is not known here.
func PeerPID(*net.UnixConn) (int, error) { return 0, errUnsupported }

// Pair is not possible here.
func Pair() (host, plugin *End, err error) { return nil, nil, errUnsupported }

func futexWait(*atomic.Uint32, uint32, time.Duration) {}
func futexWake(*atomic.Uint32)                        {}
