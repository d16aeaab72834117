package replica

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
)

// A receivedLog counts what it was given and what was made durable.
type receivedLog struct{ end, flushed page.LSN }

func (l *receivedLog) AppendRaw(at page.LSN, b []byte) error {
	l.end = at + page.LSN(len(b))
	return nil
}

func (l *receivedLog) Flush(_ context.Context, upTo page.LSN) error {
	l.flushed = upTo
	return nil
}
func (l *receivedLog) InsertLSN() page.LSN  { return l.end }
func (l *receivedLog) FlushedLSN() page.LSN { return l.flushed }

// Data and a keepalive behind it in one packet: the data is made durable and confirmed although it was not the last thing
// in the buffer. A primary that shuts down says it like that, and waits for the answer. Before any data the receiver says where it is.
func TestDataBeforeAKeepaliveIsConfirmed(t *testing.T) {
	for _, reply := range []bool{true, false} {
		ours, theirs := net.Pipe()
		log := &receivedLog{end: 100, flushed: 100}
		r := &Receiver{
			cfg:  ReceiverConfig{WAL: log, Applied: func() page.LSN { return log.flushed }, StatusInterval: time.Hour, Log: zerolog.Nop()},
			conn: ours, front: pgproto3.NewFrontend(ours, ours), kick: make(chan bool, 1),
		}
		ended := make(chan error, 1)
		go func() { ended <- r.Run(context.Background()) }()

		peer := pgproto3.NewBackend(theirs, theirs)
		require.Equal(t, page.LSN(100), nextStatus(t, peer).apply)
		packet, err := (&pgproto3.CopyData{Data: append(appendData(nil, 100, 150, time.Now()), make([]byte, 50)...)}).Encode(nil)
		require.NoError(t, err)
		packet, err = (&pgproto3.CopyData{Data: appendKeepalive(nil, 150, time.Now(), reply)}).Encode(packet)
		require.NoError(t, err)
		_, err = theirs.Write(packet)
		require.NoError(t, err)

		require.Equal(t, page.LSN(150), nextStatus(t, peer).flush)
		require.NoError(t, theirs.Close())
		require.Error(t, <-ended)
	}
}

func nextStatus(t *testing.T, peer *pgproto3.Backend) status {
	msg, err := peer.Receive()
	require.NoError(t, err)
	st, err := decodeStatus(msg.(*pgproto3.CopyData).Data)
	require.NoError(t, err)
	return st
}
