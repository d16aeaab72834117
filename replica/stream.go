package replica

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
)

// A sender is one connection of a Primary.
type sender struct {
	*Primary
	conn      Conn
	pid       int32
	log       zerolog.Logger
	streaming atomic.Bool
	lags      lagTracker
}

// peerEvent is what the reading goroutine tells the sending one.
type peerEvent struct {
	status *status
	done   bool // CopyDone: the peer ends the stream
	err    error
}

// stream answers START_REPLICATION: a CopyBoth of WAL, keepalives and status updates, until one side ends it.
func (s *sender) stream(ctx context.Context, c command) (end bool, err error) {
	if err := s.checkStart(c); err != nil {
		return false, err
	}
	s.streaming.Store(true)
	defer s.streaming.Store(false)
	if err := s.conn.Send(&pgproto3.CopyBothResponse{}); err != nil {
		return true, nil
	}
	s.senders.update(s.pid, func(i *SenderInfo) { i.State, i.Sent = StateCatchup, c.lsn })
	s.log.Info().Stringer("from", c.lsn).Msg("streaming WAL")

	// The reader lives on the connection alone; closing that ends it.
	events := make(chan peerEvent)
	readerDone := make(chan struct{})
	quit := make(chan struct{})
	go func() { defer close(readerDone); s.read(events, quit) }()
	ended, err := s.send(ctx, c.lsn, events)
	close(quit)
	if err != nil || ended == endClose {
		if err != nil && !errors.Is(err, errPeerGone) {
			_ = s.conn.Send(s.errorResponse(err, pgerr.SeverityFatal)) // the last word, if the peer still listens
		}
		_ = s.conn.Close()
		<-readerDone
		if errors.Is(err, errPeerGone) {
			s.log.Info().Msg("standby has gone")
			return true, nil
		}
		return true, err
	}
	<-readerDone // the peer's CopyDone was the last thing it read
	return false, s.conn.Send(&pgproto3.CopyDone{}, &pgproto3.CommandComplete{CommandTag: []byte("START_STREAMING")},
		&pgproto3.CommandComplete{CommandTag: []byte("START_REPLICATION")}, &pgproto3.ReadyForQuery{TxStatus: 'I'})
}

// read passes on what the peer says until the stream is over.
func (s *sender) read(events chan<- peerEvent, quit <-chan struct{}) {
	tell := func(e peerEvent) bool {
		select {
		case events <- e:
			return true
		case <-quit:
			return false
		}
	}
	for {
		msg, err := s.conn.Receive()
		if err != nil {
			tell(peerEvent{err: errPeerGone})
			return
		}
		switch msg := msg.(type) {
		case *pgproto3.CopyData:
			if len(msg.Data) > 0 && msg.Data[0] == 'h' {
				continue // hot standby feedback: replay conflicts are settled on the standby
			}
			st, err := decodeStatus(msg.Data)
			if err != nil {
				tell(peerEvent{err: err})
				return
			}
			if !tell(peerEvent{status: &st}) {
				return
			}
		case *pgproto3.CopyDone:
			tell(peerEvent{done: true})
			return
		case *pgproto3.Terminate, *pgproto3.CopyFail:
			tell(peerEvent{err: errPeerGone})
			return
		default:
			tell(peerEvent{err: pgerr.New(pgerr.ProtocolViolation, "unexpected message %T while streaming WAL", msg)})
			return
		}
	}
}

type ending int

const (
	endCopy  ending = iota // the peer ended the stream; the connection goes on
	endClose               // the connection is over
)

// send runs the sending half: P1 and P6.
func (s *sender) send(ctx context.Context, at page.LSN, events <-chan peerEvent) (ending, error) {
	var (
		buf      = make([]byte, 0, 25+maxSendBytes)
		lastWord = time.Now()
		pinged   bool
		stopping = ctx.Done()
		flushed  page.LSN // what the peer confirmed
	)
	wake, stopWaiting := s.waitForLog(at)
	defer func() { stopWaiting() }()
	var timer <-chan time.Time
	if s.cfg.SenderTimeout > 0 {
		tick := time.NewTicker(s.cfg.SenderTimeout / 4)
		defer tick.Stop()
		timer = tick.C
	}
	for {
		// Everything durable goes out, in messages of bounded size.
		durable := s.cfg.WAL.FlushedLSN()
		for at < durable {
			n := min(int(durable-at), maxSendBytes)
			buf = appendData(buf[:0], at, durable, time.Now())
			got, err := s.cfg.WAL.ReadDurable(buf[25:25+n], at)
			if err != nil {
				return endClose, err
			}
			if err := s.conn.Send(&pgproto3.CopyData{Data: buf[:25+got]}); err != nil {
				return endClose, errPeerGone
			}
			at += page.LSN(got)
			s.lags.sent(at, time.Now())
			s.senders.update(s.pid, func(i *SenderInfo) { i.Sent = at })
			durable = s.cfg.WAL.FlushedLSN()
		}
		if stopping == nil && flushed >= at {
			// P6: the peer has everything. PostgreSQL's walsender says COPY 0 and closes.
			_ = s.conn.Send(&pgproto3.CommandComplete{CommandTag: []byte("COPY 0")})
			return endClose, nil
		}
		s.senders.update(s.pid, func(i *SenderInfo) {
			if i.State == StateCatchup {
				i.State = StateStreaming
			}
		})
		select {
		case <-wake:
			stopWaiting()
			wake, stopWaiting = s.waitForLog(at)
		case e := <-events:
			switch {
			case e.err != nil:
				return endClose, e.err
			case e.done:
				return endCopy, nil
			}
			lastWord, pinged = time.Now(), false
			if flushed = e.status.flush; flushed == 0 {
				flushed = e.status.write // a peer that never says what it flushed, such as pg_receivewal without a slot
			}
			if err := s.confirm(*e.status, at); err != nil {
				return endClose, err
			}
		case <-stopping:
			stopping = nil
			s.senders.update(s.pid, func(i *SenderInfo) { i.State = StateStopping })
			if err := s.keepalive(at, true); err != nil {
				return endClose, errPeerGone
			}
		case <-timer:
			switch silent := time.Since(lastWord); {
			case silent > s.cfg.SenderTimeout:
				return endClose, pgerr.Fatal(pgerr.ConnectionFailure, "terminating walsender: no word from the standby for %v (wal_sender_timeout)", s.cfg.SenderTimeout)
			case silent > s.cfg.SenderTimeout/2 && !pinged:
				pinged = true
				if err := s.keepalive(at, true); err != nil {
					return endClose, errPeerGone
				}
			}
		}
	}
}

// waitForLog gives a channel that is ready once the log is durable beyond at.
func (s *sender) waitForLog(at page.LSN) (<-chan struct{}, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ready := make(chan struct{})
	go func() {
		if _, err := s.cfg.WAL.WaitFlushed(ctx, at); err == nil {
			close(ready)
		}
	}()
	return ready, cancel
}

func (s *sender) keepalive(end page.LSN, reply bool) error {
	return s.conn.Send(&pgproto3.CopyData{Data: appendKeepalive(nil, end, time.Now(), reply)})
}

// confirm notes a status update. A peer that claims more than it was sent is not to be believed in anything.
func (s *sender) confirm(st status, sent page.LSN) error {
	if st.write > sent || st.flush > sent || st.apply > sent {
		return pgerr.Fatal(pgerr.ProtocolViolation, "standby confirms WAL up to %v and was sent %v", max(st.write, st.flush, st.apply), sent)
	}
	now := time.Now()
	s.senders.update(s.pid, func(i *SenderInfo) {
		i.Write, i.Flush, i.Replay = max(i.Write, st.write), max(i.Flush, st.flush), max(i.Replay, st.apply)
		i.ReplyTime = st.at
		i.WriteLag, i.FlushLag, i.ReplayLag = s.lags.confirmed(i.Write, i.Flush, i.Replay, now)
	})
	if st.reply {
		if err := s.keepalive(sent, false); err != nil {
			return errPeerGone
		}
	}
	return nil
}
