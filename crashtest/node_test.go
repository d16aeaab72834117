package crashtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/storage"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/sql/session"
)

var ctx = context.Background()

const dir = "data"

// options are an engine as small as it goes, without background work: what happens, happens in the caller's order.
func options() engine.Options {
	return engine.Options{
		Frames: 64, ArenaFrames: func(string) int { return 32 }, PrivateMemory: true, NoBackground: true,
		RingBytes: 1 << 20, SpareSegments: 1, Storage: storage.Options{DoubleWriteBytes: 1}, Log: zerolog.Nop(),
	}
}

// newDirectory makes a directory with WAL segments of 64 KiB.
func newDirectory() (*vfs.MemFS, error) {
	m := vfs.NewMem()
	return m, engine.Init(m, dir, engine.InitOptions{
		SystemID: 7, Superuser: "boss", WALSegmentBytes: 64 << 10, Storage: storage.Options{DoubleWriteBytes: 1},
	})
}

// A node is a database as its clients have it.
type node struct {
	fs       *vfs.MemFS
	engine   *engine.Engine
	bloom    *process // nil on a node without plugins
	db       *session.DB
	sessions []*session.Session
}

// openNode opens a directory, recovering it if need be, with n sessions.
func openNode(fs *vfs.MemFS, opts engine.Options, n int) (_ *node, err error) {
	e, err := engine.Open(ctx, fs, dir, opts)
	if err != nil {
		return nil, err
	}
	x := &node{fs: fs, engine: e}
	defer func() {
		if err != nil {
			x.kill()
		}
	}()
	if x.bloom, err = startBloom(ctx, e); err != nil {
		return nil, err
	}
	x.db, err = session.Open(session.Config{Engine: e, AMs: x.bloom, Log: zerolog.Nop(), Version: "crashtest"})
	if err != nil {
		return nil, err
	}
	for i := range n {
		s, err := x.db.NewSession(session.SessionParams{User: "boss", PID: int32(i + 1), Superuser: true})
		if err != nil {
			return nil, err
		}
		x.sessions = append(x.sessions, s)
	}
	return x, nil
}

// leave closes sessions and the access method; the engine stays.
func (x *node) leave() {
	for _, s := range x.sessions {
		s.Close()
	}
	if x.bloom != nil {
		x.bloom.stop()
	}
}

func (x *node) shutdown() error {
	x.leave()
	return errors.Join(x.db.Close(), x.engine.Shutdown(ctx))
}

// kill ends the node as a crash of the process does: its sessions end nothing.
func (x *node) kill() {
	x.engine.Kill()
	if x.bloom != nil {
		x.bloom.stop()
	}
}

// do runs a statement in a session. Its errors name the statement.
func (x *node) do(in int, sql string) error {
	_, err := x.query(in, sql)
	return err
}

// query runs a statement and returns its rows, columns separated by |, NULL as ∅.
func (x *node) query(in int, sql string) ([]string, error) {
	a := &answer{s: x.sessions[in]}
	if err := x.sessions[in].Query(ctx, sql, a); err != nil {
		return nil, &statementError{in, sql, err}
	}
	return a.rows, nil
}

// A statementError says which statement failed.
type statementError struct {
	session int
	sql     string
	err     error
}

func (e *statementError) Error() string {
	p := pgerr.From(e.err)
	sql := e.sql
	if len(sql) > 200 {
		sql = sql[:200] + "..."
	}
	return fmt.Sprintf("session %d: %s: %s: %v", e.session, sql, p.Code, e.err)
}

func (e *statementError) Unwrap() error { return e.err }

// answer is an Output that keeps rows.
type answer struct {
	s    *session.Session
	rows []string
}

func (a *answer) Row(cols []session.Column, row []datum.Datum) error {
	var b strings.Builder
	for i, col := range cols {
		if i > 0 {
			b.WriteByte('|')
		}
		if row[i].Null {
			b.WriteString("∅")
		} else {
			b.Write(a.s.AppendValue(nil, col, row[i]))
		}
	}
	a.rows = append(a.rows, b.String())
	return nil
}

func (a *answer) RowDescription([]session.Column) error { return nil }
func (a *answer) CommandComplete(string) error          { return nil }
func (a *answer) EmptyQuery() error                     { return nil }
func (a *answer) PortalSuspended() error                { return nil }
func (a *answer) Notice(*pgerr.Error) error             { return nil }
func (a *answer) ParameterStatus(string, string) error  { return nil }
func (a *answer) CopyIn(context.Context, int16, []int16) (io.ReadCloser, error) {
	return nil, errors.New("no COPY in these histories")
}
func (a *answer) CopyOut(int16, []int16) (io.WriteCloser, error) {
	return nil, errors.New("no COPY in these histories")
}
