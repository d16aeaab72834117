package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/session"
)

const (
	maxAuthBytes = 16 << 10
	flushAtBytes = 64 << 10
)

// A conn is one client's connection. One goroutine runs it; only cancel is called from outside.
type conn struct {
	server  *Server
	nc      net.Conn
	backend *pgproto3.Backend // reads; writing goes through out
	params  map[string]string
	log     zerolog.Logger
	pid     int32

	out    []byte // messages not yet written
	broken error  // first write error; later sends are dropped

	session *session.Session
	discard bool   // S4: an error was reported, skip to Sync
	idle    bool   // ReadyForQuery was the last word
	leave   func() // counts the connection out of the ordinary sessions, once

	ctx           context.Context // ends with the connection's group, or by pg_terminate_backend
	terminateWith context.CancelCauseFunc
	work          context.Context // of the messages since the last ReadyForQuery, nil if there were none
	endWork       context.CancelCauseFunc
	mu            struct {
		sync.Mutex
		cancel  context.CancelCauseFunc // of the running statement, nil between statements
		leaving bool                    // reads fail from now on
	}
}

func newConn(s *Server, nc net.Conn, msg *pgproto3.StartupMessage, leave func()) *conn {
	c := &conn{server: s, nc: nc, leave: leave, backend: pgproto3.NewBackend(nc, nc), log: s.cfg.Log}
	c.backend.SetMaxBodyLen(maxAuthBytes)
	if msg != nil {
		c.params = msg.Parameters
	}
	return c
}

// send queues messages. Encoding only fails on a message that breaks the protocol, which would be a bug here.
func (c *conn) send(msgs ...pgproto3.BackendMessage) {
	for _, m := range msgs {
		out, err := m.Encode(c.out)
		if err != nil {
			panic(fmt.Sprintf("encode %T: %v", m, err))
		}
		c.out = out
	}
	if len(c.out) >= flushAtBytes {
		_ = c.flush() // remembered in broken
	}
}

// flush writes what is queued.
func (c *conn) flush() error {
	if c.broken == nil && len(c.out) > 0 {
		_, c.broken = c.nc.Write(c.out)
	}
	if cap(c.out) > 1<<20 {
		c.out = nil // one large row need not be kept for ever
	}
	c.out = c.out[:0]
	return c.broken
}

// receive reads one message. Bytes that are no message are a protocol violation, a closed socket is io.EOF.
func (c *conn) receive() (pgproto3.FrontendMessage, error) {
	msg, err := c.backend.Receive()
	var ne net.Error
	var tooLong *pgproto3.ExceededMaxBodyLenErr
	switch {
	case err == nil:
		return msg, nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.As(err, &ne):
		return nil, io.EOF
	case errors.As(err, &tooLong):
		return nil, pgerr.New(pgerr.ProtocolViolation, "message of %d bytes is too long; the limit is %d", tooLong.ActualBodyLen, tooLong.MaxExpectedBodyLen)
	default:
		return nil, pgerr.New(pgerr.ProtocolViolation, "%v", err)
	}
}

// run authenticates the client and serves it. authenticated is called when the time limit of authentication is
// over; it says whether to go on.
func (c *conn) run(authenticated func() bool) {
	defer func() {
		if p := recover(); p != nil { // S3
			c.log.Error().Interface("panic", p).Bytes("stack", debug.Stack()).Msg("connection ended by a panic")
			c.sendError(pgerr.New(pgerr.InternalError, "internal error: %v", p), pgerr.SeverityFatal)
			_ = c.flush()
		}
	}()
	if err := c.serve(authenticated); err != nil && !errors.Is(err, io.EOF) {
		pe := pgerr.From(err)
		c.log.Info().Str("sqlstate", string(pe.Code)).Msg(pe.Message)
		c.sendError(pe, pgerr.SeverityFatal)
		_ = c.flush()
	}
}

func (c *conn) serve(authenticated func() bool) error {
	role, err := c.authenticate(c.server.sessions.ctx)
	if err != nil {
		return err
	}
	if !authenticated() {
		return errShutdown
	}
	if err := c.server.admit(role.Superuser); err != nil {
		return err
	}
	defer c.server.release()
	c.backend.SetMaxBodyLen(c.server.cfg.MaxMessageBytes)
	c.pid = c.server.nextPID.Add(1)
	c.log = c.log.With().Int32("pid", c.pid).Str("user", role.Name).Logger()

	if isReplication(c.params["replication"]) {
		return c.serveReplication(role)
	}
	c.ctx, c.terminateWith = context.WithCancelCause(c.server.sessions.ctx)
	defer c.terminateWith(nil)
	if c.params["database"] == "" {
		c.params["database"] = role.Name
	}
	c.session, err = c.server.cfg.DB.NewSession(session.SessionParams{
		User: role.Name, Database: c.params["database"], ApplicationName: c.params["application_name"],
		RemoteAddr: c.remote(), PID: c.pid, Params: c.params, Cancel: c.cancelStatement, Terminate: c.terminateWith, Superuser: role.Superuser,
	})
	if err != nil {
		return err
	}
	defer c.session.Close()
	if err := c.greet(); err != nil {
		return err
	}
	defer c.server.keys.remove(c.pid)

	// Shutdown, or pg_terminate_backend, stops the running statement and wakes an idle connection's read.
	stop := context.AfterFunc(c.ctx, func() { c.terminate(context.Cause(c.ctx)) })
	defer stop()
	err = c.loop()
	if cause := context.Cause(c.ctx); cause != nil && errors.Is(err, io.EOF) {
		_ = c.nc.SetDeadline(time.Now().Add(writeGrace))
		return cause
	}
	return err
}

// greet ends authentication: parameters, cancel key, ready.
func (c *conn) greet() error {
	c.send(&pgproto3.AuthenticationOk{})
	for _, p := range c.session.ParameterStatus() {
		c.send(&pgproto3.ParameterStatus{Name: p.Name, Value: p.Value})
	}
	secret, err := c.server.keys.add(c.pid, func() { c.cancelStatement(errUserCancel) })
	if err != nil {
		return err
	}
	c.send(&pgproto3.BackendKeyData{ProcessID: uint32(c.pid), SecretKey: secret})
	c.ready()
	return c.flush()
}

func (c *conn) remote() string {
	if c.nc.RemoteAddr().Network() == "unix" {
		return ""
	}
	return c.nc.RemoteAddr().String()
}

func isReplication(v string) bool {
	switch v {
	case "true", "on", "yes", "1", "t", "y":
		return true
	}
	return false
}
