package session_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/sql/session"
)

// rig is a database in memory with fake access methods: bloom (unordered, lossy), tree (ordered) and btree (ordered, unique).
type rig struct {
	t      testing.TB
	fs     *vfs.MemFS
	engine *engine.Engine
	db     *session.DB
	ams    fakeRegistry
	sinks  map[string]bool // methods whose Insert does nothing
	pid    int32

	stopped bool
}

func newRig(t testing.TB) *rig {
	r := &rig{t: t, fs: vfs.NewMem(), ams: fakeRegistry{"bloom": newFake("bloom", false), "tree": newFake("tree", true), "btree": newFake("btree", true)}}
	require.NoError(t, engine.Init(r.fs, "data", engine.InitOptions{SystemID: 7, Superuser: "postgres"}))
	var err error
	r.engine, err = engine.Open(context.Background(), r.fs, "data", engine.Options{Frames: 2048, PrivateMemory: true, Log: zerolog.Nop()})
	require.NoError(t, err)
	r.ams["btree"].heap = r.engine.Heap
	t.Cleanup(r.stop)
	r.db, err = session.Open(session.Config{
		Engine: r.engine, AMs: r, Log: zerolog.Nop(), Version: "PostgreSQL 15.0 (Quire test)",
		Pin: func(handler string) (string, string, error) {
			_, err := r.ams.Lookup(handler)
			return handler, "5ca1ab1e", err
		},
	})
	require.NoError(t, err)
	return r
}

// stop shuts the engine down, once.
func (r *rig) stop() {
	if !r.stopped {
		r.stopped = true
		require.NoError(r.t, r.engine.Shutdown(context.Background()))
	}
}

// Lookup and List make the rig the registry of access methods.
func (r *rig) Lookup(name string) (am.Method, error) {
	m, err := r.ams.Lookup(name)
	if err == nil && r.sinks[name] {
		return sinkMethod{r.ams[name]}, nil
	}
	return m, err
}

func (r *rig) List() []am.Info { return r.ams.List() }

// sink makes the bloom method forget what it is given from now on.
func (r *rig) sink() { r.sinks = map[string]bool{"bloom": true} }

func (r *rig) session() *session.Session {
	r.pid++
	s, err := r.db.NewSession(session.SessionParams{User: "postgres", PID: r.pid, Superuser: true, Params: map[string]string{"application_name": "test"}})
	require.NoError(r.t, err)
	r.t.Cleanup(s.Close)
	return s
}

// capture is an Output that prints what it gets, unaligned, with | between columns.
type capture struct {
	s       *session.Session
	b       strings.Builder
	copyIn  io.Reader
	copyOut bytes.Buffer
	rows    int
	quiet   bool // count rows only
}

func (c *capture) RowDescription(cols []session.Column) error {
	for i, col := range cols {
		if i > 0 {
			c.b.WriteByte('|')
		}
		c.b.WriteString(col.Name)
	}
	c.b.WriteByte('\n')
	return nil
}

func (c *capture) Row(cols []session.Column, row []datum.Datum) error {
	c.rows++
	if c.quiet {
		return nil
	}
	for i := range cols {
		if i > 0 {
			c.b.WriteByte('|')
		}
		if row[i].Null {
			c.b.WriteString("∅")
			continue
		}
		if cols[i].Format == 1 {
			fmt.Fprintf(&c.b, "%x", c.s.AppendValue(nil, cols[i], row[i]))
			continue
		}
		c.b.Write(c.s.AppendValue(nil, cols[i], row[i]))
	}
	c.b.WriteByte('\n')
	return nil
}

func (c *capture) CommandComplete(tag string) error { c.b.WriteString(tag + "\n"); return nil }
func (c *capture) EmptyQuery() error                { c.b.WriteString("(empty)\n"); return nil }
func (c *capture) PortalSuspended() error           { c.b.WriteString("(suspended)\n"); return nil }
func (c *capture) Notice(n *pgerr.Error) error {
	fmt.Fprintf(&c.b, "%s: %s\n", n.Severity, n.Message)
	return nil
}
func (c *capture) ParameterStatus(name, value string) error {
	fmt.Fprintf(&c.b, "(%s is %s)\n", name, value)
	return nil
}
func (c *capture) CopyIn(context.Context, int16, []int16) (io.ReadCloser, error) {
	if c.copyIn == nil {
		return io.NopCloser(strings.NewReader("")), nil
	}
	return io.NopCloser(c.copyIn), nil
}
func (c *capture) CopyOut(int16, []int16) (io.WriteCloser, error) { return nopCloser{&c.copyOut}, nil }

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// printError prints an error the way psql does, code first.
func printError(b *strings.Builder, err error) {
	e := pgerr.From(err)
	fmt.Fprintf(b, "%s %s: %s", e.Severity, e.Code, e.Message)
	if e.Position > 0 {
		fmt.Fprintf(b, " (at %d)", e.Position)
	}
	b.WriteByte('\n')
	for _, f := range [][2]string{{"DETAIL", e.Detail}, {"HINT", e.Hint}, {"CONTEXT", e.Where}} {
		if f[1] != "" {
			fmt.Fprintf(b, "%s: %s\n", f[0], f[1])
		}
	}
}

// run executes a text and returns what a client sees.
func run(s *session.Session, sql string) string {
	out := &capture{s: s}
	if text, data, ok := strings.Cut(sql, "\n--stdin\n"); ok {
		sql = text
		out.copyIn = strings.NewReader(data)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := s.Query(ctx, sql, out)
	out.b.WriteString(printable(out.copyOut.Bytes()))
	if err != nil {
		printError(&out.b, err)
	}
	return out.b.String()
}

// must runs statements that have to succeed.
func must(t interface {
	require.TestingT
	Helper()
}, s *session.Session, sql string) string {
	t.Helper()
	out := &capture{s: s}
	require.NoError(t, s.Query(context.Background(), sql, out), sql)
	return out.b.String()
}

// printable shows text as it is and everything else quoted.
func printable(b []byte) string {
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\t' || c == 0xff {
			return fmt.Sprintf("%q\n", b)
		}
	}
	return string(b)
}
