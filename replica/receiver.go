package replica

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/page"
)

// ReceivedLog is the part of wal.Log that receiving needs.
type ReceivedLog interface {
	AppendRaw(at page.LSN, b []byte) error
	Flush(ctx context.Context, upTo page.LSN) error
	InsertLSN() page.LSN
	FlushedLSN() page.LSN
}

// ReceiverConfig says whom to follow and where the bytes go.
type ReceiverConfig struct {
	Conninfo       string // of the primary, in libpq's form
	Name           string // application_name; how the primary lists this standby
	SystemID       uint64
	Timeline       page.TimelineID
	WAL            ReceivedLog
	Applied        func() page.LSN // end of what is replayed
	StatusInterval time.Duration   // the longest silence towards the primary
	Timeout        time.Duration   // no word from the primary for that long ends the connection; 0 = never
	Log            zerolog.Logger
}

// A Receiver is one connection to a primary.
type Receiver struct {
	cfg     ReceiverConfig
	conn    net.Conn
	front   *pgproto3.Frontend
	writeMu sync.Mutex // orders Send and Flush of front
	kick    chan bool  // asks for a status update; true: at once, with reply requested by the peer
	primary atomic.Uint64
}

// dial opens a replication connection.
func dial(ctx context.Context, conninfo, name string) (*pgconn.PgConn, error) {
	cfg, err := pgconn.ParseConfig(conninfo)
	if err != nil {
		return nil, fmt.Errorf("read connection string %q of the primary: %w", conninfo, err)
	}
	cfg.RuntimeParams["replication"] = "true"
	cfg.RuntimeParams["application_name"] = name
	delete(cfg.RuntimeParams, "options")
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 10 * time.Second
	}
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to the primary: %w", err)
	}
	return conn, nil
}

// identity is the answer to IDENTIFY_SYSTEM.
type identity struct {
	systemID uint64
	timeline page.TimelineID
	flushed  page.LSN
}

func identify(ctx context.Context, conn *pgconn.PgConn) (identity, error) {
	var id identity
	row, err := oneRow(ctx, conn, "IDENTIFY_SYSTEM", 4)
	if err != nil {
		return id, err
	}
	if id.systemID, err = strconv.ParseUint(row[0], 10, 64); err != nil {
		return id, fmt.Errorf("IDENTIFY_SYSTEM: system identifier %q is not a number; is the primary a Quire node?", row[0])
	}
	tli, err := strconv.ParseUint(row[1], 10, 32)
	if err != nil {
		return id, fmt.Errorf("IDENTIFY_SYSTEM: timeline %q is not a number", row[1])
	}
	id.timeline = page.TimelineID(tli)
	if id.flushed, err = page.ParseLSN(row[2]); err != nil {
		return id, fmt.Errorf("IDENTIFY_SYSTEM: %w", err)
	}
	return id, nil
}

func oneRow(ctx context.Context, conn *pgconn.PgConn, command string, columns int) ([]string, error) {
	results, err := conn.Exec(ctx, command).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	if len(results) == 0 || len(results[0].Rows) != 1 || len(results[0].Rows[0]) < columns {
		return nil, fmt.Errorf("%s: the primary's answer has an unexpected form", command)
	}
	row := make([]string, len(results[0].Rows[0]))
	for i, v := range results[0].Rows[0] {
		row[i] = string(v)
	}
	return row, nil
}

// ErrOtherSystem means that the primary belongs to another family of copies (P4).
var ErrOtherSystem = errors.New("primary has another system identifier")

// Connect opens the connection and starts the stream where the local log ends.
func Connect(ctx context.Context, cfg ReceiverConfig) (*Receiver, error) {
	conn, err := dial(ctx, cfg.Conninfo, cfg.Name)
	if err != nil {
		return nil, err
	}
	r := &Receiver{cfg: cfg, kick: make(chan bool, 1)}
	if err := r.begin(ctx, conn); err != nil {
		_ = conn.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return r, nil
}

func (r *Receiver) begin(ctx context.Context, conn *pgconn.PgConn) error {
	id, err := identify(ctx, conn)
	if err != nil {
		return err
	}
	if id.systemID != r.cfg.SystemID {
		return fmt.Errorf("%w: it is %d, this directory's is %d; point --primary at the right node, or take a base copy into an empty directory",
			ErrOtherSystem, id.systemID, r.cfg.SystemID)
	}
	if id.timeline != r.cfg.Timeline {
		return fmt.Errorf("primary is on timeline %d, this standby on %d; take a base copy into an empty directory", id.timeline, r.cfg.Timeline)
	}
	start := r.cfg.WAL.InsertLSN()
	front := conn.Frontend()
	front.SendQuery(&pgproto3.Query{String: fmt.Sprintf("START_REPLICATION PHYSICAL %v TIMELINE %d", start, id.timeline)})
	if err := front.Flush(); err != nil {
		return fmt.Errorf("START_REPLICATION: %w", err)
	}
	for {
		msg, err := conn.ReceiveMessage(ctx)
		if err != nil {
			return fmt.Errorf("START_REPLICATION: %w", err)
		}
		switch msg := msg.(type) {
		case *pgproto3.CopyBothResponse:
			hijacked, err := conn.Hijack()
			if err != nil {
				return err
			}
			r.conn, r.front = hijacked.Conn, hijacked.Frontend
			_ = r.conn.SetDeadline(time.Time{})
			r.primary.Store(uint64(id.flushed))
			r.cfg.Log.Info().Stringer("from", start).Msg("streaming WAL from the primary")
			return nil
		case *pgproto3.ErrorResponse:
			return fmt.Errorf("START_REPLICATION: %w", pgconn.ErrorResponseToPgError(msg))
		}
	}
}

// PrimaryEnd is the end of the primary's durable log as far as it has told.
func (r *Receiver) PrimaryEnd() page.LSN { return page.LSN(r.primary.Load()) }

// Progress asks for a status update because replay has advanced.
func (r *Receiver) Progress() {
	select {
	case r.kick <- false:
	default: // one is due already
	}
}

// Run receives until the connection ends or ctx does. A primary that shut down cleanly ends it with a nil error.
func (r *Receiver) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = r.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	quit := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { r.report(quit) })
	err := r.receive(ctx)
	close(quit)
	wg.Wait()
	// The last word: what is durable here, so that the primary can let go of it.
	if err == nil || ctx.Err() != nil {
		_ = r.sendStatus(false)
	}
	if ctx.Err() != nil {
		_ = r.write(&pgproto3.CopyDone{})
		_ = r.write(&pgproto3.Terminate{})
		err = nil
	}
	return errors.Join(err, r.conn.Close())
}

func (r *Receiver) receive(ctx context.Context) error {
	at := r.cfg.WAL.InsertLSN()
	for {
		if r.cfg.Timeout > 0 && ctx.Err() == nil {
			_ = r.conn.SetReadDeadline(time.Now().Add(r.cfg.Timeout))
		}
		msg, err := r.front.Receive()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("receive from the primary: %w", err)
		}
		switch msg := msg.(type) {
		case *pgproto3.CopyData:
			if at, err = r.data(ctx, msg.Data, at); err != nil {
				return err
			}
		case *pgproto3.CopyDone, *pgproto3.CommandComplete:
			r.cfg.Log.Info().Msg("the primary ended the stream")
			return nil
		case *pgproto3.ErrorResponse:
			return fmt.Errorf("primary: %w", pgconn.ErrorResponseToPgError(msg))
		case *pgproto3.NoticeResponse, *pgproto3.ParameterStatus:
		default:
			return fmt.Errorf("unexpected message %T from the primary while streaming", msg)
		}
	}
}

// data takes one message of the stream. What is at hand in the socket's buffer is appended before one sync serves it all.
func (r *Receiver) data(ctx context.Context, b []byte, at page.LSN) (page.LSN, error) {
	m, err := decodeFromPrimary(b)
	if err != nil {
		return at, err
	}
	r.primary.Store(max(r.primary.Load(), uint64(m.end)))
	if m.data != nil {
		if m.start != at {
			return at, fmt.Errorf("got WAL at %v from the primary, expected %v", m.start, at) // P3
		}
		if err := r.cfg.WAL.AppendRaw(at, m.data); err != nil {
			return at, fmt.Errorf("write received WAL at %v: %w", at, err)
		}
		at += page.LSN(len(m.data))
	}
	// Whatever the last message at hand is: a primary that shuts down sends its last bytes and a keepalive in one go, and waits.
	pending := at - min(at, r.cfg.WAL.FlushedLSN())
	if pending > 0 && (m.reply || r.front.ReadBufferLen() == 0 || pending > 1<<20) {
		if err := r.cfg.WAL.Flush(ctx, at); err != nil {
			return at, err
		}
		return at, r.sendStatus(false)
	}
	if m.reply {
		return at, r.sendStatus(false)
	}
	return at, nil
}

// report sends a status update at once, so that the primary knows where this standby is before new log comes, when replay has advanced, and now
// and then.
func (r *Receiver) report(quit <-chan struct{}) {
	interval := r.cfg.StatusInterval
	if interval <= 0 {
		interval = 10 * time.Second
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if err := r.sendStatus(false); err != nil {
			_ = r.conn.SetReadDeadline(time.Unix(1, 0)) // the reader reports the broken connection
			return
		}
		select {
		case <-quit:
			return
		case <-r.kick:
		case <-tick.C:
		}
	}
}

// sendStatus says how far this standby is: P2.
func (r *Receiver) sendStatus(reply bool) error {
	flushed := r.cfg.WAL.FlushedLSN()
	return r.write(&pgproto3.CopyData{Data: appendStatus(nil, status{
		write: max(r.cfg.WAL.InsertLSN(), flushed), flush: flushed, apply: min(r.cfg.Applied(), flushed), at: time.Now(), reply: reply,
	})})
}

func (r *Receiver) write(msg pgproto3.FrontendMessage) error {
	r.writeMu.Lock()
	defer r.writeMu.Unlock()
	r.front.Send(msg)
	return r.front.Flush()
}
