package session

import (
	"context"
	"strconv"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/exec"
	"github.com/quiredb/quire/sql/plan"
)

// portal is a statement with its parameters, running or about to.
type portal struct {
	stmt    *prepared
	params  []datum.Datum
	formats []int16 // of the result, as Bind gave them
	cols    []Column

	// While it runs:
	plan *plan.Plan
	x    *exec.Context
	op   exec.Operator
	rows [][]datum.Datum // of a utility statement that answers with rows
	tag  string          // of such a statement
	ran  bool
	done bool
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
	pl, err := s.ready(ctx, st)
	if err != nil {
		return err
	}
	return s.open(ctx, p, pl)
}

// open builds the operators of a plan and opens them under a fresh snapshot.
func (s *Session) open(ctx context.Context, p *portal, pl *plan.Plan) error {
	p.plan = pl
	p.x = s.execContext(ctx, p.params)
	p.op = exec.Build(p.x, pl.Root)
	return p.op.Open()
}

// execContext is what one execution works with; the snapshot is taken here.
func (s *Session) execContext(ctx context.Context, params []datum.Datum) *exec.Context {
	s.tx.used = true
	return &exec.Context{
		Ctx: ctx, Eval: s.evalContext(ctx, params), Txn: s.tx.txn, Snapshot: s.tx.txn.Snapshot(),
		Heap: s.db.eng.Heap, Temp: s.db.temp, WorkMem: s.settings.Bytes("work_mem"),
	}
}

// run delivers up to maxRows rows (0: all) of a portal. It returns the command tag, or suspended if there may be more.
func (s *Session) run(ctx context.Context, p *portal, maxRows int, out Output) (tag string, suspended bool, err error) {
	if p.done {
		return "", false, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "portal cannot be run anymore")
	}
	first := !p.ran
	p.ran = true
	if !isPlanned(p.stmt.stmt.Node) {
		return s.runUtility(ctx, p, first, maxRows, out)
	}
	if first {
		if err := s.start(ctx, p); err != nil {
			return "", false, err
		}
	}
	p.x.Ctx, p.x.Eval.Context = ctx, ctx
	n, more, err := s.deliver(p, maxRows, out)
	if err != nil && first && n == 0 && p.plan.Writes == nil && lostMethod(err) {
		// The access method went away between planning and reading: plan again without it.
		p.close()
		p.stmt.plan = nil
		if err = s.start(ctx, p); err == nil {
			n, more, err = s.deliver(p, maxRows, out)
		}
	}
	if err != nil {
		return "", false, err
	}
	if more {
		return "", true, nil
	}
	p.done = true
	affected, writes := p.x.Affected, p.plan.Writes != nil
	p.close()
	if writes {
		s.tx.txn.NextCommand()
	}
	return planTag(p.plan.Command, n, affected), false, nil
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

// deliver hands rows to the client.
func (s *Session) deliver(p *portal, maxRows int, out Output) (n int, more bool, err error) {
	width := len(p.cols)
	for maxRows == 0 || n < maxRows {
		row, err := p.op.Next()
		if err != nil {
			return n, false, err
		}
		if row == nil {
			return n, false, nil
		}
		if err := out.Row(p.cols, row[:width]); err != nil {
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
