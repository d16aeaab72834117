package replica

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
)

// baseName is what a file of a base copy may be called: anything else in the archive is refused, so that a hostile
// primary cannot write outside the directory.
var baseName = regexp.MustCompile(`^(base/[0-9]{1,10}(_init|_vm)?(\.[0-9]{1,6})?|pg_wal/[0-9A-F]{24}|backup_label)$`)

// A BaseCopy is what fetchBase brought.
type BaseCopy struct {
	Start, End page.LSN // replay from Start; nothing may be read before End is replayed
	Timeline   page.TimelineID
	Label      label
	Files      int
	Bytes      int64
}

// fetchBase asks the primary for a base copy and writes its files below dir, which is made once the primary sends them. Progress is called with
// bytes done and in all. The files are durable when it returns.
func fetchBase(ctx context.Context, conninfo, name string, fs vfs.FS, dir string, progress func(done, total int64)) (BaseCopy, identity, error) {
	var c BaseCopy
	conn, err := dial(ctx, conninfo, name)
	if err != nil {
		return c, identity{}, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	id, err := identify(ctx, conn)
	if err != nil {
		return c, id, err
	}
	front := conn.Frontend()
	front.SendQuery(&pgproto3.Query{String: "BASE_BACKUP ( LABEL 'quire standby', PROGRESS, CHECKPOINT 'fast', WAIT 0, MANIFEST 'no' )"})
	if err := front.Flush(); err != nil {
		return c, id, fmt.Errorf("BASE_BACKUP: %w", err)
	}
	f := &baseFetch{ctx: ctx, conn: conn, copy: &c, progress: progress}
	if err := f.run(fs, dir); err != nil {
		return c, id, fmt.Errorf("base copy: %w", err)
	}
	return c, id, nil
}

type baseFetch struct {
	ctx      context.Context
	conn     *pgconn.PgConn
	copy     *BaseCopy
	progress func(done, total int64)
	total    int64
	rows     int // result rows seen: start, sizes, end
}

// run follows the answer: row of the start, rows of sizes, one COPY with the archive, row of the end.
func (f *baseFetch) run(fs vfs.FS, dir string) error {
	for {
		msg, err := f.conn.ReceiveMessage(f.ctx)
		if err != nil {
			return err
		}
		switch msg := msg.(type) {
		case *pgproto3.DataRow:
			if err := f.row(msg.Values); err != nil {
				return err
			}
		case *pgproto3.CopyOutResponse:
			for _, sub := range []string{"", "base", "pg_wal"} {
				if err := fs.MkdirAll(path.Join(dir, sub), 0o700); err != nil {
					return err
				}
			}
			if err := f.unpack(fs, dir); err != nil {
				return err
			}
		case *pgproto3.ErrorResponse:
			return pgconn.ErrorResponseToPgError(msg)
		case *pgproto3.ReadyForQuery:
			if f.copy.Start == 0 || f.copy.End == 0 {
				return fmt.Errorf("the primary's answer to BASE_BACKUP names no start or end")
			}
			return nil
		}
	}
}

func (f *baseFetch) row(values [][]byte) error {
	f.rows++
	switch {
	case f.rows == 2 && len(values) == 3:
		var kb int64
		if _, err := fmt.Sscan(string(values[2]), &kb); err == nil {
			f.total = kb << 10
		}
		return nil
	case len(values) < 2:
		return fmt.Errorf("unexpected row with %d columns", len(values))
	}
	lsn, err := page.ParseLSN(string(values[0]))
	if err != nil {
		return err
	}
	if f.rows == 1 {
		f.copy.Start = lsn
		var tli uint32
		if _, err := fmt.Sscan(string(values[1]), &tli); err != nil {
			return fmt.Errorf("timeline %q: %w", values[1], err)
		}
		f.copy.Timeline = page.TimelineID(tli)
		return nil
	}
	f.copy.End = lsn
	return nil
}

// unpack writes the files of the archive that arrives as CopyData.
func (f *baseFetch) unpack(fs vfs.FS, dir string) error {
	stream := &copyStream{f: f}
	archive := tar.NewReader(stream)
	for {
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("read archive: %w", err)
		}
		name := strings.TrimPrefix(path.Clean(h.Name), "./")
		if h.Typeflag == tar.TypeDir {
			continue
		}
		if h.Typeflag != tar.TypeReg || !baseName.MatchString(name) {
			return fmt.Errorf("the archive holds %q, which is no file of a base copy", h.Name)
		}
		if name == labelName {
			if err := json.NewDecoder(io.LimitReader(archive, 1<<16)).Decode(&f.copy.Label); err != nil {
				return fmt.Errorf("read %s: %w", labelName, err)
			}
			continue
		}
		if err := writeFile(fs, path.Join(dir, name), archive); err != nil {
			return err
		}
		f.copy.Files++
	}
	// What follows the archive's end in this COPY is padding and messages.
	if _, err := io.Copy(io.Discard, stream); err != nil {
		return err
	}
	return errors.Join(fs.SyncDir(path.Join(dir, "base")), fs.SyncDir(path.Join(dir, "pg_wal")))
}

func writeFile(fs vfs.FS, name string, r io.Reader) (err error) {
	file, err := fs.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := file.Close(); err == nil {
			err = cerr
		}
	}()
	buf := make([]byte, 256<<10)
	var off int64
	for {
		n, rerr := io.ReadFull(r, buf)
		if n > 0 {
			if _, err := file.WriteAt(buf[:n], off); err != nil {
				return err
			}
			off += int64(n)
		}
		if rerr == io.EOF || rerr == io.ErrUnexpectedEOF {
			return file.Sync()
		}
		if rerr != nil {
			return rerr
		}
	}
}

// A copyStream reads the 'd' parts of a base backup's COPY as one stream; io.EOF at CopyDone.
type copyStream struct {
	f    *baseFetch
	rest bytes.Reader
	done bool
}

func (s *copyStream) Read(p []byte) (int, error) {
	for s.rest.Len() == 0 {
		if s.done {
			return 0, io.EOF
		}
		msg, err := s.f.conn.ReceiveMessage(s.f.ctx)
		if err != nil {
			return 0, err
		}
		switch msg := msg.(type) {
		case *pgproto3.CopyData:
			if len(msg.Data) > 0 && msg.Data[0] == 'd' {
				s.rest.Reset(bytes.Clone(msg.Data[1:]))
				s.f.copy.Bytes += int64(len(msg.Data) - 1)
				s.f.progress(s.f.copy.Bytes, s.f.total)
			}
		case *pgproto3.CopyDone:
			s.done = true
		case *pgproto3.ErrorResponse:
			return 0, pgconn.ErrorResponseToPgError(msg)
		default:
			return 0, fmt.Errorf("unexpected message %T in a base copy", msg)
		}
	}
	return s.rest.Read(p)
}
