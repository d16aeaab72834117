package lock

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quiredb/quire/core/pgerr"
)

// maxRearrangements bounds how many queue moves in a row are tried before a cycle counts as a deadlock.
const maxRearrangements = 6

// An edge says that waiter waits for blocker. A soft edge exists only because blocker is ahead in the queue of the same
// tag; a hard one because blocker holds the tag.
type edge struct {
	waiter  *waiter
	blocker *Owner
	soft    *waiter // the request ahead, if the edge is soft
}

// avoidDeadlock looks for a cycle that the new waiter w closes. If moving requests within their queues removes it, the
// queues stay moved, what can be granted is granted, and the answer is nil; else the queues are as before and the cycle is returned
// with w's own edge first. (PostgreSQL's DeadLockCheck searches all orders consistent with a set of constraints;
// this tries the soft edges of each cycle one after the other, to a bounded depth.)
//
// Holds: m.mu.
func (m *Manager) avoidDeadlock(w *waiter) []edge {
	cycle := findCycle(w)
	if cycle == nil {
		return nil
	}
	moved := map[*entry]bool{}
	if !rearrange([]*waiter{w}, cycle, moved, maxRearrangements) {
		return cycle
	}
	for e := range moved {
		m.settle(e)
	}
	return nil
}

// rearrange moves one soft edge's waiter of cycle before its blocker and looks again, to the given depth. suspects are the
// waiters from which cycles may now start. It leaves the queues moved, and listed in moved, only when it returns true.
func rearrange(suspects []*waiter, cycle []edge, moved map[*entry]bool, depth int) bool {
	if depth == 0 {
		return false
	}
	for _, ed := range cycle {
		if ed.soft == nil {
			continue
		}
		e := ed.waiter.entry
		before := slices.Clone(e.waiters)
		e.moveAhead(ed.waiter, ed.soft)
		next := append(slices.Clone(suspects), e.waiters...)
		again := firstCycle(next)
		if again == nil || rearrange(next, again, moved, depth-1) {
			moved[e] = true
			return true
		}
		e.waiters = before
	}
	return false
}

func firstCycle(from []*waiter) []edge {
	for _, w := range from {
		if c := findCycle(w); c != nil {
			return c
		}
	}
	return nil
}

// moveAhead puts w directly before the request ahead.
func (e *entry) moveAhead(w, ahead *waiter) {
	e.waiters = slices.DeleteFunc(slices.Clone(e.waiters), func(x *waiter) bool { return x == w })
	e.waiters = slices.Insert(e.waiters, slices.Index(e.waiters, ahead), w)
}

// findCycle returns the edges of a path from start's owner back to itself, or nil.
func findCycle(start *waiter) []edge {
	s := search{goal: start.owner, seen: map[*Owner]bool{}}
	if s.walk(start) {
		slices.Reverse(s.path)
		return s.path
	}
	return nil
}

type search struct {
	goal *Owner
	seen map[*Owner]bool
	path []edge // filled backwards, when the goal was found
}

func (s *search) walk(w *waiter) bool {
	for _, ed := range w.edges() {
		if ed.blocker == s.goal {
			s.path = append(s.path, ed)
			return true
		}
		if s.seen[ed.blocker] {
			continue
		}
		s.seen[ed.blocker] = true
		if next := ed.blocker.waiting; next != nil && s.walk(next) {
			s.path = append(s.path, ed)
			return true
		}
	}
	return false
}

// edges lists whom w waits for: holders first, then the conflicting requests ahead of it.
func (w *waiter) edges() []edge {
	var out []edge
	e := w.entry
	for _, h := range e.holders {
		if h.owner != w.owner && h.modes&conflicts[w.mode] != 0 {
			out = append(out, edge{waiter: w, blocker: h.owner})
		}
	}
	for _, ahead := range e.waiters {
		if ahead == w {
			break
		}
		if ahead.owner != w.owner && conflicts[w.mode].has(ahead.mode) {
			out = append(out, edge{waiter: w, blocker: ahead.owner, soft: ahead})
		}
	}
	return out
}

// deadlockError words a cycle as PostgreSQL does.
func deadlockError(cycle []edge) error {
	var lines []string
	for _, ed := range cycle {
		lines = append(lines, fmt.Sprintf("Process %d waits for %v on %v; blocked by process %d.",
			ed.waiter.owner.PID, ed.waiter.mode, ed.waiter.tag, ed.blocker.PID))
	}
	return pgerr.New(pgerr.DeadlockDetected, "deadlock detected").
		WithDetail("%s", strings.Join(lines, "\n")).
		WithHint("Run the transaction again.")
}
