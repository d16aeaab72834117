package server_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// A client speaks the protocol word by word, as a script tells it.
type client struct {
	t     testing.TB
	nc    net.Conn
	front *pgproto3.Frontend
	key   pgproto3.BackendKeyData
}

func (r *rig) dial() *client {
	nc, err := net.Dial("unix", r.socket)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { _ = nc.Close() })
	require.NoError(r.t, nc.SetDeadline(time.Now().Add(patience)))
	return &client{t: r.t, nc: nc, front: pgproto3.NewFrontend(nc, nc)}
}

// login starts up with parameters name=value and gives everything up to ReadyForQuery.
func (c *client) login(params ...string) string {
	m := &pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "me"}}
	for _, p := range params {
		name, value, _ := strings.Cut(p, "=")
		m.Parameters[name] = value
	}
	c.front.Send(m)
	require.NoError(c.t, c.front.Flush())
	return c.read(1)
}

// read gives messages, one a line, until the server has been ready so many times, asks for COPY data, or has gone.
func (c *client) read(ready int) string {
	var b strings.Builder
	for {
		m, err := c.front.Receive()
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
				return b.String() + "closed\n"
			}
			require.NoError(c.t, err, "after: %s", b.String())
		}
		b.WriteString(c.print(m))
		switch m.(type) {
		case *pgproto3.ReadyForQuery:
			if ready--; ready <= 0 {
				return b.String()
			}
		case *pgproto3.CopyInResponse:
			return b.String()
		}
	}
}

func (c *client) print(m pgproto3.BackendMessage) string {
	switch m := m.(type) {
	case *pgproto3.ParameterStatus:
		return "" // a dozen of them; TestParameterStatus looks
	case *pgproto3.BackendKeyData:
		c.key = pgproto3.BackendKeyData{ProcessID: m.ProcessID, SecretKey: append([]byte(nil), m.SecretKey...)}
		return "BackendKeyData\n"
	case *pgproto3.ErrorResponse:
		return "ErrorResponse " + problem((*pgproto3.NoticeResponse)(m)) + "\n"
	case *pgproto3.NoticeResponse:
		return "NoticeResponse " + problem(m) + "\n"
	case *pgproto3.ReadyForQuery:
		return fmt.Sprintf("ReadyForQuery %c\n", m.TxStatus)
	case *pgproto3.RowDescription:
		var cols []string
		for _, f := range m.Fields {
			cols = append(cols, fmt.Sprintf("%s type=%d size=%d format=%d", f.Name, f.DataTypeOID, f.DataTypeSize, f.Format))
		}
		return "RowDescription " + strings.Join(cols, ", ") + "\n"
	case *pgproto3.DataRow:
		var vals []string
		for _, v := range m.Values {
			switch {
			case v == nil:
				vals = append(vals, "NULL")
			case strings.ContainsFunc(string(v), func(r rune) bool { return r < ' ' || r == 0xfffd }):
				vals = append(vals, "0x"+hex.EncodeToString(v))
			default:
				vals = append(vals, strconv.Quote(string(v)))
			}
		}
		return "DataRow " + strings.Join(vals, " ") + "\n"
	case *pgproto3.CommandComplete:
		return fmt.Sprintf("CommandComplete %s\n", m.CommandTag)
	case *pgproto3.CopyData:
		return fmt.Sprintf("CopyData %q\n", m.Data)
	case *pgproto3.CopyInResponse:
		return fmt.Sprintf("CopyInResponse format=%d columns=%v\n", m.OverallFormat, m.ColumnFormatCodes)
	case *pgproto3.CopyOutResponse:
		return fmt.Sprintf("CopyOutResponse format=%d columns=%v\n", m.OverallFormat, m.ColumnFormatCodes)
	case *pgproto3.ParameterDescription:
		return fmt.Sprintf("ParameterDescription %v\n", m.ParameterOIDs)
	case *pgproto3.NegotiateProtocolVersion:
		return fmt.Sprintf("NegotiateProtocolVersion 3.%d %q\n", m.NewestMinorProtocol&0xffff, m.UnrecognizedOptions)
	case *pgproto3.AuthenticationSASL:
		return fmt.Sprintf("AuthenticationSASL %v\n", m.AuthMechanisms)
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", m), "*pgproto3.") + "\n"
}

func problem(m *pgproto3.NoticeResponse) string {
	s := fmt.Sprintf("%s %s: %s", m.Severity, m.Code, m.Message)
	if m.Position != 0 {
		s += fmt.Sprintf(" (at %d)", m.Position)
	}
	if m.Detail != "" {
		s += "; detail: " + m.Detail
	}
	if m.Hint != "" {
		s += "; hint: " + m.Hint
	}
	return s
}

// message reads one line of a script. Fields are apart by blanks; what follows " : " is text to the end of the line.
//
//	query : SQL              parse NAME [OID…] : SQL        bind PORTAL STATEMENT [f=0|1…] [r=0|1…] [VALUE…]
//	describe S|P NAME        execute PORTAL [ROWS]          close S|P NAME
//	sync  flush  terminate   copydata : TEXT                copydone    copyfail : TEXT
//	call                     raw HEX…                       password : TEXT
//
// A name of - is the unnamed one; a value of NULL is null, 0x… is bytes; \n and \t in a text stand for themselves.
func (c *client) message(line string) {
	head, text, _ := strings.Cut(line+" ", " : ")
	text = strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace(strings.TrimSuffix(text, " "))
	args := strings.Fields(head)
	name := func(i int) string {
		if i >= len(args) || args[i] == "-" {
			return ""
		}
		return args[i]
	}
	send := c.front.Send
	switch args[0] {
	case "query":
		send(&pgproto3.Query{String: text})
	case "parse":
		m := &pgproto3.Parse{Name: name(1), Query: text}
		for _, a := range args[2:] {
			m.ParameterOIDs = append(m.ParameterOIDs, uint32(c.number(a)))
		}
		send(m)
	case "bind":
		m := &pgproto3.Bind{DestinationPortal: name(1), PreparedStatement: name(2)}
		for _, a := range args[3:] {
			switch {
			case strings.HasPrefix(a, "f="):
				m.ParameterFormatCodes = append(m.ParameterFormatCodes, int16(c.number(a[2:])))
			case strings.HasPrefix(a, "r="):
				m.ResultFormatCodes = append(m.ResultFormatCodes, int16(c.number(a[2:])))
			case a == "NULL":
				m.Parameters = append(m.Parameters, nil)
			case strings.HasPrefix(a, "0x"):
				m.Parameters = append(m.Parameters, c.hex(a[2:]))
			default:
				m.Parameters = append(m.Parameters, []byte(a))
			}
		}
		send(m)
	case "describe":
		send(&pgproto3.Describe{ObjectType: args[1][0], Name: name(2)})
	case "execute":
		m := &pgproto3.Execute{Portal: name(1)}
		if len(args) > 2 {
			m.MaxRows = uint32(c.number(args[2]))
		}
		send(m)
	case "close":
		send(&pgproto3.Close{ObjectType: args[1][0], Name: name(2)})
	case "sync":
		send(&pgproto3.Sync{})
	case "flush":
		send(&pgproto3.Flush{})
	case "terminate":
		send(&pgproto3.Terminate{})
	case "copydata":
		send(&pgproto3.CopyData{Data: []byte(text)})
	case "copydone":
		send(&pgproto3.CopyDone{})
	case "copyfail":
		send(&pgproto3.CopyFail{Message: text})
	case "call":
		send(&pgproto3.FunctionCall{Function: 1, ResultFormatCode: 0})
	case "password":
		send(&pgproto3.PasswordMessage{Password: text})
	case "raw":
		require.NoError(c.t, c.front.Flush())
		_, err := c.nc.Write(c.hex(strings.Join(args[1:], "")))
		require.NoError(c.t, err)
	default:
		c.t.Fatalf("unknown message %q", line)
	}
	require.NoError(c.t, c.front.Flush())
}

func (c *client) number(s string) int {
	n, err := strconv.Atoi(s)
	require.NoError(c.t, err)
	return n
}

func (c *client) hex(s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(c.t, err)
	return b
}
