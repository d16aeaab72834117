package exec

import (
	"slices"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/plan"
)

// functionScan reads a set-returning function.
type functionScan struct {
	x       *Context
	node    *plan.FunctionScan
	stats   *Stats
	out     projector
	tick    ticker
	next    []expr.SetIterator // nil once it has come to its end
	row     []datum.Datum
	ordinal int64
}

func (s *functionScan) Open() error {
	s.next, s.row, s.ordinal = s.next[:0], make([]datum.Datum, len(s.node.Sets), len(s.node.Sets)+1), 0
	s.tick = ticker{ctx: s.x.Ctx}
	for _, set := range s.node.Sets {
		next, err := s.x.openSet(set, nil)
		if err != nil {
			return err
		}
		s.next = append(s.next, next)
	}
	return nil
}

// openSet computes the arguments of a call over a row and begins its set, nil for one without rows.
func (x *Context) openSet(set plan.SetCall, row Row) (expr.SetIterator, error) {
	args := make([]datum.Datum, len(set.Args))
	for i, a := range set.Args {
		v, err := a.Eval(x.Eval, row)
		if err != nil {
			return nil, err
		}
		args[i] = v
	}
	if set.Fn == nil {
		done := false
		return func() (datum.Datum, bool, error) {
			first := !done
			done = true
			return args[0], first, nil
		}, nil
	}
	if set.Fn.Strict && slices.ContainsFunc(args, func(d datum.Datum) bool { return d.Null }) {
		return nil, nil // a strict function of NULL has no rows
	}
	return set.Fn.Set(x.Eval, args)
}

func (s *functionScan) Next() (Row, error) {
	for {
		some, err := inStep(s.next, s.row)
		if err != nil || !some {
			return nil, err
		}
		if err := s.tick.tick(); err != nil {
			return nil, err
		}
		s.ordinal++
		row := s.row
		if s.node.Ordinality {
			row = append(row, datum.NewInt(s.ordinal))
		}
		ok, err := s.x.passes(s.node.Filter, row)
		if err != nil {
			return nil, err
		}
		if ok {
			return s.out.apply(row)
		}
		s.stats.Filtered++
	}
}

func (s *functionScan) Close() {}

// inStep takes the next value of each set into row, nulls for those that have ended. It reports whether there was one.
func inStep(sets []expr.SetIterator, row Row) (some bool, err error) {
	for i, next := range sets {
		v, ok := datum.NewNull(), false
		if next != nil {
			if v, ok, err = next(); err != nil {
				return false, err
			}
			if !ok {
				v, sets[i] = datum.NewNull(), nil
			}
		}
		row[i] = v
		some = some || ok
	}
	return some, nil
}

// valuesScan reads a VALUES list.
type valuesScan struct {
	x     *Context
	node  *plan.ValuesScan
	stats *Stats
	out   projector
	tick  ticker
	at    int
	row   Row
}

func newValuesScan(x *Context, n *plan.ValuesScan, stats *Stats) *valuesScan {
	return &valuesScan{x: x, node: n, stats: stats, out: newProjector(x, n.Output), row: make(Row, len(n.Lists[0]))}
}

func (s *valuesScan) Open() error {
	s.at, s.tick = 0, ticker{ctx: s.x.Ctx}
	return nil
}

func (s *valuesScan) Next() (Row, error) {
	for s.at < len(s.node.Lists) {
		if err := s.tick.tick(); err != nil {
			return nil, err
		}
		for i, e := range s.node.Lists[s.at] {
			v, err := e.Eval(s.x.Eval, nil)
			if err != nil {
				return nil, err
			}
			s.row[i] = v
		}
		s.at++
		ok, err := s.x.passes(s.node.Filter, s.row)
		if err != nil {
			return nil, err
		}
		if ok {
			return s.out.apply(s.row)
		}
		s.stats.Filtered++
	}
	return nil, nil
}

func (s *valuesScan) Close() {}

// viewScan reads a system view, whose rows are made when the scan starts.
type viewScan struct {
	x     *Context
	node  *plan.ViewScan
	stats *Stats
	out   projector
	tick  ticker
	rows  []Row
	at    int
}

func (s *viewScan) Open() error {
	rows, known := s.x.views[s.node.View.Name]
	if !known {
		var err error
		if rows, err = s.node.View.Rows(s.x.Ctx, s.x.Eval); err != nil {
			return err
		}
		if s.x.views == nil {
			s.x.views = map[string][]Row{}
		}
		s.x.views[s.node.View.Name] = rows
	}
	s.rows, s.at, s.tick = rows, 0, ticker{ctx: s.x.Ctx}
	return nil
}

func (s *viewScan) Next() (Row, error) {
	for s.at < len(s.rows) {
		row := s.rows[s.at]
		s.at++
		if err := s.tick.tick(); err != nil {
			return nil, err
		}
		ok, err := s.x.passes(s.node.Filter, row)
		if err != nil {
			return nil, err
		}
		if ok {
			return s.out.apply(row)
		}
		s.stats.Filtered++
	}
	return nil, nil
}

func (s *viewScan) Close() { s.rows = nil }

// subqueryScan filters the rows of a query in FROM.
type subqueryScan struct {
	x     *Context
	node  *plan.SubqueryScan
	stats *Stats
	child Operator
	out   projector
}

func (s *subqueryScan) Open() error { return s.child.Open() }

func (s *subqueryScan) Next() (Row, error) {
	for {
		row, err := s.child.Next()
		if err != nil || row == nil {
			return nil, err
		}
		ok, err := s.x.passes(s.node.Filter, row)
		if err != nil {
			return nil, err
		}
		if ok {
			return s.out.apply(row)
		}
		s.stats.Filtered++
	}
}

func (s *subqueryScan) Close() { s.child.Close() }
