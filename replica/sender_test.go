package replica

import (
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A fakeLog is durable from oldest to flushed; its byte at an LSN is the LSN's lowest.
type fakeLog struct {
	oldest page.LSN
	mu     sync.Mutex
	end    page.LSN
	grown  chan struct{}
}

func newFakeLog(oldest, end page.LSN) *fakeLog {
	return &fakeLog{oldest: oldest, end: end, grown: make(chan struct{})}
}

func (l *fakeLog) SystemID() uint64          { return 7 }
func (l *fakeLog) Timeline() page.TimelineID { return 1 }
func (l *fakeLog) OldestLSN() page.LSN       { return l.oldest }
func (l *fakeLog) FlushedLSN() page.LSN {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end
}

func (l *fakeLog) grow(n page.LSN) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end += n
	close(l.grown)
	l.grown = make(chan struct{})
}

func (l *fakeLog) WaitFlushed(ctx context.Context, after page.LSN) (page.LSN, error) {
	for {
		l.mu.Lock()
		end, grown := l.end, l.grown
		l.mu.Unlock()
		if end > after {
			return end, nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func (l *fakeLog) ReadDurable(dst []byte, at page.LSN) (int, error) {
	for i := range dst {
		dst[i] = byte(at) + byte(i)
	}
	return len(dst), nil
}

// A fakeConn is the standby's end of a connection, held by the test.
type fakeConn struct {
	toPrimary   chan pgproto3.FrontendMessage
	fromPrimary chan pgproto3.BackendMessage
	closed      chan struct{}
	once        sync.Once
}

func newFakeConn() *fakeConn {
	return &fakeConn{toPrimary: make(chan pgproto3.FrontendMessage), fromPrimary: make(chan pgproto3.BackendMessage, 1000), closed: make(chan struct{})}
}

func (c *fakeConn) Receive() (pgproto3.FrontendMessage, error) {
	select {
	case m := <-c.toPrimary:
		return m, nil
	case <-c.closed:
		return nil, io.EOF
	}
}

func (c *fakeConn) Send(msgs ...pgproto3.BackendMessage) error {
	for _, m := range msgs {
		if d, ok := m.(*pgproto3.CopyData); ok {
			m = &pgproto3.CopyData{Data: append([]byte(nil), d.Data...)}
		}
		select {
		case c.fromPrimary <- m:
		case <-c.closed:
			return io.ErrClosedPipe
		}
	}
	return nil
}

func (c *fakeConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

// A peer is a standby played by a test.
type peer struct {
	*fakeConn
	t    *testing.T
	done chan error
}

func newPrimary(log Log, senders int, timeout time.Duration) *Primary {
	return NewPrimary(PrimaryConfig{WAL: log, Show: func(string) (string, error) { return "16MB", nil },
		MaxSenders: senders, SenderTimeout: timeout, Log: zerolog.Nop()})
}

func connectTo(t *testing.T, ctx context.Context, p *Primary, pid int32) *peer {
	t.Helper()
	c := &peer{fakeConn: newFakeConn(), t: t, done: make(chan error, 1)}
	go func() { c.done <- p.Serve(ctx, c, Client{PID: pid, User: "repl", ApplicationName: "peer"}) }()
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (c *peer) query(text string) { c.toPrimary <- &pgproto3.Query{String: text} }

// next gives the next message that is no keepalive.
func (c *peer) next() pgproto3.BackendMessage {
	for {
		m := <-c.fromPrimary
		if d, ok := m.(*pgproto3.CopyData); !ok || d.Data[0] != 'k' {
			return m
		}
	}
}

func (c *peer) fails(code pgerr.Code, words string) {
	c.t.Helper()
	e, ok := c.next().(*pgproto3.ErrorResponse)
	require.True(c.t, ok)
	require.Equal(c.t, string(code), e.Code, "%s", e.Message)
	require.Contains(c.t, e.Message, words)
	require.IsType(c.t, &pgproto3.ReadyForQuery{}, c.next())
}

// data gives the start and length of the next piece of log.
func (c *peer) data() (page.LSN, int) {
	c.t.Helper()
	d, ok := c.next().(*pgproto3.CopyData)
	require.True(c.t, ok)
	m, err := decodeFromPrimary(d.Data)
	require.NoError(c.t, err)
	for i, b := range m.data {
		require.Equal(c.t, byte(m.start)+byte(i), b)
	}
	return m.start, len(m.data)
}

func (c *peer) confirm(lsn page.LSN) {
	c.toPrimary <- &pgproto3.CopyData{Data: appendStatus(nil, status{write: lsn, flush: lsn, apply: lsn, at: time.Now()})}
}

// A position that cannot be served is refused with the remedy, and the connection goes on.
func TestStartsThatCannotBeServed(t *testing.T) {
	p := newPrimary(newFakeLog(1000, 5000), 1, 0)
	c := connectTo(t, t.Context(), p, 1)
	c.query("START_REPLICATION 0/10 TIMELINE 1")
	c.fails(pgerr.UndefinedFile, "has already been removed")
	c.query("START_REPLICATION 0/FFFF TIMELINE 1")
	c.fails(pgerr.InvalidParameterValue, "is ahead of the WAL flush position")
	c.query("START_REPLICATION 0/400 TIMELINE 2")
	c.fails(pgerr.InternalError, "is not in this server's history")
	c.query("TIMELINE_HISTORY 1")
	c.fails(pgerr.UndefinedFile, "00000001.history")
	c.query("START_REPLICATION 0/400 TIMELINE 1")
	require.IsType(t, &pgproto3.CopyBothResponse{}, c.next())
	at, n := c.data()
	require.Equal(t, page.LSN(0x400), at)
	require.Equal(t, 5000-0x400, n)
	require.Equal(t, page.LSN(5000), p.Retain())
	c.toPrimary <- &pgproto3.CopyDone{}
	require.IsType(t, &pgproto3.CopyDone{}, c.next())
	c.next()
	c.next()
	require.IsType(t, &pgproto3.ReadyForQuery{}, c.next())
	c.toPrimary <- &pgproto3.Terminate{}
	require.NoError(t, <-c.done)
	require.Equal(t, ^page.LSN(0), p.Retain())
}

func TestSendersAreCounted(t *testing.T) {
	p := newPrimary(newFakeLog(1000, 5000), 1, 0)
	first := connectTo(t, t.Context(), p, 1)
	first.query("IDENTIFY_SYSTEM")
	require.IsType(t, &pgproto3.RowDescription{}, first.next())
	second := connectTo(t, t.Context(), p, 2)
	err := <-second.done
	require.True(t, pgerr.Is(err, pgerr.TooManyConnections), "%v", err)
	require.ErrorContains(t, err, "exceeds max_wal_senders (currently 1)")
	require.NoError(t, first.Close())
	require.Error(t, <-first.done)
	third := connectTo(t, t.Context(), p, 3)
	third.toPrimary <- &pgproto3.Terminate{}
	require.NoError(t, <-third.done)
}

// A peer without a word is asked for one, and then given up.
func TestSilentPeer(t *testing.T) {
	p := newPrimary(newFakeLog(0, 5000), 1, 20*time.Millisecond)
	c := connectTo(t, t.Context(), p, 1)
	c.query("START_REPLICATION 0/1388 TIMELINE 1")
	err := <-c.done
	require.True(t, pgerr.Is(err, pgerr.ConnectionFailure), "%v", err)
	require.ErrorContains(t, err, "no word from the standby for 20ms (wal_sender_timeout)")
	asked, told := false, false
	for len(c.fromPrimary) > 0 {
		switch m := (<-c.fromPrimary).(type) {
		case *pgproto3.CopyData:
			asked = asked || m.Data[0] == 'k' && m.Data[17] == 1
		case *pgproto3.ErrorResponse:
			told = m.Severity == "FATAL" && m.Code == "08006"
		}
	}
	require.True(t, asked, "the peer was not asked for a word")
	require.True(t, told, "the peer was not told why")
	require.Empty(t, p.Senders())
}

// P6: at shutdown everything durable is sent and confirmed before the connection ends.
func TestShutdownWaitsForThePeer(t *testing.T) {
	log := newFakeLog(0, 5000)
	p := newPrimary(log, 1, 0)
	ctx, shutDown := context.WithCancel(t.Context())
	c := connectTo(t, ctx, p, 1)
	c.query("START_REPLICATION 0/1000 TIMELINE 1")
	require.IsType(t, &pgproto3.CopyBothResponse{}, c.next())
	at, n := c.data()
	require.Equal(t, page.LSN(5000), at+page.LSN(n))
	log.grow(100)
	shutDown()
	at, n = c.data()
	require.Equal(t, page.LSN(5100), at+page.LSN(n))
	c.confirm(5050)
	select {
	case err := <-c.done:
		t.Fatalf("ended before the peer had everything: %v", err)
	default:
	}
	c.confirm(5100)
	require.NoError(t, <-c.done)
	end, ok := c.next().(*pgproto3.CommandComplete)
	require.True(t, ok)
	require.Equal(t, "COPY 0", string(end.CommandTag))
}

// A peer that confirms what it was never sent is not believed.
func TestPeerThatLies(t *testing.T) {
	p := newPrimary(newFakeLog(0, 5000), 1, 0)
	c := connectTo(t, t.Context(), p, 1)
	c.query("START_REPLICATION 0/1388 TIMELINE 1")
	require.IsType(t, &pgproto3.CopyBothResponse{}, c.next())
	c.confirm(9999)
	err := <-c.done
	require.True(t, pgerr.Is(err, pgerr.ProtocolViolation), "%v", err)
	c = connectTo(t, t.Context(), p, 2)
	c.query("START_REPLICATION 0/1388 TIMELINE 1")
	require.IsType(t, &pgproto3.CopyBothResponse{}, c.next())
	c.toPrimary <- &pgproto3.CopyData{Data: []byte("rubbish")}
	require.True(t, pgerr.Is(<-c.done, pgerr.ProtocolViolation))
}
