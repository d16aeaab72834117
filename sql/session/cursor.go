package session

import (
	"context"
	"math"
	"strconv"
	"time"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/parse"
)

// Options of DECLARE, as the grammar gives them.
const (
	cursorBinary = 0x0001
	cursorScroll = 0x0002
	cursorHold   = 0x0020
)

// declare runs DECLARE: a cursor is a portal with a name, opened at once and read by FETCH.
func (s *Session) declare(ctx context.Context, p *portal, st *pg_query.DeclareCursorStmt) error {
	switch {
	case st.Options&cursorScroll != 0:
		return unsupported("SCROLL cursor")
	case st.Options&cursorHold != 0:
		return unsupported("cursor WITH HOLD")
	case !s.tx.block && !s.multi:
		return onlyInBlock("DECLARE CURSOR")
	case st.Portalname == "":
		return pgerr.New(pgerr.InvalidCursorName, "invalid cursor name: must not be empty")
	case s.portals[st.Portalname] != nil:
		return pgerr.New(pgerr.DuplicateCursor, `cursor "%s" already exists`, st.Portalname)
	}
	c := &portal{
		name: st.Portalname, params: p.params, declared: true, text: p.stmt.stmt.Text, at: time.Now(),
		stmt: s.inner(p.stmt, st.Query),
	}
	if err := s.start(ctx, c); err != nil {
		c.close()
		return err
	}
	c.ran = true
	if st.Options&cursorBinary != 0 {
		c.formats = []int16{1}
	}
	var err error
	if c.cols, err = resultColumns(c.stmt.cols, c.formats); err != nil {
		c.close()
		return err
	}
	s.addPortal(c)
	return nil
}

// inner is the statement within an EXPLAIN or DECLARE: the one that was prepared with it, or a new one, which then has no parameters.
func (s *Session) inner(p *prepared, node *pg_query.Node) *prepared {
	if p.inner != nil {
		return p.inner
	}
	return &prepared{stmt: parse.Statement{Query: p.stmt.Query, Text: p.stmt.Text, Node: node}, bare: true}
}

// cursor finds an open cursor, or a portal of the protocol that delivers rows.
func (s *Session) cursor(ctx context.Context, name string) (*portal, error) {
	c := s.portals[name]
	if c == nil || name == "" {
		return nil, pgerr.New(pgerr.InvalidCursorName, `cursor "%s" does not exist`, name)
	}
	if c.failed || c.stmt.empty || !isPlanned(c.stmt.stmt.Node) {
		return nil, errPortalDone(name)
	}
	if !c.ran {
		if err := s.start(ctx, c); err != nil {
			return nil, err
		}
		c.ran = true
	}
	return c, nil
}

// fetched describes the rows of FETCH, nil for MOVE and where there is no such cursor.
func (s *Session) fetched(st *pg_query.FetchStmt) []Column {
	c := s.portals[st.Portalname]
	if c == nil || st.Ismove {
		return nil
	}
	return c.cols
}

// steps reads the direction of a FETCH: how many rows to pass over, and how many to take then.
func (c *portal) steps(st *pg_query.FetchStmt) (skip, take int64, err error) {
	n := st.HowMany
	switch st.Direction {
	case pg_query.FetchDirection_FETCH_BACKWARD:
		n = -n
	case pg_query.FetchDirection_FETCH_RELATIVE:
		if n > 0 {
			return n - 1, 1, nil
		}
	case pg_query.FetchDirection_FETCH_ABSOLUTE:
		if n > c.position {
			return n - c.position - 1, 1, nil
		}
		n = -1
	}
	onRow := c.position > 0 && !c.done
	if n < 0 || n == 0 && onRow {
		return 0, 0, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "cursor can only scan forward").
			WithHint("Declare it with SCROLL option to enable backward scan.")
	}
	return 0, n, nil
}

// fetch runs FETCH and MOVE; rows go to emit.
func (s *Session) fetch(ctx context.Context, st *pg_query.FetchStmt, emit func([]datum.Datum) error) (tag string, err error) {
	c, err := s.cursor(ctx, st.Portalname)
	if err != nil {
		return "", err
	}
	skip, take, err := c.steps(st)
	if err != nil {
		return "", err
	}
	if st.HowMany == math.MaxInt64 {
		take = math.MaxInt64
	}
	var n int64
	for i := int64(0); n < take; i++ {
		row, err := s.advance(ctx, c)
		if err != nil {
			return "", err
		}
		if row == nil {
			break
		}
		if i < skip {
			continue
		}
		n++
		if st.Ismove {
			continue
		}
		if err := emit(row[:len(c.cols)]); err != nil {
			return "", err
		}
	}
	if st.Ismove {
		return "MOVE " + strconv.FormatInt(n, 10), nil
	}
	return "FETCH " + strconv.FormatInt(n, 10), nil
}

// advance gives a cursor's next row, nil after the last.
func (s *Session) advance(ctx context.Context, c *portal) ([]datum.Datum, error) {
	if len(c.rows) > 0 {
		row := c.rows[0]
		c.rows = c.rows[1:]
		c.position++
		return row, nil
	}
	if c.done {
		return nil, nil
	}
	if c.op == nil { // all its rows were computed at once
		c.done = true
		return nil, nil
	}
	c.x.Ctx, c.x.Eval.Context = ctx, ctx
	row, err := c.op.Next()
	if err != nil {
		c.fail()
		return nil, err
	}
	if row == nil {
		s.complete(c, int(c.position))
		return nil, nil
	}
	c.position++
	return row, nil
}

// closeCursor runs CLOSE.
func (s *Session) closeCursor(st *pg_query.ClosePortalStmt) (string, error) {
	if st.Portalname == "" {
		for name, c := range s.portals {
			if name != "" {
				c.close()
				delete(s.portals, name)
			}
		}
		return "CLOSE CURSOR ALL", nil
	}
	c := s.portals[st.Portalname]
	if c == nil {
		return "", pgerr.New(pgerr.InvalidCursorName, `cursor "%s" does not exist`, st.Portalname)
	}
	c.close()
	delete(s.portals, st.Portalname)
	return "CLOSE CURSOR", nil
}

// collect returns an emit function that keeps copies of rows.
func collect(rows *[][]datum.Datum) func([]datum.Datum) error {
	return func(row []datum.Datum) error {
		own := make([]datum.Datum, len(row))
		for i := range row {
			own[i] = row[i].Clone()
		}
		*rows = append(*rows, own)
		return nil
	}
}
