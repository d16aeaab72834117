package exec

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/plan"
)

// Start makes the operators of a plan. Closing the answer closes its subqueries, too.
func Start(x *Context, pl *plan.Plan) Operator {
	if len(pl.Subplans) == 0 && pl.Slots == 0 {
		return Build(x, pl.Root)
	}
	x.subs = make([]subquery, len(pl.Subplans))
	for i, s := range pl.Subplans {
		x.subs[i] = subquery{plan: s, from: snapshot{slots: s.Reads}}
	}
	x.Eval.Exec = make([]datum.Datum, pl.Slots)
	x.Eval.Sub = x
	return &statement{Build(x, pl.Root), x}
}

// statement is the root of a plan that has subqueries.
type statement struct {
	Operator
	x *Context
}

func (s *statement) Close() {
	s.Operator.Close()
	for i := range s.x.subs {
		if op := s.x.subs[i].op; op != nil {
			op.Close()
		}
	}
}

// subquery is the state of one subquery in an expression. It is built when it is first asked for, and keeps its answer until one of the
// parameters that it depends on changes.
type subquery struct {
	plan *plan.Subplan
	op   Operator
	from snapshot
	// value answers EXISTS, a scalar subquery or ARRAY; rows or set the others.
	value datum.Datum
	rows  []Row
	whole bool // rows holds all of them
	set   *rowSet
}

// Subquery evaluates a subquery for a row.
func (x *Context) Subquery(call *expr.SubCall, row []datum.Datum) (datum.Datum, error) {
	s := &x.subs[call.ID]
	if s.op == nil {
		s.op = Build(x, s.plan.Root)
	}
	known := s.from.same(x.Eval.Exec) && (!s.plan.Volatile || s.plan.Init)
	var err error
	switch call.Kind {
	case expr.SubAny, expr.SubAll:
		if len(call.Keys) > 0 {
			return x.hashed(s, call, row, known)
		}
		return x.quantified(s, call, row, known)
	case expr.SubExists:
		if !known {
			s.value, err = x.exists(s)
		}
	case expr.SubScalar:
		if !known {
			s.value, err = x.scalar(s)
		}
	case expr.SubArray:
		if !known {
			s.value, err = x.array(s)
		}
	}
	if err != nil {
		return datum.Datum{}, err
	}
	if !known {
		s.from.take(x.Eval.Exec)
	}
	return s.value, nil
}

func (x *Context) exists(s *subquery) (datum.Datum, error) {
	if err := s.op.Open(); err != nil {
		return datum.Datum{}, err
	}
	row, err := s.op.Next()
	return datum.NewBool(row != nil), err
}

func (x *Context) scalar(s *subquery) (datum.Datum, error) {
	if err := s.op.Open(); err != nil {
		return datum.Datum{}, err
	}
	row, err := s.op.Next()
	if err != nil || row == nil {
		return datum.Datum{Null: true}, err
	}
	value := row[0].Clone()
	if row, err = s.op.Next(); err != nil {
		return value, err
	}
	if row != nil {
		return value, pgerr.New(pgerr.CardinalityViolation, "more than one row returned by a subquery used as an expression")
	}
	return value, nil
}

func (x *Context) array(s *subquery) (datum.Datum, error) {
	var list []datum.Datum
	err := x.each(s, func(row Row) (bool, error) {
		list = append(list, row[0].Clone())
		return true, nil
	})
	return datum.NewArray(s.plan.Types[0], list), err
}

// each runs the subquery and calls visit for its rows until that says to stop.
func (x *Context) each(s *subquery, visit func(Row) (bool, error)) error {
	if err := s.op.Open(); err != nil {
		return err
	}
	tick := ticker{ctx: x.Ctx}
	for {
		row, err := s.op.Next()
		if err != nil || row == nil {
			return err
		}
		if err := tick.tick(); err != nil {
			return err
		}
		if more, err := visit(row); err != nil || !more {
			return err
		}
	}
}

// quantified tests row against the rows of the subquery, which are kept while they fit work_mem.
func (x *Context) quantified(s *subquery, call *expr.SubCall, row []datum.Datum, known bool) (datum.Datum, error) {
	all, null, decided := call.Kind == expr.SubAll, false, false
	test := func(sub Row) (bool, error) {
		d, err := x.Eval.WithSubRow(call.Compare, row, sub)
		if err != nil {
			return false, err
		}
		null = null || d.Null
		decided = !d.Null && (d.I != 0) != all
		return !decided, nil
	}
	if known && s.whole {
		for _, sub := range s.rows {
			if more, err := test(sub); err != nil {
				return datum.Datum{}, err
			} else if !more {
				break
			}
		}
	} else {
		s.rows, s.whole = s.rows[:0], false
		keep, bytes := !s.plan.Volatile, int64(0)
		s.from.take(x.Eval.Exec)
		err := x.each(s, func(sub Row) (bool, error) {
			if keep {
				s.rows = append(s.rows, cloneRow(sub))
				if bytes += rowBytes(sub); bytes > x.WorkMem {
					keep, s.rows = false, nil
				}
			}
			if decided {
				return keep, nil
			}
			more, err := test(sub)
			return more || keep && len(s.plan.Reads) == 0, err
		})
		if err != nil {
			return datum.Datum{}, err
		}
		s.whole = keep && (!decided || len(s.plan.Reads) == 0)
	}
	switch {
	case decided:
		return datum.NewBool(!all), nil
	case null:
		return datum.Datum{Null: true}, nil
	}
	return datum.NewBool(all), nil
}

// hashed looks row up among the rows of the subquery.
func (x *Context) hashed(s *subquery, call *expr.SubCall, row []datum.Datum, known bool) (datum.Datum, error) {
	if !known || s.set == nil {
		s.set = &rowSet{types: call.HashTypes, heads: map[uint64]int32{}}
		err := x.each(s, func(sub Row) (bool, error) {
			keys := make(Row, len(call.ColEvals))
			for i, eval := range call.ColEvals {
				d, err := x.Eval.WithSubRow(eval, nil, sub)
				if err != nil {
					return false, err
				}
				keys[i] = d.Clone()
			}
			s.set.add(keys)
			return true, nil
		})
		if err != nil {
			s.set = nil
			return datum.Datum{}, err
		}
		s.from.take(x.Eval.Exec)
	}
	keys := make(Row, len(call.KeyEvals))
	for i, eval := range call.KeyEvals {
		d, err := eval(x.Eval, row)
		if err != nil {
			return d, err
		}
		keys[i] = d
	}
	return s.set.contains(keys), nil
}

// rowSet is a set of rows with SQL's rules for nulls.
type rowSet struct {
	types []datum.OID
	rows  []setRow
	heads map[uint64]int32
	nulls []Row // those with a null somewhere
}

type setRow struct {
	keys Row
	next int32
}

func (s *rowSet) hash(keys Row) (hash uint64, null bool) {
	for i, k := range keys {
		hash = hash*0x9E3779B97F4A7C15 + datum.Hash(s.types[i], k)
		null = null || k.Null
	}
	return hash, null
}

func (s *rowSet) add(keys Row) {
	h, null := s.hash(keys)
	if null {
		s.nulls = append(s.nulls, keys)
		return
	}
	head, ok := s.heads[h]
	if !ok {
		head = -1
	}
	for i := head; i >= 0; i = s.rows[i].next {
		if s.compare(s.rows[i].keys, keys) == 0 {
			return
		}
	}
	s.rows = append(s.rows, setRow{keys, head})
	s.heads[h] = int32(len(s.rows) - 1)
}

// compare is 0 for equal rows, 1 for rows that differ, and -1 if nulls leave it open.
func (s *rowSet) compare(a, b Row) int {
	open := false
	for i := range a {
		switch {
		case a[i].Null || b[i].Null:
			open = true
		case datum.Compare(s.types[i], a[i], b[i]) != 0:
			return 1
		}
	}
	if open {
		return -1
	}
	return 0
}

// contains answers keys IN (rows).
func (s *rowSet) contains(keys Row) datum.Datum {
	h, null := s.hash(keys)
	if !null {
		if head, ok := s.heads[h]; ok {
			for i := head; i >= 0; i = s.rows[i].next {
				if s.compare(s.rows[i].keys, keys) == 0 {
					return datum.NewBool(true)
				}
			}
		}
	} else {
		for i := range s.rows {
			if s.compare(s.rows[i].keys, keys) < 0 {
				return datum.Datum{Null: true}
			}
		}
	}
	for _, row := range s.nulls {
		if s.compare(row, keys) < 0 {
			return datum.Datum{Null: true}
		}
	}
	return datum.NewBool(false)
}
