package server

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Addresses say where to listen.
type Addresses struct {
	Hosts     []string // addresses to bind; empty = no TCP
	Port      int      // TCP port and suffix of the socket's name; 0 picks a free one
	SocketDir string   // directory of the unix socket .s.PGSQL.<port>; "" = none
}

// Listeners are bound addresses. Clients that connect before a Server takes them over wait.
type Listeners struct {
	all    []net.Listener
	port   int
	socket string
}

// Listen binds every address. On failure nothing stays bound and the error names the address and a remedy.
func Listen(a Addresses) (*Listeners, error) {
	on := &Listeners{port: a.Port}
	for _, host := range a.Hosts {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(on.port)))
		if err != nil {
			on.Close()
			return nil, fmt.Errorf("listen on %s port %d: %w; %s", host, on.port, err, remedy(err))
		}
		on.all = append(on.all, l)
		if on.port == 0 {
			on.port = l.Addr().(*net.TCPAddr).Port
		}
	}
	if a.SocketDir != "" {
		on.socket = filepath.Join(a.SocketDir, fmt.Sprintf(".s.PGSQL.%d", on.port))
		l, err := listenUnix(on.socket)
		if err != nil {
			on.Close()
			return nil, err
		}
		on.all = append(on.all, l)
	}
	if len(on.all) == 0 {
		return nil, errors.New("nowhere to listen: give --host or --socket-dir")
	}
	return on, nil
}

// remedy says what to do about an address that cannot be bound.
func remedy(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "choose another with --port, or stop the process that has it"
	case errors.Is(err, syscall.EACCES):
		return "ports below 1024 need privileges; choose another with --port"
	}
	return "give --host an address of this machine"
}

// listenUnix binds path, taking over a socket file that nobody listens on any more.
func listenUnix(path string) (net.Listener, error) {
	if conn, err := net.Dial("unix", path); err == nil {
		_ = conn.Close()
		return nil, fmt.Errorf("listen on %s: another server answers there; choose another --port or --socket-dir", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove stale socket %s: %w", path, err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; choose another directory with --socket-dir", path, err)
	}
	// Anyone may knock: the peer's identity is asked of the kernel.
	if err := os.Chmod(path, 0o777); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("open socket %s to clients: %w", path, err)
	}
	return l, nil
}

// Port is the TCP port in use and the suffix of the socket's name.
func (on *Listeners) Port() int { return on.port }

// SocketPath is the unix socket's path, "" without one.
func (on *Listeners) SocketPath() string { return on.socket }

// Close stops listening. It may be called twice.
func (on *Listeners) Close() {
	for _, l := range on.all {
		_ = l.Close()
	}
}
