package crashtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A row of the model. All tables have the same columns: id int, k int, tag text, pad text.
type row struct {
	id, k int
	tag   string // "" is NULL
	pad   int    // length
}

func (r row) String() string { return fmt.Sprintf("%d|%d|%s|%d", r.id, r.k, orNull(r.tag), r.pad) }

func orNull(s string) string {
	if s == "" {
		return "∅"
	}
	return s
}

// A table of the model. Rows are found by id.
type table struct {
	unlogged bool
	index    string // its bloom index, "" if there is none
	rows     map[int]row
}

// A state is a database of the model.
type state map[string]*table

func (s state) clone() state {
	c := make(state, len(s))
	for name, t := range s {
		d := *t
		d.rows = maps.Clone(t.rows)
		c[name] = &d
	}
	return c
}

// logged describes what a crash leaves of a state: unlogged tables are there and empty.
func (s state) logged() string { return s.describe(false) }

func (s state) describe(unlogged bool) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s)) {
		t := s[name]
		fmt.Fprintf(&b, "%s unlogged=%v index=%q", name, t.unlogged, t.index)
		if !t.unlogged || unlogged {
			for _, id := range slices.Sorted(maps.Keys(t.rows)) {
				b.WriteString(" " + t.rows[id].String())
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// An effect is what a statement does to a state.
type effect func(state)

// A ledger is what a client with a good memory knows.
type ledger struct {
	now    state
	states []string // after each commit; the first is before any
	acked  int      // states[acked] is the oldest that may be found
}

func newLedger() *ledger { return &ledger{now: state{}, states: []string{state{}.logged()}} }

// attempt notes a commit that is about to be tried, and reports whether a crash could tell. One that a crash could not is
// no proof either that those before it are durable.
func (l *ledger) attempt(effects []effect) bool {
	for _, e := range effects {
		e(l.now)
	}
	after := l.now.logged()
	if after == l.states[len(l.states)-1] {
		return false
	}
	l.states = append(l.states, after)
	return true
}

// acknowledge notes that the last commit is durable, and with it all before.
func (l *ledger) acknowledge() { l.acked = len(l.states) - 1 }

// claim is the ledger at one moment.
type claim struct{ states []string }

func (l *ledger) claim() claim {
	return claim{slices.Clip(l.states[l.acked:len(l.states):len(l.states)])}
}

// check looks for a state among those that may be found.
func (c claim) check(found string) error {
	if slices.Contains(c.states, found) {
		return nil
	}
	return fmt.Errorf("what is there may not follow; found:\n%s\nacknowledged:\n%s\nthe last of %d unknown:\n%s",
		found, c.states[0], len(c.states)-1, c.states[len(c.states)-1])
}

// differ says what distinguishes a state found from the one wanted.
func differ(want, got state) error {
	wanted := strings.Split(want.describe(true), "\n")
	var out []string
	for _, line := range strings.Split(got.describe(true), "\n") {
		if !slices.Contains(wanted, line) {
			out = append(out, "found  "+line)
		}
	}
	if out == nil && len(want) == len(got) {
		return nil
	}
	return fmt.Errorf("what is there is not what was done:\n%s\nof\nwanted %s", strings.Join(out, "\n"), strings.Join(wanted, "\nwanted "))
}
