package host

import (
	"context"
	"sync"

	"github.com/quiredb/quire/core/page"
)

// A gate lets the changes of one index pass, or those of a single call only. A call that keeps meeting conflicts asks to
// be alone; from then on it is certain to get on, because everybody else's Finish waits until the call gives the gate
// back or ends.
//
// A waiting call holds nothing, and the call that is alone never waits here, so nobody waits in a circle.
type gate struct {
	mu struct {
		sync.Mutex
		owner   uint64 // ticket of the call that is alone, 0 for none
		passing int    // changes under way
		changed chan struct{}
	}
}

func newGate() *gate {
	g := &gate{}
	g.mu.changed = make(chan struct{})
	return g
}

// signalLocked wakes everybody who waits.
func (g *gate) signalLocked() {
	close(g.mu.changed)
	g.mu.changed = make(chan struct{})
}

// pass admits a change of the call with the ticket; leave ends it.
func (g *gate) pass(ctx context.Context, ticket uint64) error {
	g.mu.Lock()
	for g.mu.owner != 0 && g.mu.owner != ticket {
		if err := g.waitLocked(ctx); err != nil {
			g.mu.Unlock()
			return err
		}
	}
	g.mu.passing++
	g.mu.Unlock()
	return nil
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mu.passing--
	if g.mu.passing == 0 {
		g.signalLocked()
	}
}

// close makes the call the only one that passes, once the changes under way are done.
func (g *gate) close(ctx context.Context, ticket uint64) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.mu.owner != 0 && g.mu.owner != ticket {
		if err := g.waitLocked(ctx); err != nil {
			return err
		}
	}
	g.mu.owner = ticket
	for g.mu.passing > 0 {
		if err := g.waitLocked(ctx); err != nil {
			g.mu.owner = 0
			g.signalLocked()
			return err
		}
	}
	return nil
}

// open ends a call's being alone. Any call may say it; it counts only from the one that is.
func (g *gate) open(ticket uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mu.owner == ticket && ticket != 0 {
		g.mu.owner = 0
		g.signalLocked()
	}
}

// waitLocked waits for a signal, without the lock.
func (g *gate) waitLocked(ctx context.Context) error {
	changed := g.mu.changed
	g.mu.Unlock()
	defer g.mu.Lock()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// gates has a gate for each index that is being changed.
type gates struct {
	mu struct {
		sync.Mutex
		byRel map[page.RelFileNumber]*gateUse
	}
}

type gateUse struct {
	gate *gate
	uses int
}

func newGates() *gates {
	g := &gates{}
	g.mu.byRel = make(map[page.RelFileNumber]*gateUse)
	return g
}

// take returns the gate of an index; release gives it back.
func (g *gates) take(rel page.RelFileNumber) *gate {
	g.mu.Lock()
	defer g.mu.Unlock()
	u := g.mu.byRel[rel]
	if u == nil {
		u = &gateUse{gate: newGate()}
		g.mu.byRel[rel] = u
	}
	u.uses++
	return u.gate
}

func (g *gates) release(rel page.RelFileNumber) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if u := g.mu.byRel[rel]; u != nil {
		u.uses--
		if u.uses == 0 {
			delete(g.mu.byRel, rel)
		}
	}
}
