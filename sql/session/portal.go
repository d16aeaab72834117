package session

import (
	"context"
	"strconv"
	"time"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/exec"
	"github.com/quiredb/quire/sql/plan"
)

// portal is a statement with its parameters, running or about to.
type portal struct {
	name    string
	stmt    *prepared
	params  []datum.Datum
	formats []int16 // of the result, as Bind gave them
	cols    []Column

	level    int  // of savepoints when it was made
	declared bool // by DECLARE
	text     string
	at       time.Time

	// While it runs:
	plan     *plan.Plan
	x        *exec.Context
	op       exec.Operator
	rows     [][]datum.Datum // computed and not yet delivered
	tag      string          // of the statement, once it is complete
	position int64           // rows that FETCH has taken
	ran      bool
	done     bool // there are no more rows
	failed   bool // and may not be run again, should a savepoint let the transaction go on
}

func (p *portal) close() {
	if p.op != nil {
		p.op.Close()
		p.op = nil
	}
	if p.x != nil && p.x.Snapshot != nil {
		p.x.Snapshot.Release()
		p.x.Snapshot = nil
	}
	p.rows = nil
}

// addPortal makes a portal known by its name.
func (s *Session) addPortal(p *portal) {
	if s.tx != nil {
		p.level = len(s.tx.saves)
	}
	s.portals[p.name] = p
}

// fail ends a portal whose statement has failed.
func (p *portal) fail() {
	p.failed = true
	p.close()
}

// closePortals ends all portals, as the end of a transaction does.
func (s *Session) closePortals() {
	for name, p := range s.portals {
		p.close()
		delete(s.portals, name)
	}
}

// commandName is what PostgreSQL calls a planned statement in messages.
func commandName(n *pg_query.Node) string {
	switch n.Node.(type) {
	case *pg_query.Node_InsertStmt:
		return "INSERT"
	case *pg_query.Node_UpdateStmt:
		return "UPDATE"
	case *pg_query.Node_DeleteStmt:
		return "DELETE"
	}
	return "SELECT"
}

// start makes the portal ready to deliver rows.
func (s *Session) start(ctx context.Context, p *portal) error {
	st := p.stmt
	if !isPlanned(st.stmt.Node) {
		return nil
	}
	s.need()
	name := commandName(st.stmt.Node)
	if name != "SELECT" {
		if err := s.checkWritable(name); err != nil {
			return err
		}
	}
	pl, err := s.permitted(ctx, st)
	if err != nil {
		return err
	}
	return s.open(ctx, p, pl)
}

// open builds the operators of a plan and opens them under a fresh snapshot.
func (s *Session) open(ctx context.Context, p *portal, pl *plan.Plan) error {
	p.plan = pl
	p.x = s.execContext(ctx, p.params)
	p.op = exec.Start(p.x, pl)
	return p.op.Open()
}

// execContext is what one execution works with; the snapshot is taken here.
func (s *Session) execContext(ctx context.Context, params []datum.Datum) *exec.Context {
	s.tx.used = true
	return &exec.Context{
		Ctx: ctx, Eval: s.evalContext(ctx, params), Txn: s.tx.txn, Snapshot: s.tx.txn.Snapshot(),
		Heap: s.db.eng.Heap, Temp: s.db.temp, WorkMem: s.bounds().workMem,
	}
}

// run delivers up to maxRows rows (0: all) of a portal. It returns the command tag, or suspended if there may be more.
func (s *Session) run(ctx context.Context, p *portal, maxRows int, out Output) (tag string, suspended bool, err error) {
	first := !p.ran
	if p.failed || p.done && p.cols == nil {
		return "", false, errPortalDone(p.name)
	}
	defer func() {
		if err != nil {
			p.fail()
		}
	}()
	if first {
		if err := s.target(ctx, p); err != nil {
			return "", false, err
		}
	}
	p.ran = true
	if !isPlanned(p.stmt.stmt.Node) {
		return s.runUtility(ctx, p, first, maxRows, out)
	}
	if first {
		if err := s.start(ctx, p); err != nil {
			return "", false, err
		}
	}
	if p.op == nil {
		return s.hand(p, maxRows, out)
	}
	p.x.Ctx, p.x.Eval.Context = ctx, ctx
	if p.plan.Writes != nil && maxRows > 0 {
		// What a statement changes does not depend on how many of its rows the client takes at a time.
		var rows [][]datum.Datum
		if _, _, err := s.deliver(p, 0, collect(&rows)); err != nil {
			return "", false, err
		}
		s.complete(p, 0)
		p.rows, p.done = rows, false
		return s.hand(p, maxRows, out)
	}
	emit := func(row []datum.Datum) error { return out.Row(p.cols, row) }
	n, more, err := s.deliver(p, maxRows, emit)
	if err != nil && first && n == 0 && p.plan.Writes == nil && lostMethod(err) {
		// The access method went away between planning and reading: plan again without it.
		p.close()
		p.stmt.plan = nil
		if err = s.start(ctx, p); err == nil {
			n, more, err = s.deliver(p, maxRows, emit)
		}
	}
	p.position += int64(n)
	if err != nil {
		return "", false, err
	}
	if more {
		return "", true, nil
	}
	s.complete(p, n)
	return p.tag, false, nil
}

// complete ends a planned statement that has delivered its last row; n is what the tag of a SELECT counts.
func (s *Session) complete(p *portal, n int) {
	p.done = true
	affected, writes := p.x.Affected, p.plan.Writes != nil
	p.close()
	if writes {
		s.tx.txn.NextCommand()
	}
	p.tag = planTag(p.plan.Command, n, affected)
}

// hand delivers rows that have been computed before. A statement that has none left says so again as often as it is asked.
func (s *Session) hand(p *portal, maxRows int, out Output) (tag string, suspended bool, err error) {
	n := len(p.rows)
	if maxRows > 0 && n > maxRows {
		n = maxRows
	}
	for _, row := range p.rows[:n] {
		if err := out.Row(p.cols, row); err != nil {
			return "", false, err
		}
	}
	p.position += int64(n)
	if p.rows = p.rows[n:]; len(p.rows) > 0 || maxRows > 0 && n == maxRows {
		return "", true, nil
	}
	p.done = true
	if p.plan != nil && p.plan.Command == plan.Select {
		return planTag(plan.Select, n, 0), false, nil
	}
	return p.tag, false, nil
}

// errPortalDone is for a statement without an answer that is to run again.
func errPortalDone(name string) error {
	return pgerr.New(pgerr.ObjectNotInPrerequisiteState, `portal "%s" cannot be run`, name)
}

func planTag(c plan.Command, rows int, affected int64) string {
	switch c {
	case plan.Insert:
		return "INSERT 0 " + strconv.FormatInt(affected, 10)
	case plan.Update:
		return "UPDATE " + strconv.FormatInt(affected, 10)
	case plan.Delete:
		return "DELETE " + strconv.FormatInt(affected, 10)
	}
	return "SELECT " + strconv.Itoa(rows)
}

// deliver hands rows to emit as they are computed.
func (s *Session) deliver(p *portal, maxRows int, emit func([]datum.Datum) error) (n int, more bool, err error) {
	width := len(p.cols)
	for maxRows == 0 || n < maxRows {
		row, err := p.op.Next()
		if err != nil {
			return n, false, err
		}
		if row == nil {
			return n, false, nil
		}
		if err := emit(row[:width]); err != nil {
			return n, false, err
		}
		n++
	}
	return n, true, nil
}

// resultColumns applies the result formats of a Bind.
func resultColumns(cols []Column, formats []int16) ([]Column, error) {
	if len(formats) > 1 && len(formats) != len(cols) {
		return nil, pgerr.New(pgerr.ProtocolViolation, "bind message has %d result formats but query has %d columns", len(formats), len(cols))
	}
	out := append([]Column(nil), cols...)
	for i := range out {
		f := int16(0)
		switch {
		case len(formats) == 1:
			f = formats[0]
		case len(formats) > 1:
			f = formats[i]
		}
		if f != 0 && f != 1 {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "unsupported format code: %d", f)
		}
		out[i].Format = f
	}
	return out, nil
}
