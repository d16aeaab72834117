package server

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// writeGrace is how long a client that is being sent away may take to read its last message.
const writeGrace = 5 * time.Second

var errUserCancel = pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request")

// cancelStatement stops the running statement, if one runs.
func (c *conn) cancelStatement(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.cancel != nil {
		c.mu.cancel(cause)
	}
}

// terminate stops the running statement and makes every later read fail.
func (c *conn) terminate(cause error) {
	c.cancelStatement(cause)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.leaving = true
	_ = c.nc.SetReadDeadline(time.Unix(1, 0))
}

// wakeRead makes reads fail until readAgain.
func (c *conn) wakeRead() { _ = c.nc.SetReadDeadline(time.Unix(1, 0)) }

// readAgain takes wakeRead back, unless the connection is to end.
func (c *conn) readAgain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.mu.leaving {
		_ = c.nc.SetReadDeadline(time.Time{})
	}
}

// await reads the next message of a client that has been told that the server is ready; one that is silent for too long is sent
// away.
func (c *conn) await() (pgproto3.FrontendMessage, error) {
	limit, cause := c.session.IdleLimit()
	if !c.idle || limit <= 0 {
		return c.receive()
	}
	t := time.AfterFunc(limit, func() { c.terminateWith(cause) })
	defer t.Stop()
	return c.receive()
}

// statement runs f under a context that a cancel request ends. The messages before a ReadyForQuery share it, unless one is cancelled.
func (c *conn) statement(f func(ctx context.Context) error) error {
	if c.work == nil || c.work.Err() != nil {
		c.work, c.endWork = context.WithCancelCause(c.ctx)
	}
	c.mu.Lock()
	c.mu.cancel = c.endWork
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.mu.cancel = nil
		c.mu.Unlock()
	}()
	return f(c.work)
}

// loop serves messages until the client leaves. Its error ends the connection; io.EOF is silent.
func (c *conn) loop() error {
	for {
		msg, err := c.await()
		if err != nil {
			return err
		}
		c.idle = false
		if c.ctx.Err() != nil {
			return io.EOF
		}
		switch msg := msg.(type) {
		case *pgproto3.Terminate:
			return io.EOF
		case *pgproto3.Query:
			if c.discard {
				continue // S4
			}
			err = c.statement(func(ctx context.Context) error { return c.session.Query(ctx, msg.String, (*output)(c)) })
			c.report(err)
			c.ready()
		case *pgproto3.Sync:
			c.discard = false
			c.report(c.statement(c.session.Sync))
			c.discard = false
			c.ready()
		case *pgproto3.CopyData, *pgproto3.CopyDone, *pgproto3.CopyFail:
			// What a client had under way when its COPY failed.
			continue
		case *pgproto3.FunctionCall:
			if c.discard {
				continue // S4
			}
			c.report(pgerr.New(pgerr.FeatureNotSupported, "the function call protocol message is not supported; use SELECT"))
			c.ready()
		default:
			if !isExtended(msg) {
				return pgerr.Fatal(pgerr.ProtocolViolation, "unexpected message %s", messageName(msg))
			}
			if !c.discard {
				c.reportExtended(c.extended(msg))
			}
			if _, isFlush := msg.(*pgproto3.Flush); !isFlush {
				continue // results wait for Flush or Sync, so that a pipeline costs one write
			}
		}
		if err := c.flush(); err != nil {
			return io.EOF
		}
		if c.ctx.Err() != nil {
			return io.EOF
		}
	}
}

// extended serves one message of the extended protocol.
func (c *conn) extended(msg pgproto3.FrontendMessage) error {
	s := c.session
	portal, statement := namesIn(msg)
	if err := datum.ValidateUTF8(portal); err != nil {
		return err
	}
	if err := datum.ValidateUTF8(statement); err != nil {
		return err
	}
	switch msg := msg.(type) {
	case *pgproto3.Parse:
		oids := make([]datum.OID, len(msg.ParameterOIDs))
		for i, o := range msg.ParameterOIDs {
			oids[i] = datum.OID(o)
		}
		if err := c.statement(func(ctx context.Context) error { return s.Parse(ctx, msg.Name, msg.Query, oids) }); err != nil {
			return err
		}
		c.send(&pgproto3.ParseComplete{})
	case *pgproto3.Bind:
		err := c.statement(func(ctx context.Context) error {
			return s.Bind(ctx, msg.DestinationPortal, msg.PreparedStatement, msg.ParameterFormatCodes, msg.Parameters, msg.ResultFormatCodes)
		})
		if err != nil {
			return err
		}
		c.send(&pgproto3.BindComplete{})
	case *pgproto3.Describe:
		return c.describe(msg)
	case *pgproto3.Execute:
		return c.statement(func(ctx context.Context) error { return s.Execute(ctx, msg.Portal, int(msg.MaxRows), (*output)(c)) })
	case *pgproto3.Close:
		switch msg.ObjectType {
		case 'S':
			s.CloseStatement(msg.Name)
		case 'P':
			s.ClosePortal(msg.Name)
		default:
			return pgerr.New(pgerr.ProtocolViolation, "invalid CLOSE message subtype %d", msg.ObjectType)
		}
		c.send(&pgproto3.CloseComplete{})
	}
	return nil
}

// namesIn gives the names of a portal and a statement in a message.
func namesIn(msg pgproto3.FrontendMessage) (portal, statement string) {
	switch msg := msg.(type) {
	case *pgproto3.Parse:
		return "", msg.Name
	case *pgproto3.Bind:
		return msg.DestinationPortal, msg.PreparedStatement
	case *pgproto3.Describe:
		return msg.Name, ""
	case *pgproto3.Execute:
		return msg.Portal, ""
	case *pgproto3.Close:
		return msg.Name, ""
	}
	return "", ""
}

// isExtended tells the messages of the extended protocol from those that are out of place in a session.
func isExtended(msg pgproto3.FrontendMessage) bool {
	switch msg.(type) {
	case *pgproto3.Parse, *pgproto3.Bind, *pgproto3.Describe, *pgproto3.Execute, *pgproto3.Close, *pgproto3.Flush:
		return true
	}
	return false
}

// messageName is the protocol's name of a message.
func messageName(msg pgproto3.FrontendMessage) string {
	return strings.TrimPrefix(fmt.Sprintf("%T", msg), "*pgproto3.")
}

func (c *conn) describe(msg *pgproto3.Describe) error {
	if msg.ObjectType == 'P' {
		cols, err := c.session.DescribePortal(msg.Name)
		if err != nil {
			return err
		}
		c.describeColumns(cols)
		return nil
	}
	if msg.ObjectType != 'S' {
		return pgerr.New(pgerr.ProtocolViolation, "invalid DESCRIBE message subtype %d", msg.ObjectType)
	}
	params, cols, err := c.session.DescribeStatement(msg.Name)
	if err != nil {
		return err
	}
	oids := make([]uint32, len(params))
	for i, p := range params {
		oids[i] = uint32(p)
	}
	c.send(&pgproto3.ParameterDescription{ParameterOIDs: oids})
	c.describeColumns(cols)
	return nil
}

// ready tells the client that it may go on, and in which transaction state.
func (c *conn) ready() {
	c.idle = true
	if c.work != nil {
		c.endWork(nil)
		c.work = nil
	}
	start := c.begin('Z')
	c.out = append(c.out, c.session.TxStatus())
	c.end(start)
}

// report sends an error, if there is one.
func (c *conn) report(err error) {
	if err != nil {
		c.sendError(pgerr.From(err), pgerr.SeverityError)
	}
}

// reportExtended does so for a message of the extended protocol: what follows is discarded up to Sync.
func (c *conn) reportExtended(err error) {
	if err != nil {
		c.report(err)
		c.discard = true
	}
}
