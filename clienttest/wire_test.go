package clienttest

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// A wire is a connection whose messages are put together by hand.
type wire struct {
	t     *testing.T
	conn  net.Conn
	front *pgproto3.Frontend
}

// newWire connects over the unix socket of a connection string and starts a session.
func newWire(t *testing.T, dsn string) *wire {
	t.Helper()
	cfg, err := pgconn.ParseConfig(dsn)
	require.NoError(t, err)
	w := dialWire(t, cfg)
	w.front.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersionNumber,
		Parameters: map[string]string{"user": cfg.User, "database": cfg.Database}})
	w.answer()
	return w
}

// dialWire connects and sends nothing. Answers are waited for with patience.
func dialWire(t *testing.T, cfg *pgconn.Config) *wire {
	t.Helper()
	network, address := pgconn.NetworkAddress(cfg.Host, cfg.Port)
	conn, err := net.Dial(network, address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return &wire{t: t, conn: conn, front: pgproto3.NewFrontend(conn, conn)}
}

// query sends a simple query and returns the answer.
func (w *wire) query(sql string) string {
	w.front.SendQuery(&pgproto3.Query{String: sql})
	return w.answer()
}

// answer sends what is waiting and writes down what comes back, up to ReadyForQuery or the end of the connection.
func (w *wire) answer() string {
	w.t.Helper()
	require.NoError(w.t, w.conn.SetDeadline(time.Now().Add(patience)))
	if err := w.front.Flush(); err != nil {
		return "connection lost\n"
	}
	var out strings.Builder
	for {
		m, err := w.front.Receive()
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
			w.t.Fatalf("no answer: %v; so far: %s", err, out.String())
		}
		if err != nil {
			out.WriteString("connection closed\n")
			return out.String()
		}
		switch m := m.(type) {
		case *pgproto3.ErrorResponse:
			out.WriteString(describe(pgconn.ErrorResponseToPgError(m)))
		case *pgproto3.NoticeResponse:
			out.WriteString(describe(pgconn.ErrorResponseToPgError((*pgproto3.ErrorResponse)(m))))
		case *pgproto3.DataRow:
			fmt.Fprintf(&out, "%q\n", m.Values)
		case *pgproto3.CommandComplete:
			fmt.Fprintf(&out, "%s\n", m.CommandTag)
		case *pgproto3.ParameterStatus, *pgproto3.BackendKeyData, *pgproto3.AuthenticationOk, *pgproto3.RowDescription, *pgproto3.CopyInResponse:
		case *pgproto3.ParameterDescription:
			fmt.Fprintf(&out, "parameters %d\n", m.ParameterOIDs)
		case *pgproto3.ReadyForQuery:
			fmt.Fprintf(&out, "ready %c\n", m.TxStatus)
			return out.String()
		default:
			fmt.Fprintf(&out, "%s\n", strings.TrimPrefix(fmt.Sprintf("%T", m), "*pgproto3."))
		}
	}
}
