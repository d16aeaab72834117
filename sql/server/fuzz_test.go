package server_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// FuzzWire takes arbitrary bytes for what a client says, from its first byte on or after its login. Whatever they are, the
// server ends the conversation, and the next client is served. Goroutines that stay behind fail the package (TestMain).
func FuzzWire(f *testing.F) {
	login, err := (&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "me"}}).Encode(nil)
	require.NoError(f, err)
	encode := func(msgs ...pgproto3.FrontendMessage) (b []byte) {
		for _, m := range msgs {
			b, err = m.Encode(b)
			require.NoError(f, err)
		}
		return b
	}
	f.Add(false, login)
	f.Add(false, []byte("\x00\x00\x00\x08\x04\xd2\x16\x2f"))
	f.Add(false, []byte("\x00\x00\x00\x10\x04\xd2\x16\x2e\x00\x00\x00\x01\x00\x00\x00\x01"))
	f.Add(true, encode(&pgproto3.Query{String: "select 1"}, &pgproto3.Terminate{}))
	f.Add(true, encode(&pgproto3.Query{String: "create table if not exists t (a int4); copy t from stdin"}, &pgproto3.CopyData{Data: []byte("1\n")}, &pgproto3.CopyDone{}))
	f.Add(true, encode(&pgproto3.Parse{Query: "select $1::int4"}, &pgproto3.Bind{ParameterFormatCodes: []int16{1}, Parameters: [][]byte{{0, 0, 0, 1}}},
		&pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{MaxRows: 1}, &pgproto3.Sync{}))
	f.Add(true, []byte("Q\x00\x00\x00\x04"))
	f.Add(true, []byte("P\xff\xff\xff\xff"))

	r := newRig(f, "statement_timeout", "500ms")
	f.Fuzz(func(t *testing.T, loggedIn bool, b []byte) {
		nc, err := net.Dial("unix", r.socket)
		require.NoError(t, err)
		defer nc.Close()
		require.NoError(t, nc.SetDeadline(time.Now().Add(patience)))
		if loggedIn {
			b = append(append([]byte(nil), login...), b...)
		}
		go func() {
			_, _ = nc.Write(b) // the server may have gone meanwhile
			_ = nc.(*net.UnixConn).CloseWrite()
		}()
		_, err = io.Copy(io.Discard, nc)
		require.False(t, errors.Is(err, os.ErrDeadlineExceeded), "the server does not end the conversation")
	})
}
