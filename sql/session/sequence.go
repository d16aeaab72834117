package session

import (
	"context"
	"math"
	"strconv"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/sequence"
	"github.com/quiredb/quire/sql/parse"
	"github.com/quiredb/quire/sql/plan"
)

func (s *Session) createSequence(ctx context.Context, stmt parse.Statement, st *pg_query.CreateSeqStmt) error {
	switch st.Sequence.Relpersistence {
	case "t":
		return unsupported("a temporary sequence")
	case "u":
		return unsupported("an unlogged sequence")
	}
	if err := public(st.Sequence); err != nil {
		return err
	}
	cat, err := s.db.cat.Current(s.tx.txn)
	if err != nil {
		return err
	}
	def := newSequence(datum.TruncateName(st.Sequence.Relname), s.user())
	if st.IfNotExists && cat.HasRelation(def.Name) {
		s.notice(pgerr.Notice(pgerr.DuplicateTable, `relation "%s" already exists, skipping`, def.Name))
		return nil
	}
	at, err := s.sequenceOptions(stmt, cat, def, st.Options, true)
	if err != nil {
		return err
	}
	return s.storeSequence(ctx, def, at)
}

// newSequence is a bigint sequence from 1 upwards.
func newSequence(name, owner string) *catalog.Sequence {
	return &catalog.Sequence{Name: name, Owner: owner, Type: datum.Int8, Increment: 1, Cache: 1}
}

// storeSequence creates a sequence whose definition is complete.
func (s *Session) storeSequence(ctx context.Context, def *catalog.Sequence, at sequence.Standing) error {
	if err := s.db.cat.CreateSequence(ctx, s.tx.txn, def); err != nil {
		return err
	}
	return s.db.eng.Sequences.Create(s.tx.txn, def.Rel, at)
}

// sequenceBounds are the least and the greatest value of an integer type.
func sequenceBounds(t datum.OID) (least, greatest int64) {
	switch t {
	case datum.Int2:
		return math.MinInt16, math.MaxInt16
	case datum.Int4:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// sequenceOptions applies the options of CREATE or ALTER SEQUENCE to def. It returns where a new sequence begins, or where RESTART would
// put an old one.
func (s *Session) sequenceOptions(stmt parse.Statement, cat *catalog.Catalog, def *catalog.Sequence, options []*pg_query.Node, creating bool) (sequence.Standing, error) {
	at := parse.NewLocator(stmt.Query)
	given := map[string]*pg_query.DefElem{}
	for _, n := range options {
		d := n.GetDefElem()
		if given[d.Defname] != nil {
			return sequence.Standing{}, pgerr.New(pgerr.SyntaxError, "conflicting or redundant options").At(at.At(d.Location))
		}
		given[d.Defname] = d
	}
	number := func(name string) (v int64, ok bool, err error) {
		d := given[name]
		if d == nil || d.Arg == nil {
			return 0, false, nil
		}
		text, _ := optionText(d.Arg)
		if v, err = strconv.ParseInt(text, 10, 64); err != nil {
			return 0, false, pgerr.New(pgerr.NumericValueOutOfRange, `value "%s" is out of range for type bigint`, text)
		}
		return v, true, nil
	}
	oldType := def.Type
	if d := given["as"]; d != nil {
		t, err := plan.TypeOf(s.planEnv(&source{s: s, cat: cat}), stmt.Query, d.Arg.GetTypeName())
		if err != nil {
			return sequence.Standing{}, err
		}
		if !datum.MustLookup(t.OID).IsInteger() {
			return sequence.Standing{}, pgerr.New(pgerr.InvalidParameterValue, "sequence type must be smallint, integer, or bigint").At(at.At(d.Location))
		}
		def.Type = t.OID
	}
	if v, ok, err := number("increment"); err != nil {
		return sequence.Standing{}, err
	} else if ok {
		if def.Increment = v; v == 0 {
			return sequence.Standing{}, pgerr.New(pgerr.InvalidParameterValue, "INCREMENT must not be zero")
		}
	}
	if d := given["cycle"]; d != nil {
		def.Cycle = d.Arg.GetBoolean().GetBoolval()
	}
	if err := bounds(def, oldType, creating, given, number); err != nil {
		return sequence.Standing{}, err
	}
	begin, err := startAndRestart(def, creating, given, number)
	if err != nil {
		return sequence.Standing{}, err
	}
	if v, ok, err := number("cache"); err != nil {
		return sequence.Standing{}, err
	} else if ok {
		if def.Cache = v; v <= 0 {
			return sequence.Standing{}, pgerr.New(pgerr.InvalidParameterValue, "CACHE (%d) must be greater than zero", v)
		}
	}
	if d := given["owned_by"]; d != nil {
		if err := s.ownedBy(cat, def, d); err != nil {
			return sequence.Standing{}, err
		}
	}
	return begin, nil
}

// bounds applies MINVALUE and MAXVALUE. A new type moves bounds that were those of the old one.
func bounds(def *catalog.Sequence, oldType datum.OID, creating bool, given map[string]*pg_query.DefElem, number func(string) (int64, bool, error)) error {
	least, greatest := sequenceBounds(def.Type)
	oldLeast, oldGreatest := sequenceBounds(oldType)
	high, ok, err := number("maxvalue")
	switch retyped := def.Type != oldType && def.Max == oldGreatest; {
	case err != nil:
		return err
	case ok:
		def.Max = high
	case (creating || given["maxvalue"] != nil || retyped) && def.Increment > 0, retyped:
		def.Max = greatest
	case creating || given["maxvalue"] != nil:
		def.Max = -1
	}
	low, ok, err := number("minvalue")
	switch retyped := def.Type != oldType && def.Min == oldLeast; {
	case err != nil:
		return err
	case ok:
		def.Min = low
	case (creating || given["minvalue"] != nil || retyped) && def.Increment < 0, retyped:
		def.Min = least
	case creating || given["minvalue"] != nil:
		def.Min = 1
	}
	name := datum.MustLookup(def.Type).SQLName
	switch {
	case def.Max < least || def.Max > greatest:
		return pgerr.New(pgerr.InvalidParameterValue, "MAXVALUE (%d) is out of range for sequence data type %s", def.Max, name)
	case def.Min < least || def.Min > greatest:
		return pgerr.New(pgerr.InvalidParameterValue, "MINVALUE (%d) is out of range for sequence data type %s", def.Min, name)
	case def.Min >= def.Max:
		return pgerr.New(pgerr.InvalidParameterValue, "MINVALUE (%d) must be less than MAXVALUE (%d)", def.Min, def.Max)
	}
	return nil
}

// startAndRestart applies START and RESTART, and returns the standing that they ask for.
func startAndRestart(def *catalog.Sequence, creating bool, given map[string]*pg_query.DefElem, number func(string) (int64, bool, error)) (sequence.Standing, error) {
	within := func(what string, v int64) error {
		switch {
		case v < def.Min:
			return pgerr.New(pgerr.InvalidParameterValue, "%s value (%d) cannot be less than MINVALUE (%d)", what, v, def.Min)
		case v > def.Max:
			return pgerr.New(pgerr.InvalidParameterValue, "%s value (%d) cannot be greater than MAXVALUE (%d)", what, v, def.Max)
		}
		return nil
	}
	v, ok, err := number("start")
	switch {
	case err != nil:
		return sequence.Standing{}, err
	case ok:
		def.Start = v
	case creating && def.Increment > 0:
		def.Start = def.Min
	case creating:
		def.Start = def.Max
	}
	if err := within("START", def.Start); err != nil {
		return sequence.Standing{}, err
	}
	begin := def.Start
	if v, ok, err := number("restart"); err != nil {
		return sequence.Standing{}, err
	} else if ok {
		begin = v
	}
	return sequence.Standing{Last: begin}, within("RESTART", begin)
}

// ownedBy applies OWNED BY.
func (s *Session) ownedBy(cat *catalog.Catalog, def *catalog.Sequence, d *pg_query.DefElem) error {
	parts := names(d.Arg.GetList().GetItems())
	if len(parts) == 1 {
		if parts[0] != "none" {
			return pgerr.New(pgerr.SyntaxError, "invalid OWNED BY option").WithHint("Specify OWNED BY table.column or OWNED BY NONE.")
		}
		def.OwnedBy = catalog.ColumnRef{}
		return nil
	}
	table, column := parts[len(parts)-2], parts[len(parts)-1]
	t := cat.Table(table)
	if t == nil {
		return pgerr.New(pgerr.UndefinedTable, `relation "%s" does not exist`, table)
	}
	if t.Owner != def.Owner {
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "sequence must have same owner as table it is linked to")
	}
	attr := t.ColumnIndex(column)
	if attr < 0 {
		return pgerr.New(pgerr.UndefinedColumn, `column "%s" of relation "%s" does not exist`, column, table)
	}
	def.OwnedBy = catalog.ColumnRef{Table: t.OID, Column: attr}
	return nil
}

// findSequence looks a sequence up by name.
func findSequence(cat *catalog.Catalog, name string) (*catalog.Sequence, error) {
	if q := cat.Sequence(name); q != nil {
		return q, nil
	}
	if cat.HasRelation(name) {
		return nil, pgerr.New(pgerr.WrongObjectType, `"%s" is not a sequence`, name)
	}
	return nil, pgerr.New(pgerr.UndefinedTable, `relation "%s" does not exist`, name)
}

func (s *Session) alterSequence(ctx context.Context, stmt parse.Statement, st *pg_query.AlterSeqStmt) error {
	if err := public(st.Sequence); err != nil {
		return err
	}
	cat, err := s.db.cat.Current(s.tx.txn)
	if err != nil {
		return err
	}
	found, err := findSequence(cat, st.Sequence.Relname)
	if err != nil {
		if st.MissingOk && pgerr.Is(err, pgerr.UndefinedTable) {
			s.notice(pgerr.Notice(pgerr.SuccessfulCompletion, `relation "%s" does not exist, skipping`, st.Sequence.Relname))
			return nil
		}
		return err
	}
	return s.changeSequence(ctx, stmt, found.OID, st.Options)
}

// changeSequence applies options to a sequence. Where it stands goes into a new file, so that a rollback brings back both (Q4 of
// core/sequence).
func (s *Session) changeSequence(ctx context.Context, stmt parse.Statement, oid uint32, options []*pg_query.Node) error {
	old, cat, err := s.db.cat.LockSequence(ctx, s.tx.txn, oid, lock.ShareRowExclusive)
	if err != nil {
		return err
	}
	def := old.Clone()
	begin, err := s.sequenceOptions(stmt, cat, def, options, false)
	if err != nil {
		return err
	}
	at, err := s.db.eng.Sequences.Read(old.Rel)
	if err != nil {
		return err
	}
	for _, n := range options {
		if n.GetDefElem().Defname == "restart" {
			at = begin
		}
	}
	switch {
	case at.Last < def.Min:
		return pgerr.New(pgerr.InvalidParameterValue, "RESTART value (%d) cannot be less than MINVALUE (%d)", at.Last, def.Min)
	case at.Last > def.Max:
		return pgerr.New(pgerr.InvalidParameterValue, "RESTART value (%d) cannot be greater than MAXVALUE (%d)", at.Last, def.Max)
	}
	return s.replaceSequence(ctx, def, at)
}

// replaceSequence stores a changed definition, with a new file that stands at at.
func (s *Session) replaceSequence(ctx context.Context, def *catalog.Sequence, at sequence.Standing) error {
	rel, err := s.db.cat.CreateFile(ctx, s.tx.txn, "sequence", false, nil)
	if err != nil {
		return err
	}
	def.Rel = rel
	if err := s.db.eng.Sequences.Create(s.tx.txn, rel, sequence.Standing{Last: at.Last, Called: at.Called}); err != nil {
		return err
	}
	return s.db.cat.AlterSequence(ctx, s.tx.txn, def)
}

// restartSequences puts the sequences of a table back to their start.
func (s *Session) restartSequences(ctx context.Context, table uint32) error {
	cat, err := s.db.cat.Current(s.tx.txn)
	if err != nil {
		return err
	}
	for _, q := range cat.SequencesOf(table) {
		locked, _, err := s.db.cat.LockSequence(ctx, s.tx.txn, q.OID, lock.ShareRowExclusive)
		if err != nil {
			return err
		}
		if err := s.replaceSequence(ctx, locked.Clone(), sequence.Standing{Last: locked.Start}); err != nil {
			return err
		}
	}
	return nil
}
