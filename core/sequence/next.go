package sequence

import (
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
)

// logAhead is how many values one record covers beyond those that were asked for, as in PostgreSQL.
const logAhead = 32

// Rule says which values follow each other.
type Rule struct {
	Increment, Min, Max int64 // Increment is not 0
	Cycle               bool
}

// step returns the value after v, or false at the end. wrapped says that it began anew.
func (r Rule) step(v int64) (next int64, wrapped, ok bool) {
	next = v + r.Increment
	up := r.Increment > 0
	overflowed := up == (next < v)
	switch {
	case up && !overflowed && next <= r.Max, !up && !overflowed && next >= r.Min:
		return next, false, true
	case !r.Cycle:
		return 0, false, false
	case up:
		return r.Min, true, true
	}
	return r.Max, true, true
}

// Take hands out the next values of a sequence: one at least, up to n if they follow each other without a gap; first is the first
// of them and last the last. name is for messages. At the end of a sequence that does not cycle it is error 2200H.
func (s *Store) Take(t *xact.Txn, rel page.RelFileNumber, name string, rule Rule, n int64) (first, last int64, err error) {
	st := s.state(rel)
	st.mu.Lock()
	defer st.mu.Unlock()
	if err := s.load(st, rel); err != nil {
		return 0, 0, err
	}
	at := st.now
	first = at.Last
	if at.Called {
		var ok bool
		if first, _, ok = rule.step(at.Last); !ok {
			return 0, 0, exhausted(name, rule)
		}
	}
	last = first
	taken := int64(1)
	for ; taken < n; taken++ {
		next, wrapped, ok := rule.step(last)
		if !ok || wrapped {
			break
		}
		last = next
	}
	if at.Called && taken <= at.Ahead {
		st.now = Standing{Last: last, Called: true, Ahead: at.Ahead - taken}
		return first, last, s.cover(t, st)
	}
	covered, ahead := last, int64(0)
	for ; ahead < logAhead; ahead++ {
		next, _, ok := rule.step(covered)
		if !ok {
			break
		}
		covered = next
	}
	err = s.log(t, st, rel, Standing{Last: covered, Called: true}, Standing{Last: last, Called: true, Ahead: ahead})
	return first, last, err
}

// cover makes the transaction's commit wait for the record that a value is covered by, if that is not durable yet (Q2). Holds: st.mu.
func (s *Store) cover(t *xact.Txn, st *state) error {
	if s.gx.Log().FlushedLSN() >= st.logged {
		return nil
	}
	if _, err := t.XID(); err != nil {
		return err
	}
	t.NoteWrite()
	return nil
}

func exhausted(name string, r Rule) error {
	if r.Increment > 0 {
		return pgerr.New(pgerr.SequenceGeneratorLimitExceeded, "nextval: reached maximum value of sequence %q (%d)", name, r.Max)
	}
	return pgerr.New(pgerr.SequenceGeneratorLimitExceeded, "nextval: reached minimum value of sequence %q (%d)", name, r.Min)
}
