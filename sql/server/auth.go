package server

import (
	"context"
	"errors"
	"net"
	"os"
	"os/user"
	"strconv"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/scram"
)

// authenticate finds the role that the client asks for and makes sure of the client.
//
// Over the unix socket the kernel names the peer: the operating system user of the role's name, and the one who runs
// this server, need no password. Everybody else proves a password by SCRAM-SHA-256.
func (c *conn) authenticate(ctx context.Context) (Role, error) {
	name := c.params["user"]
	if name == "" {
		return Role{}, pgerr.New(pgerr.InvalidAuthorizationSpecification, "no PostgreSQL user name specified in startup packet")
	}
	role, found, err := c.server.cfg.Roles(ctx, name)
	if err != nil {
		return Role{}, err
	}
	if !peerTrusted(c.nc, name) {
		if err := c.scram(name, role.Verifier); err != nil {
			return Role{}, err
		}
	}
	if !found {
		return Role{}, pgerr.New(pgerr.InvalidAuthorizationSpecification, "role %q does not exist", name)
	}
	if !role.Login {
		return Role{}, pgerr.New(pgerr.InvalidAuthorizationSpecification, "role %q is not permitted to log in", name)
	}
	return role, nil
}

// peerTrusted tells whether the kernel vouches for the peer.
func peerTrusted(nc net.Conn, role string) bool {
	uc, ok := nc.(*net.UnixConn)
	if !ok {
		return false
	}
	uid, ok := peerUID(uc)
	if !ok {
		return false
	}
	if uid == os.Geteuid() {
		return true
	}
	u, err := user.LookupId(strconv.Itoa(uid))
	return err == nil && u.Username == role
}

func (c *conn) scram(name, verifier string) error {
	denied := func() error {
		return pgerr.New(pgerr.InvalidPassword, "password authentication failed for user %q", name).
			WithHint("Set a password with ALTER ROLE … PASSWORD over the unix socket, or with init --password-file.")
	}
	conv, err := scram.NewConversation(name, verifier)
	if err != nil {
		return err
	}
	c.send(&pgproto3.AuthenticationSASL{AuthMechanisms: []string{scram.Mechanism}})
	msg, err := c.answer(pgproto3.AuthTypeSASL)
	if err != nil {
		return err
	}
	first, ok := msg.(*pgproto3.SASLInitialResponse)
	if !ok || first.AuthMechanism != scram.Mechanism {
		return pgerr.New(pgerr.ProtocolViolation, "client selected an invalid SASL authentication mechanism; %s is offered", scram.Mechanism)
	}
	reply, err := conv.Step(string(first.Data))
	if err != nil {
		return denied()
	}
	c.send(&pgproto3.AuthenticationSASLContinue{Data: []byte(reply)})
	if msg, err = c.answer(pgproto3.AuthTypeSASLContinue); err != nil {
		return err
	}
	final, ok := msg.(*pgproto3.SASLResponse)
	if !ok {
		return pgerr.New(pgerr.ProtocolViolation, "expected SASL response, got %s", messageName(msg))
	}
	if reply, err = conv.Step(string(final.Data)); err != nil {
		if errors.Is(err, scram.ErrDenied) {
			return denied()
		}
		return err
	}
	c.send(&pgproto3.AuthenticationSASLFinal{Data: []byte(reply)})
	return nil
}

// answer sends what is queued and reads one message of the authentication exchange.
func (c *conn) answer(authType uint32) (pgproto3.FrontendMessage, error) {
	if err := c.flush(); err != nil {
		return nil, err
	}
	if err := c.backend.SetAuthType(authType); err != nil {
		return nil, err
	}
	return c.receive()
}
