package session

import (
	"context"
	"strings"
	"time"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/exec"
	"github.com/quiredb/quire/sql/parse"
	"github.com/quiredb/quire/sql/plan"
)

// explainOptions reads the options of EXPLAIN.
func explainOptions(list []*pg_query.Node) (exec.ExplainOptions, error) {
	o := exec.ExplainOptions{Costs: true}
	timing, summary := -1, -1
	for _, n := range list {
		d := n.GetDefElem()
		if d.Defname == "format" {
			text, _ := optionText(d.Arg)
			switch strings.ToLower(text) {
			case "text":
			case "json":
				o.JSON = true
			default:
				return o, unsupported("EXPLAIN (FORMAT " + strings.ToUpper(text) + ")")
			}
			continue
		}
		on, err := optionBool(d)
		if err != nil {
			return o, err
		}
		switch d.Defname {
		case "analyze":
			o.Analyze = on
		case "verbose":
			o.Verbose = on
		case "costs":
			o.Costs = on
		case "buffers":
			o.Buffers = on
		case "timing":
			timing = b2i(on)
		case "summary":
			summary = b2i(on)
		case "settings", "wal":
			if on {
				return o, unsupported("EXPLAIN (" + strings.ToUpper(d.Defname) + ")")
			}
		default:
			return o, pgerr.New(pgerr.SyntaxError, `unrecognized EXPLAIN option "%s"`, d.Defname)
		}
	}
	if timing == 1 && !o.Analyze {
		return o, pgerr.New(pgerr.InvalidParameterValue, "EXPLAIN option TIMING requires ANALYZE")
	}
	o.Timing = timing != 0 && o.Analyze
	o.Summary = summary == 1 || summary == -1 && o.Analyze
	return o, nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// explain runs EXPLAIN.
func (s *Session) explain(ctx context.Context, stmt parse.Statement, st *pg_query.ExplainStmt, p *portal) ([][]datum.Datum, error) {
	o, err := explainOptions(st.Options)
	if err != nil {
		return nil, err
	}
	inner, params := s.inner(p.stmt, st.Query), p.params
	if ex := st.Query.GetExecuteStmt(); ex != nil {
		if inner, params, err = s.executed(ctx, stmt, ex); err != nil {
			return nil, err
		}
	}
	if !isPlanned(inner.stmt.Node) {
		return nil, unsupported("EXPLAIN of " + statementName(st.Query))
	}
	if name := commandName(inner.stmt.Node); o.Analyze && name != "SELECT" {
		if err := s.checkWritable(name); err != nil {
			return nil, err
		}
	}
	start, before := time.Now(), s.db.buffers()
	pl, err := s.permitted(ctx, inner)
	if err != nil {
		return nil, err
	}
	x := &exec.Explained{Plan: pl, Options: o, Planning: time.Since(start), PlanningBuffers: s.db.buffers().Minus(before)}
	if o.Analyze {
		if err := s.explainRun(ctx, params, pl, x); err != nil {
			return nil, err
		}
	}
	var rows [][]datum.Datum
	for _, line := range x.Lines() {
		rows = append(rows, []datum.Datum{datum.NewText(line)})
	}
	return rows, nil
}

// explainRun executes the plan under measurement.
func (s *Session) explainRun(ctx context.Context, params []datum.Datum, pl *plan.Plan, x *exec.Explained) error {
	x.Instruments = &exec.Instruments{Nodes: map[plan.Node]*exec.Stats{}, Timing: x.Options.Timing}
	if x.Options.Buffers {
		x.Instruments.Buffers = s.db.buffers
	}
	start := time.Now()
	ec := s.execContext(ctx, params)
	ec.Instruments = x.Instruments
	defer ec.Snapshot.Release()
	op := exec.Start(ec, pl)
	defer op.Close()
	if err := op.Open(); err != nil {
		return err
	}
	for {
		row, err := op.Next()
		if err != nil {
			return err
		}
		if row == nil {
			break
		}
	}
	x.Execution = time.Since(start)
	if pl.Writes != nil {
		s.tx.txn.NextCommand()
	}
	return nil
}

// buffers counts the page accesses of the whole server so far: with other sessions at work, a measurement includes theirs.
func (db *DB) buffers() exec.Buffers {
	st := db.eng.Pool.Stats()
	return exec.Buffers{Hit: int64(st.Hits), Read: int64(st.Reads)}
}
