package session

import (
	"context"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/sequence"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/plan"
)

// taken is what a session remembers of a sequence that it took values from: the last one, and those that it has in hand (CACHE).
type taken struct {
	rel  page.RelFileNumber // another file is another sequence
	last int64
	in   int64 // how many values after last are in hand
	step int64
}

// registerSequences adds nextval and its kin.
func (db *DB) registerSequences() {
	next := fn("nextval", datum.Int8, expr.Volatile, datum.Regclass)
	next.Eval1 = func(ec *expr.EvalCtx, a datum.Datum) (datum.Datum, error) {
		v, err := of(ec).nextval(ec.Context, uint32(a.I))
		return datum.NewInt(v), err
	}
	curr := fn("currval", datum.Int8, expr.Volatile, datum.Regclass)
	curr.Eval1 = func(ec *expr.EvalCtx, a datum.Datum) (datum.Datum, error) {
		s := of(ec)
		q, err := s.sequence(ec.Context, uint32(a.I), lock.AccessShare)
		if err != nil {
			return datum.Datum{}, err
		}
		if err := s.permitSequence(q, "Ur"); err != nil {
			return datum.Datum{}, err
		}
		if t := s.sequences[q.OID]; t != nil && t.rel == q.Rel {
			return datum.NewInt(t.last), nil
		}
		return datum.Datum{}, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "currval of sequence %q is not yet defined in this session", q.Name)
	}
	last := fn("lastval", datum.Int8, expr.Volatile)
	last.Eval0 = func(ec *expr.EvalCtx) (datum.Datum, error) {
		s := of(ec)
		if t := s.sequences[s.lastSequence]; t != nil {
			if cat, err := s.catalog(); err != nil {
				return datum.Datum{}, err
			} else if cat.SequenceByOID(s.lastSequence) != nil {
				return datum.NewInt(t.last), nil
			}
		}
		return datum.Datum{}, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "lastval is not yet defined in this session")
	}
	set2 := fn("setval", datum.Int8, expr.Volatile, datum.Regclass, datum.Int8)
	set2.Eval2 = func(ec *expr.EvalCtx, a, b datum.Datum) (datum.Datum, error) {
		return b, of(ec).setval(ec.Context, uint32(a.I), b.I, true)
	}
	set3 := fn("setval", datum.Int8, expr.Volatile, datum.Regclass, datum.Int8, datum.Bool)
	set3.Eval = func(ec *expr.EvalCtx, args []datum.Datum) (datum.Datum, error) {
		return args[1], of(ec).setval(ec.Context, uint32(args[0].I), args[1].I, args[2].Bool())
	}
	db.registry.Register(next, curr, last, set2, set3)
}

// sequence locks a sequence and returns its definition.
func (s *Session) sequence(ctx context.Context, oid uint32, mode lock.Mode) (*catalog.Sequence, error) {
	cat, err := s.db.cat.Current(s.tx.txn)
	if err != nil {
		return nil, err
	}
	if cat.SequenceByOID(oid) == nil {
		if _, r, ok, err := s.relation(oid); err != nil || ok {
			return nil, pgerr.New(pgerr.WrongObjectType, `"%s" is not a sequence`, r.name).Because(err)
		}
		return nil, pgerr.New(pgerr.UndefinedTable, "could not open relation with OID %d", oid)
	}
	q, _, err := s.db.cat.LockSequence(ctx, s.tx.txn, oid, mode)
	return q, err
}

// nextval takes the next value of a sequence for this session. It waits for nobody but a running ALTER or DROP of the sequence.
func (s *Session) nextval(ctx context.Context, oid uint32) (int64, error) {
	q, err := s.sequence(ctx, oid, lock.RowExclusive)
	if err != nil {
		return 0, err
	}
	if err := s.permitSequence(q, "Uw"); err != nil {
		return 0, err
	}
	if err := s.checkWritable("nextval()"); err != nil {
		return 0, err
	}
	t := s.sequences[oid]
	if t == nil || t.rel != q.Rel {
		t = &taken{rel: q.Rel}
	}
	if t.in > 0 {
		t.last, t.in = t.last+t.step, t.in-1
	} else {
		rule := sequence.Rule{Increment: q.Increment, Min: q.Min, Max: q.Max, Cycle: q.Cycle}
		first, last, err := s.db.eng.Sequences.Take(s.tx.txn, q.Rel, q.Name, rule, q.Cache)
		if err != nil {
			return 0, err
		}
		*t = taken{rel: q.Rel, last: first, in: (last - first) / q.Increment, step: q.Increment}
	}
	if s.sequences == nil {
		s.sequences = map[uint32]*taken{}
	}
	s.sequences[oid], s.lastSequence = t, oid
	return t.last, nil
}

func (s *Session) setval(ctx context.Context, oid uint32, v int64, called bool) error {
	q, err := s.sequence(ctx, oid, lock.RowExclusive)
	if err != nil {
		return err
	}
	if err := s.permitSequence(q, "w"); err != nil {
		return err
	}
	if err := s.checkWritable("setval()"); err != nil {
		return err
	}
	if v < q.Min || v > q.Max {
		return pgerr.New(pgerr.NumericValueOutOfRange, "setval: value %d is out of bounds for sequence %q (%d..%d)", v, q.Name, q.Min, q.Max)
	}
	if err := s.db.eng.Sequences.Set(s.tx.txn, q.Rel, sequence.Standing{Last: v, Called: called}); err != nil {
		return err
	}
	if t := s.sequences[oid]; t != nil {
		t.in = 0
	}
	if called {
		if s.sequences == nil {
			s.sequences = map[uint32]*taken{}
		}
		s.sequences[oid] = &taken{rel: q.Rel, last: v}
	}
	return nil
}

// discardSequences forgets what was taken, for DISCARD SEQUENCES.
func (s *Session) discardSequences() { s.sequences, s.lastSequence = nil, 0 }

// sequenceTable shows a sequence to the planner: one row that says where it stands.
func sequenceTable(q *catalog.Sequence) *plan.Table {
	t := &plan.Table{OID: q.OID, Schema: "public", Name: q.Name, Tuples: 1}
	var row datum.RowType
	for _, c := range []struct {
		name string
		oid  datum.OID
	}{{"last_value", datum.Int8}, {"log_cnt", datum.Int8}, {"is_called", datum.Bool}} {
		typ := datum.Type{OID: c.oid, Mod: -1}
		t.Columns = append(t.Columns, plan.TableColumn{Name: c.name, Type: typ, NotNull: true})
		row = append(row, typ)
	}
	t.Row = &datum.TableRow{RowType: row}
	t.View = &plan.View{Name: q.Name, Rows: func(ctx context.Context, ec *expr.EvalCtx) ([][]datum.Datum, error) {
		s := of(ec)
		q, err := s.sequence(ctx, q.OID, lock.AccessShare)
		if err != nil {
			return nil, err
		}
		if err := s.permitSequence(q, "r"); err != nil {
			return nil, err
		}
		at, err := s.db.eng.Sequences.Read(q.Rel)
		return [][]datum.Datum{{datum.NewInt(at.Last), datum.NewInt(at.Ahead), datum.NewBool(at.Called)}}, err
	}}
	return t
}
