package replica

import "github.com/jackc/pgx/v5/pgproto3"

// Client describes the peer of a replication connection.
type Client struct {
	User, ApplicationName, RemoteAddr string
	PID                               int32
}

// Conn carries messages of the replication protocol. Receive and Send may be called from two goroutines, each by one
// at a time. A message from Receive is valid until the next one.
type Conn interface {
	Receive() (pgproto3.FrontendMessage, error)
	Send(msgs ...pgproto3.BackendMessage) error // written before it returns
	Close() error                               // wakes Receive
}
