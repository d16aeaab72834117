package server

import (
	"context"
	"io"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/quiredb/quire/core/pgerr"
)

// CopyIn asks the client for data and gives the bytes of its CopyData messages as one stream. The end of ctx ends a read that waits
// for the client; what the client sends after that is dropped by the loop, as long as it belongs to the copy.
func (o *output) CopyIn(ctx context.Context, overall int16, cols []int16) (io.ReadCloser, error) {
	c := o.conn()
	c.send(&pgproto3.CopyInResponse{OverallFormat: byte(overall), ColumnFormatCodes: formats(cols)})
	if err := c.flush(); err != nil {
		return nil, io.EOF
	}
	r := &copyReader{conn: c, ctx: ctx, woken: make(chan struct{})}
	r.stop = context.AfterFunc(ctx, func() {
		defer close(r.woken)
		c.wakeRead()
	})
	return r, nil
}

// CopyOut starts sending data; each Write becomes one CopyData message, Close ends the copy.
func (o *output) CopyOut(overall int16, cols []int16) (io.WriteCloser, error) {
	c := o.conn()
	c.send(&pgproto3.CopyOutResponse{OverallFormat: byte(overall), ColumnFormatCodes: formats(cols)})
	return (*copyWriter)(c), nil
}

func formats(cols []int16) []uint16 {
	out := make([]uint16, len(cols))
	for i, f := range cols {
		out[i] = uint16(f)
	}
	return out
}

// A copyReader reads CopyData until CopyDone (io.EOF) or CopyFail (57014).
type copyReader struct {
	conn  *conn
	ctx   context.Context
	stop  func() bool   // keeps the end of ctx from waking reads; false if it has begun to
	woken chan struct{} // closed when that is done
	rest  []byte        // of the current message; valid until the next receive
	err   error
}

func (r *copyReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.rest, r.err = r.next()
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *copyReader) next() ([]byte, error) {
	for {
		msg, err := r.conn.receive()
		if err == io.EOF && r.ctx.Err() != nil {
			return nil, context.Cause(r.ctx)
		}
		if err == io.EOF {
			return nil, pgerr.New(pgerr.ConnectionFailure, "unexpected EOF on client connection during COPY")
		}
		if err != nil {
			return nil, err
		}
		switch msg := msg.(type) {
		case *pgproto3.CopyData:
			return msg.Data, nil
		case *pgproto3.CopyDone:
			return nil, io.EOF
		case *pgproto3.CopyFail:
			return nil, pgerr.New(pgerr.QueryCanceled, "COPY from stdin failed: %s", msg.Message)
		case *pgproto3.Flush, *pgproto3.Sync: // clients of the extended protocol may send these ahead
		default:
			return nil, pgerr.New(pgerr.ProtocolViolation, "unexpected message %s during COPY from stdin", messageName(msg))
		}
	}
}

// Close lets the connection be read as before. A message of which a part has come is read on from there: the reader of messages
// keeps its place when a read ends early.
func (r *copyReader) Close() error {
	if !r.stop() {
		<-r.woken
		r.conn.readAgain()
	}
	return nil
}

type copyWriter conn

func (w *copyWriter) Write(p []byte) (int, error) {
	c := (*conn)(w)
	c.send(&pgproto3.CopyData{Data: p})
	return len(p), c.broken
}

func (w *copyWriter) Close() error {
	c := (*conn)(w)
	c.send(&pgproto3.CopyDone{})
	return c.broken
}
