package server

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/quiredb/quire/core/pgerr"
)

const (
	codeCancel = 80877102
	codeSSL    = 80877103
	codeGSS    = 80877104

	maxStartupBytes = 10_000 // PostgreSQL's limit
)

// startupPacket reads one length-prefixed packet with no byte beyond it (S1).
func startupPacket(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint32(head[:]))
	if n < 8 || n > maxStartupBytes {
		return nil, pgerr.New(pgerr.ProtocolViolation, "invalid length of startup packet: %d", n)
	}
	body := make([]byte, n-4)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	return body, nil
}

// errCancelled ends a connection that only carried a cancel request.
var errCancelled = errors.New("cancel request served")

// startup reads packets until the start-up message: encryption requests at most once each, a cancel request ends it
// with errCancelled. It returns the connection to go on with, wrapped in TLS where that was agreed.
func (s *Server) startup(nc net.Conn) (net.Conn, *pgproto3.StartupMessage, error) {
	var askedTLS, askedGSS bool
	for {
		body, err := startupPacket(nc)
		if err != nil {
			return nc, nil, err
		}
		code := binary.BigEndian.Uint32(body)
		switch {
		case code == codeSSL && !askedTLS:
			askedTLS = true
			if nc, err = s.offerTLS(nc); err != nil {
				return nc, nil, err
			}
		case code == codeGSS && !askedGSS:
			askedGSS = true
			if _, err = nc.Write([]byte{'N'}); err != nil {
				return nc, nil, err
			}
		case code == codeSSL || code == codeGSS:
			return nc, nil, pgerr.New(pgerr.ProtocolViolation, "encryption was requested twice on one connection")
		case code == codeCancel:
			if len(body) >= 12 {
				s.keys.cancel(int32(binary.BigEndian.Uint32(body[4:])), body[8:])
			}
			return nc, nil, errCancelled
		default:
			msg, err := decodeStartup(body)
			return nc, msg, err
		}
	}
}

func (s *Server) offerTLS(nc net.Conn) (net.Conn, error) {
	if s.cfg.TLS == nil || nc.LocalAddr().Network() == "unix" {
		_, err := nc.Write([]byte{'N'})
		return nc, err
	}
	if _, err := nc.Write([]byte{'S'}); err != nil {
		return nc, err
	}
	tc := tls.Server(nc, s.cfg.TLS)
	if err := tc.HandshakeContext(context.Background()); err != nil {
		return nc, fmt.Errorf("TLS handshake: %w", err)
	}
	return tc, nil
}

func decodeStartup(body []byte) (*pgproto3.StartupMessage, error) {
	version := binary.BigEndian.Uint32(body)
	if version>>16 != 3 {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "unsupported frontend protocol %d.%d: server supports 3.0 to 3.2",
			version>>16, version&0xffff)
	}
	if len(body) == 5 && body[4] == 0 { // no parameters at all, which the decoder takes for a broken message
		return &pgproto3.StartupMessage{ProtocolVersion: version, Parameters: map[string]string{}}, nil
	}
	// A newer minor version's message has the same form; negotiate answers it.
	if version != pgproto3.ProtocolVersion30 && version != pgproto3.ProtocolVersion32 {
		binary.BigEndian.PutUint32(body, pgproto3.ProtocolVersion30)
	}
	var msg pgproto3.StartupMessage
	if err := msg.Decode(body); err != nil {
		return nil, pgerr.New(pgerr.ProtocolViolation, "invalid startup packet: %v", err)
	}
	msg.ProtocolVersion = version
	return &msg, nil
}

// negotiate tells a client that asks for a newer minor version, or for options of the protocol (_pq_.…), what it does not get. Options
// are taken out of the parameters.
func (c *conn) negotiate(version uint32) {
	var unknown []string
	for name := range c.params {
		if strings.HasPrefix(name, "_pq_.") {
			unknown = append(unknown, name)
			delete(c.params, name)
		}
	}
	slices.Sort(unknown)
	if version > pgproto3.ProtocolVersion32 || len(unknown) > 0 {
		c.send(&pgproto3.NegotiateProtocolVersion{NewestMinorProtocol: min(version, pgproto3.ProtocolVersion32), UnrecognizedOptions: unknown})
	}
}

// handle serves one accepted connection from its first byte to its last.
func (s *Server) handle(nc net.Conn, leave func()) {
	defer leave()
	// Shutdown reaches a client that has not authenticated yet by closing the socket under it.
	stop := context.AfterFunc(s.sessions.ctx, func() { _ = nc.SetDeadline(time.Now()) })
	_ = nc.SetDeadline(time.Now().Add(s.cfg.AuthTimeout))
	raw := nc
	defer func() { _ = raw.Close() }()

	nc, msg, err := s.startup(nc)
	if err != nil {
		stop()
		if pe := (*pgerr.Error)(nil); errors.As(err, &pe) {
			c := newConn(s, nc, nil, leave)
			c.sendError(pe, pgerr.SeverityFatal)
			_ = c.flush()
		} else if !errors.Is(err, errCancelled) && !errors.Is(err, io.EOF) {
			s.cfg.Log.Debug().Err(err).Msg("connection ended before its start-up message")
		}
		return
	}
	c := newConn(s, nc, msg, leave)
	c.negotiate(msg.ProtocolVersion)
	c.run(func() bool {
		// The deadline of authentication is over, unless shutdown has just set its own.
		if !stop() {
			return false
		}
		_ = nc.SetDeadline(time.Time{})
		return true
	})
}
