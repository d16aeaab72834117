package server

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/replica"
)

// A ReplicationHandler serves a connection that was opened with replication=true, from its first command to its
// end. ctx ends when the server shuts down, after the shutdown checkpoint is durable.
type ReplicationHandler interface {
	Serve(ctx context.Context, conn replica.Conn, who replica.Client) error
}

type replicationConn struct {
	c       *conn
	timeout func() time.Duration // a peer that takes nothing for that long is gone; 0 = never
	mu      sync.Mutex           // orders writers
}

func (r *replicationConn) Receive() (pgproto3.FrontendMessage, error) { return r.c.receive() }

func (r *replicationConn) Close() error { return r.c.nc.Close() }

func (r *replicationConn) Send(msgs ...pgproto3.BackendMessage) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d := r.timeout(); d > 0 {
		_ = r.c.nc.SetWriteDeadline(time.Now().Add(d))
	}
	r.c.send(msgs...)
	return r.c.flush()
}

func (c *conn) serveReplication(role Role) error {
	h := c.server.cfg.Replication
	if h == nil {
		return pgerr.New(pgerr.FeatureNotSupported, "this server does not serve replication connections")
	}
	if !role.Superuser && !role.Replication {
		return pgerr.New(pgerr.InsufficientPrivilege, "must be superuser or replication role to start walsender")
	}
	// S5: counted with the walsenders from here on.
	c.server.replication.wg.Add(1)
	defer c.server.replication.wg.Done()
	c.leave()
	c.ctx = c.server.replication.ctx

	c.send(&pgproto3.AuthenticationOk{})
	for _, p := range c.server.cfg.Settings.NewSession(role.Superuser, nil).ParameterStatus() {
		c.send(&pgproto3.ParameterStatus{Name: p.Name, Value: p.Value})
	}
	c.send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	if err := c.flush(); err != nil {
		return nil
	}
	timeout := func() time.Duration { return c.server.cfg.Settings.Duration("wal_sender_timeout") }
	return h.Serve(c.ctx, &replicationConn{c: c, timeout: timeout}, replica.Client{
		User: role.Name, ApplicationName: c.params["application_name"], RemoteAddr: c.remote(), PID: c.pid,
	})
}
