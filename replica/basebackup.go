package replica

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
)

// BaseSource makes base copies of the running node.
type BaseSource interface {
	// Redo is where the log of a copy that began now would begin at the earliest.
	Redo() page.LSN
	// Begin makes a checkpoint. The caller keeps the log from Redo on.
	Begin(ctx context.Context) (Base, error)
}

// Base is a base copy under way.
type Base interface {
	Start() page.LSN // replay of the copy begins here
	// Files lists what belongs to the copy. Sizes are settled now; what grows later is in the log.
	Files() ([]BaseFile, error)
	// Finish gives the end: once replayed up to there, the copy is consistent. The log is durable up to it.
	Finish(ctx context.Context) (page.LSN, error)
	// LogFiles lists the segments that hold the log from the start to end.
	LogFiles(end page.LSN) []BaseFile
	Close()
}

// BaseFile is one file of a base copy. WriteTo gives exactly Size bytes.
type BaseFile struct {
	Name    string // relative to the data directory
	Size    int64
	WriteTo func(ctx context.Context, w io.Writer) error
}

// baseOptions are the options that pg_basebackup and our own standby send. Those that would change the result and are
// not served are refused.
func checkBaseOptions(options map[string]string) error {
	for name, value := range options {
		switch name {
		case "LABEL", "PROGRESS", "CHECKPOINT", "WAIT", "TABLESPACE_MAP", "VERIFY_CHECKSUMS", "MANIFEST_CHECKSUMS":
			continue
		case "TARGET":
			if value == "client" {
				continue
			}
		case "MANIFEST":
			if value == "no" {
				continue
			}
		case "WAL":
			if value == "false" {
				continue
			}
		}
		return pgerr.New(pgerr.FeatureNotSupported, "base backup option %s %s is not supported", name, value).
			WithHint("quire standby takes a base copy of its own; with pg_basebackup use --no-manifest -X none.")
	}
	return nil
}

// baseBackup answers BASE_BACKUP in the form of PostgreSQL 15: start, sizes, one archive, end.
func (s *sender) baseBackup(ctx context.Context, c command) error {
	if err := checkBaseOptions(c.options); err != nil {
		return err
	}
	s.senders.update(s.pid, func(i *SenderInfo) { i.State = StateBackup })
	defer s.senders.update(s.pid, func(i *SenderInfo) { i.State = StateStartup })
	// The log from the start on stays until this connection ends.
	s.senders.update(s.pid, func(i *SenderInfo) { i.Sent = s.cfg.Base.Redo() })
	base, err := s.cfg.Base.Begin(ctx)
	if err != nil {
		return err
	}
	defer base.Close()
	files, err := base.Files()
	if err != nil {
		return err
	}
	var total int64
	for _, f := range files {
		total += f.Size
	}
	tli := strconv.Itoa(int(s.cfg.WAL.Timeline()))
	msgs := append(resultSet([]string{"recptr", "tli"}, []any{base.Start().String(), tli}), &pgproto3.CommandComplete{CommandTag: []byte("SELECT")})
	msgs = append(msgs, resultSet([]string{"spcoid", "spclocation", "size"}, []any{nil, nil, strconv.FormatInt(total>>10, 10)})...)
	msgs = append(msgs, &pgproto3.CommandComplete{CommandTag: []byte("SELECT")}, &pgproto3.CopyOutResponse{},
		&pgproto3.CopyData{Data: []byte("nbase.tar\x00\x00")})
	if err := s.conn.Send(msgs...); err != nil {
		return err
	}
	s.log.Info().Stringer("start", base.Start()).Int("files", len(files)).Int64("bytes", total).Msg("sending a base copy")
	end, err := s.archive(ctx, base, files)
	if err != nil {
		return err
	}
	msgs = append([]pgproto3.BackendMessage{&pgproto3.CopyDone{}}, resultSet([]string{"recptr", "tli"}, []any{end.String(), tli})...)
	return s.conn.Send(append(msgs, &pgproto3.CommandComplete{CommandTag: []byte("SELECT")},
		&pgproto3.CommandComplete{CommandTag: []byte("BASE_BACKUP")}, &pgproto3.ReadyForQuery{TxStatus: 'I'})...)
}

// archive sends the files as one USTAR stream, in messages of bounded size: relations first, then the log that makes
// them consistent. It returns the end of that log.
func (s *sender) archive(ctx context.Context, base Base, files []BaseFile) (end page.LSN, err error) {
	out := &archiveStream{conn: s.conn}
	w := tar.NewWriter(out)
	for _, dir := range []string{"base", "pg_wal", "pg_tblspc"} {
		h := &tar.Header{Name: dir + "/", Typeflag: tar.TypeDir, Mode: 0o700, ModTime: time.Now(), Format: tar.FormatUSTAR}
		if err := w.WriteHeader(h); err != nil {
			return 0, err
		}
	}
	if err := addFiles(ctx, w, files); err != nil {
		return 0, err
	}
	if end, err = base.Finish(ctx); err != nil {
		return 0, err
	}
	if err := addFiles(ctx, w, base.LogFiles(end)); err != nil {
		return 0, err
	}
	if err := w.Close(); err != nil {
		return 0, err
	}
	return end, out.flush()
}

func addFiles(ctx context.Context, w *tar.Writer, files []BaseFile) error {
	for _, f := range files {
		h := &tar.Header{Name: f.Name, Typeflag: tar.TypeReg, Mode: 0o600, Size: f.Size, ModTime: time.Now(), Format: tar.FormatUSTAR}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		if err := f.WriteTo(ctx, w); err != nil {
			return fmt.Errorf("base copy of %s: %w", f.Name, err)
		}
	}
	return nil
}

// An archiveStream gathers bytes into CopyData messages with the tag 'd'.
type archiveStream struct {
	conn Conn
	buf  []byte
}

func (a *archiveStream) Write(p []byte) (int, error) {
	if len(a.buf) == 0 {
		a.buf = append(a.buf, 'd')
	}
	a.buf = append(a.buf, p...)
	if len(a.buf) >= maxSendBytes {
		if err := a.flush(); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (a *archiveStream) flush() error {
	if len(a.buf) == 0 {
		return nil
	}
	err := a.conn.Send(&pgproto3.CopyData{Data: a.buf})
	a.buf = a.buf[:0]
	return err
}
