package crashtest

import (
	"fmt"
	"slices"
)

// A run is a history on its way through a node.
type run struct {
	node *node
	*ledger
	pending   [sessions][]effect
	saved     [sessions][]int // how many effects were pending at each savepoint
	inBlock   [sessions]bool
	noIndexes bool                    // leaves CREATE INDEX and DROP INDEX out
	after     func(step) error        // runs after each statement; may be nil
	failed    func(step, error) error // decides about a statement's error; nil: it ends the run
}

func newRun(x *node) *run { return &run{node: x, ledger: newLedger()} }

// play runs the steps.
func (r *run) play(steps []step) error {
	for i, st := range steps {
		if r.noIndexes && st.kind == index {
			continue
		}
		if err := r.step(st); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
		if r.after != nil {
			if err := r.after(st); err != nil {
				return fmt.Errorf("after step %d, session %d: %s: %w", i, st.session, st.sql, err)
			}
		}
	}
	return nil
}

// step runs one statement. A commit enters the ledger before it is tried, and is acknowledged when it returned.
func (r *run) step(st step) error {
	if st.kind == flush {
		err := r.node.engine.WAL.Step(ctx)
		if err != nil && r.failed != nil {
			return r.failed(st, err)
		}
		return err
	}
	var committing []effect
	switch {
	case st.kind == begin:
		r.inBlock[st.session] = true
	case st.kind == commit:
		committing, r.pending[st.session], r.saved[st.session], r.inBlock[st.session] = r.pending[st.session], nil, nil, false
	case st.kind == rollback:
		r.pending[st.session], r.saved[st.session], r.inBlock[st.session] = nil, nil, false
	case st.kind == savepoint:
		r.saved[st.session] = append(r.saved[st.session], len(r.pending[st.session]))
	case st.kind == rollbackTo:
		saved := r.saved[st.session][:st.level]
		r.saved[st.session], r.pending[st.session] = saved, r.pending[st.session][:saved[st.level-1]]
	case st.kind == release:
		r.saved[st.session] = r.saved[st.session][:st.level-1]
	case st.effect != nil && r.inBlock[st.session]:
		r.pending[st.session] = append(r.pending[st.session], st.effect)
	case st.effect != nil:
		committing = []effect{st.effect}
	}
	counts := committing != nil && r.attempt(committing)
	rows, err := r.node.query(st.session, st.sql)
	if err != nil {
		if r.failed != nil {
			return r.failed(st, err)
		}
		return err
	}
	if counts && !st.async {
		r.acknowledge()
	}
	if st.kind == ask {
		slices.Sort(rows)
		if !slices.Equal(rows, st.want) {
			return fmt.Errorf("session %d: %s\nanswer: %q\nmodel:  %q", st.session, st.sql, rows, st.want)
		}
	}
	return nil
}
