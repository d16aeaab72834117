package server_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// Each file of testdata/lessons is a conversation with one server.
//
//	login [param=value …]     a new connection; what the server says up to its first ReadyForQuery
//	hello [bytes=N]           a new connection that says what the lines say, without a start-up message; N bytes of the answer are
//	                          no message
//	send [ready=N]            messages, one a line (see client.message); what the server says until it has been ready N times (1),
//	                          asks for data, or closes
func TestLessons(t *testing.T) {
	datadriven.Walk(t, "testdata/lessons", func(t *testing.T, path string) {
		r := newRig(t)
		var c *client
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			ready := 1
			d.MaybeScanArgs(t, "ready", &ready)
			switch d.Cmd {
			case "login":
				c = r.dial()
				var params []string
				for _, a := range d.CmdArgs {
					params = append(params, a.Key+"="+strings.Join(a.Vals, ","))
				}
				return c.login(params...)
			case "hello", "send":
				if d.Cmd == "hello" {
					c = r.dial()
				}
				for line := range strings.Lines(d.Input) {
					c.message(strings.TrimSpace(line))
				}
				if half, ok := c.nc.(*net.UnixConn); ok && d.HasArg("end") {
					require.NoError(t, half.CloseWrite())
				}
				var plain strings.Builder
				if d.HasArg("bytes") {
					n := 0
					d.ScanArgs(t, "bytes", &n)
					b := make([]byte, n)
					_, err := io.ReadFull(c.nc, b)
					require.NoError(t, err)
					fmt.Fprintf(&plain, "%q\n", b)
				}
				return plain.String() + c.read(ready)
			}
			d.Fatalf(t, "unknown command %q", d.Cmd)
			return ""
		})
	})
}

// What libpq and drivers look at before the first statement.
func TestParameterStatus(t *testing.T) {
	c := newRig(t).dial()
	c.front.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "me", "application_name": "test"}})
	require.NoError(t, c.front.Flush())
	got := map[string]string{}
	for {
		m, err := c.front.Receive()
		require.NoError(t, err)
		if p, ok := m.(*pgproto3.ParameterStatus); ok {
			got[p.Name] = p.Value
		}
		if _, ok := m.(*pgproto3.ReadyForQuery); ok {
			break
		}
	}
	for name, want := range map[string]string{
		"server_encoding": "UTF8", "client_encoding": "UTF8", "integer_datetimes": "on", "standard_conforming_strings": "on",
		"application_name": "test", "is_superuser": "on", "session_authorization": "me", "in_hot_standby": "off", "default_transaction_read_only": "off",
	} {
		require.Equal(t, want, got[name], "%s", name)
	}
	for _, name := range []string{"server_version", "DateStyle", "IntervalStyle", "TimeZone"} {
		require.NotEmpty(t, got[name], "%s", name)
	}
}

// A cancel request with the right key ends the statement; with a wrong one, or a short one, nothing.
func TestCancelKeys(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	c.login()
	c.message("query : select count(*) from generate_series(1, 100000000000)")
	cancel := func(pid uint32, secret []byte) {
		other := r.dial()
		other.front.Send(&pgproto3.CancelRequest{ProcessID: pid, SecretKey: secret})
		require.NoError(t, other.front.Flush())
		require.Equal(t, "closed\n", other.read(1))
	}
	wrong := append([]byte(nil), c.key.SecretKey...)
	wrong[3] ^= 1
	cancel(c.key.ProcessID, wrong)
	cancel(c.key.ProcessID+1, c.key.SecretKey)
	cancel(c.key.ProcessID, c.key.SecretKey[:0])
	watch := r.dial()
	watch.login()
	watch.message("query : select count(*) from pg_stat_activity where state = 'active' and query like '%100000000000%'")
	require.Contains(t, watch.read(1), `DataRow "2"`) // that one, and this one
	cancel(c.key.ProcessID, c.key.SecretKey)
	require.Equal(t, "ErrorResponse ERROR 57014: canceling statement due to user request\nReadyForQuery I\n",
		strings.TrimPrefix(c.read(1), "RowDescription count type=20 size=8 format=0\n"))
	cancel(c.key.ProcessID, c.key.SecretKey) // nothing runs any more
	c.message("query : select 1")
	require.Contains(t, c.read(1), `DataRow "1"`)
}

// A fast shutdown tells sessions, idle or busy, in a transaction or not, authenticated or not.
func TestShutdown(t *testing.T) {
	r := newRig(t)
	idle, busy, open, copying, stranger := r.dial(), r.dial(), r.dial(), r.dial(), r.dial()
	for _, c := range []*client{idle, busy, open, copying} {
		c.login()
	}
	idle.message("query : create table t (id int8)")
	idle.read(1)
	busy.message("query : select pg_sleep(600)")
	open.message("query : begin; insert into t values (1)")
	open.read(1)
	copying.message("query : copy t from stdin")
	copying.read(1)
	r.end()
	const last = "ErrorResponse FATAL 57P01: terminating connection due to administrator command\nclosed\n"
	for _, c := range []*client{idle, busy, open} {
		require.True(t, strings.HasSuffix(c.read(2), last))
	}
	require.True(t, strings.HasSuffix(copying.read(2), "closed\n"))
	require.Equal(t, "closed\n", stranger.read(1))
}

// A client that authenticates too slowly, or goes in the middle of anything, holds nothing.
func TestSlowAndGone(t *testing.T) {
	r := newRig(t)
	for _, bytes := range []string{"", "\x00", "\x00\x00\x00\x08", "\x00\x00\x00\x20\x00\x03\x00\x00user\x00"} {
		nc, err := net.Dial("unix", r.socket)
		require.NoError(t, err)
		_, err = nc.Write([]byte(bytes))
		require.NoError(t, err)
		require.NoError(t, nc.Close())
	}
	for _, line := range []string{"query : select pg_sleep(600)", "query : copy t from stdin", "query : begin", "parse s : select 1"} {
		c := r.dial()
		c.login()
		c.message("query : create table if not exists t (id int8)")
		c.read(1)
		c.message(line)
		require.NoError(t, c.nc.Close())
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r.end() // would not return before everybody has gone
	require.NoError(t, ctx.Err())
}
