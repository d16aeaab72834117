package replica

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
)

// maxSendBytes is how much WAL one message carries at the most, PostgreSQL's figure.
const maxSendBytes = 128 << 10

// Primary serves replication connections. The wire server hands them over.
type Primary struct {
	cfg     PrimaryConfig
	senders senders
}

// PrimaryConfig is what a Primary needs of its node.
type PrimaryConfig struct {
	WAL           Log
	Base          BaseSource
	Show          func(name string) (string, error) // SHOW in a replication connection
	MaxSenders    int
	SenderTimeout time.Duration // no word from the peer for that long ends the connection; 0 = never
	Log           zerolog.Logger
}

// Log is the part of wal.Log that sending needs.
type Log interface {
	SystemID() uint64
	Timeline() page.TimelineID
	FlushedLSN() page.LSN
	OldestLSN() page.LSN
	WaitFlushed(ctx context.Context, after page.LSN) (page.LSN, error)
	ReadDurable(dst []byte, at page.LSN) (int, error)
}

// NewPrimary makes a handler for the replication connections of one node.
func NewPrimary(cfg PrimaryConfig) *Primary {
	p := &Primary{cfg: cfg}
	p.senders.limit = cfg.MaxSenders
	return p
}

// Senders lists the connected standbys, for pg_stat_replication.
func (p *Primary) Senders() []SenderInfo { return p.senders.list() }

// Retain is the lowest LSN that a connected standby still needs, ^0 if none does. Segments from there on are kept.
func (p *Primary) Retain() page.LSN { return p.senders.oldestSent() }

// Serve runs one connection until the peer leaves. ctx ends at shutdown, after the shutdown checkpoint is durable.
func (p *Primary) Serve(ctx context.Context, conn Conn, who Client) error {
	info := SenderInfo{PID: who.PID, User: who.User, ApplicationName: who.ApplicationName, Addr: who.RemoteAddr, Started: time.Now(), State: StateStartup}
	if err := p.senders.enter(info); err != nil {
		return err
	}
	defer p.senders.leave(who.PID)
	s := &sender{Primary: p, conn: conn, pid: who.PID, log: p.cfg.Log.With().Int32("pid", who.PID).Str("standby", who.ApplicationName).Logger()}

	// An idle connection is told to go by closing it under its read; a streaming one ends in its own order.
	stop := context.AfterFunc(ctx, func() {
		if !s.streaming.Load() {
			_ = conn.Close()
		}
	})
	defer stop()
	for {
		msg, err := conn.Receive()
		if err != nil {
			return err
		}
		switch msg := msg.(type) {
		case *pgproto3.Terminate:
			return nil
		case *pgproto3.Query:
			end, err := s.command(ctx, msg.String)
			if end {
				return err
			}
			if err != nil {
				if err := s.fail(err); err != nil {
					return err
				}
			}
			if ctx.Err() != nil {
				return nil // it began while a stream was on, which has ended in its own order
			}
		case *pgproto3.CopyData, *pgproto3.CopyDone, *pgproto3.CopyFail, *pgproto3.Sync, *pgproto3.Flush:
			// Left over from a stream that ended in an error.
		default:
			return pgerr.Fatal(pgerr.ProtocolViolation, "unexpected message %T on a replication connection", msg)
		}
	}
}

// fail reports an error and goes on with the next command.
func (s *sender) fail(err error) error {
	return s.conn.Send(s.errorResponse(err, pgerr.SeverityError), &pgproto3.ReadyForQuery{TxStatus: 'I'})
}

func (s *sender) errorResponse(err error, severity pgerr.Severity) *pgproto3.ErrorResponse {
	pe := pgerr.From(err)
	s.log.Warn().Str("sqlstate", string(pe.Code)).Msg(pe.Message)
	return &pgproto3.ErrorResponse{
		Severity: string(severity), SeverityUnlocalized: string(severity), Code: string(pe.Code), Message: pe.Message,
		Detail: pe.Detail, Hint: pe.Hint, Position: int32(pe.Position),
	}
}

// command runs one replication command; end says that the connection is to be closed.
func (s *sender) command(ctx context.Context, text string) (end bool, err error) {
	c, err := parseCommand(text)
	if err != nil {
		return false, err
	}
	s.log.Debug().Str("command", text).Msg("replication command")
	switch c.verb {
	case "IDENTIFY_SYSTEM":
		return false, s.rows(c.verb, []string{"systemid", "timeline", "xlogpos", "dbname"},
			[]any{strconv.FormatUint(s.cfg.WAL.SystemID(), 10), strconv.Itoa(int(s.cfg.WAL.Timeline())), s.cfg.WAL.FlushedLSN().String(), nil})
	case "SHOW":
		v, err := s.cfg.Show(c.name)
		if err != nil {
			return false, err
		}
		return false, s.rows(c.verb, []string{c.name}, []any{v})
	case "TIMELINE_HISTORY":
		return false, pgerr.New(pgerr.UndefinedFile, "could not open file %q: no such file", fmt.Sprintf("%08X.history", c.timeline)).
			WithHint("This system has always been on timeline %d.", s.cfg.WAL.Timeline())
	case "BASE_BACKUP":
		return false, s.baseBackup(ctx, c)
	case "START_REPLICATION":
		return s.stream(ctx, c)
	}
	panic("parsed a replication command that nobody serves: " + c.verb)
}

// rows answers a command with one text row.
func (s *sender) rows(tag string, names []string, values []any) error {
	msgs := resultSet(names, values)
	return s.conn.Send(append(msgs, &pgproto3.CommandComplete{CommandTag: []byte(tag)}, &pgproto3.ReadyForQuery{TxStatus: 'I'})...)
}

func resultSet(names []string, rows ...[]any) []pgproto3.BackendMessage {
	desc := &pgproto3.RowDescription{}
	for _, n := range names {
		desc.Fields = append(desc.Fields, pgproto3.FieldDescription{Name: []byte(n), DataTypeOID: 25, DataTypeSize: -1, TypeModifier: -1})
	}
	msgs := []pgproto3.BackendMessage{desc}
	for _, values := range rows {
		row := &pgproto3.DataRow{}
		for _, v := range values {
			if v == nil {
				row.Values = append(row.Values, nil)
				continue
			}
			row.Values = append(row.Values, []byte(v.(string)))
		}
		msgs = append(msgs, row)
	}
	return msgs
}

// checkStart refuses a position that cannot be served.
func (s *sender) checkStart(c command) error {
	if c.timeline != 0 && c.timeline != s.cfg.WAL.Timeline() {
		return pgerr.New(pgerr.InternalError, "requested starting point %v on timeline %d is not in this server's history", c.lsn, c.timeline).
			WithDetail("This server is on timeline %d.", s.cfg.WAL.Timeline())
	}
	if flushed := s.cfg.WAL.FlushedLSN(); c.lsn > flushed {
		return pgerr.New(pgerr.InvalidParameterValue, "requested starting point %v is ahead of the WAL flush position of this server %v", c.lsn, flushed).
			WithHint("The standby has more WAL than its primary; take a new base copy into an empty directory.")
	}
	if oldest := s.cfg.WAL.OldestLSN(); c.lsn < oldest {
		return pgerr.New(pgerr.UndefinedFile, "requested WAL at %v has already been removed; the oldest kept is %v", c.lsn, oldest).
			WithHint("Take a new base copy into an empty directory; raise wal_keep_size to let standbys stay away longer.")
	}
	return nil
}

var errPeerGone = errors.New("standby closed the connection")
