package exec

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/plan"
)

// functionScan reads a set-returning function.
type functionScan struct {
	x     *Context
	node  *plan.FunctionScan
	stats *Stats
	out   projector
	tick  ticker
	next  expr.SetIterator
	row   [2]datum.Datum
}

func (s *functionScan) Open() error {
	s.row[1].I = 0
	s.tick = ticker{ctx: s.x.Ctx}
	args := make([]datum.Datum, len(s.node.Args))
	for i, a := range s.node.Args {
		v, err := a.Eval(s.x.Eval, nil)
		if err != nil {
			return err
		}
		args[i] = v
	}
	if s.node.Set == nil {
		done := false
		s.next = func() (datum.Datum, bool, error) {
			first := !done
			done = true
			return args[0], first, nil
		}
		return nil
	}
	if s.node.Set.Strict {
		for i := range args {
			if args[i].Null { // a strict function of NULL has no rows
				s.next = func() (datum.Datum, bool, error) { return datum.Datum{}, false, nil }
				return nil
			}
		}
	}
	var err error
	s.next, err = s.node.Set.Set(s.x.Eval, args)
	return err
}

func (s *functionScan) Next() (Row, error) {
	for {
		v, ok, err := s.next()
		if err != nil || !ok {
			return nil, err
		}
		if err := s.tick.tick(); err != nil {
			return nil, err
		}
		s.row[0] = v
		s.row[1].I++ // ordinality
		row := s.row[:1]
		if s.node.Ordinality {
			row = s.row[:]
		}
		ok, err = s.x.passes(s.node.Filter, row)
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
