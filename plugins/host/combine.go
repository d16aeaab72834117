package host

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/plugins/wire"
)

const (
	// insertChunk is what a session's rows are cut into, in bytes; several sessions' chunks make up a call.
	insertChunk = 256 << 10
	// cancelPatience is how long a cancelled session waits for a call that carries rows of others, before the call is
	// broken off and the others' rows are offered again.
	cancelPatience = time.Second
)

// A combiner makes one call of the rows that several sessions insert into one index at the same time. The first to come
// leads: it calls the plugin. Those that come meanwhile queue up; when the leader's rows are in, the first in the
// queue leads, and takes the others' rows along. So insertions into one index do not collide with one another, and
// sessions that insert at the same place, as at the end of an index on a serial number, cost one call together.
//
// An insertion is either queued, or with a leader, or done. A session whose statement is cancelled leaves the queue, or
// waits for the leader: as long as a call runs that may still put its rows into the index, Insert does not return.
type combiner struct {
	mu struct {
		sync.Mutex
		queue   []*insertion
		leading bool
	}
}

type insertion struct {
	ctx    context.Context
	method *method
	idx    am.Index
	xid    uint64
	chunks []chunk       // one if the index is unique
	apart  bool          // it shares no call
	lead   chan struct{} // closed: you lead
	done   chan struct{} // closed: refused and err are set
	// refused are the rows that a unique index has not taken. In a call that was shared, more may be refused than need be.
	refused []wire.Conflict
	err     error
}

// insertFirst makes one call of the first chunk alone.
func (w *insertion) insertFirst() {
	w.refused, w.err = w.method.insertOnce(w.ctx, w.idx, cargo{chunk: w.chunks[0], xid: w.xid})
}

// insert returns when w's rows are in or refused, or with the error that concerns them in w.err.
func (c *combiner) insert(w *insertion) {
	c.mu.Lock()
	if !c.mu.leading {
		c.mu.leading = true
		c.mu.Unlock()
		c.run(w)
		return
	}
	c.mu.queue = append(c.mu.queue, w)
	c.mu.Unlock()
	select {
	case <-w.done:
		return
	case <-w.lead:
		c.run(w)
		return
	case <-w.ctx.Done():
	}
	if c.leaveQueue(w) {
		w.err = pluginError(w.method.keeper.name, "Insert", w.idx.Name, context.Cause(w.ctx))
		return
	}
	select {
	case <-w.done:
	case <-w.lead: // nothing of it was sent; run notices the context and hands over
		c.run(w)
	}
}

func (c *combiner) leaveQueue(w *insertion) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.mu.queue, w)
	if i >= 0 {
		c.mu.queue = slices.Delete(c.mu.queue, i, i+1)
	}
	return i >= 0
}

// run leads: w's chunks go in, the last one together with what waits; then leadership passes on.
func (c *combiner) run(w *insertion) {
	defer c.handOver()
	for len(w.chunks) > 1 && w.err == nil {
		w.insertFirst()
		w.chunks = w.chunks[1:]
	}
	if w.err != nil {
		return
	}
	if w.apart {
		w.insertFirst()
		return
	}
	others := c.take(wire.MaxRowBatch - len(w.chunks[0].packed))
	insertTogether(append([]*insertion{w}, others...))
	for _, o := range others {
		close(o.done)
	}
}

// take removes insertions from the queue whose rows fit into size bytes. Those of several chunks, and those that share no call, wait
// to lead.
func (c *combiner) take(size int) (taken []*insertion) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.queue = slices.DeleteFunc(c.mu.queue, func(w *insertion) bool {
		if w.apart || len(w.chunks) > 1 || len(w.chunks[0].packed) > size {
			return false
		}
		size -= len(w.chunks[0].packed)
		taken = append(taken, w)
		return true
	})
	return taken
}

func (c *combiner) handOver() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.mu.queue) == 0 {
		c.mu.leading = false
		return
	}
	next := c.mu.queue[0]
	c.mu.queue = c.mu.queue[1:]
	close(next.lead)
}

// insertTogether makes one call of the last chunks of ws and sets each one's error. If that call fails for a reason that
// concerns somebody's rows or somebody's patience, each is tried on its own.
func insertTogether(ws []*insertion) {
	if len(ws) == 1 {
		ws[0].insertFirst()
		return
	}
	all := cargo{xid: ws[0].xid}
	for _, w := range ws {
		all.packed = append(all.packed, w.chunks[0].packed...)
		all.count += w.chunks[0].count
		if w.xid != all.xid {
			all.xid = 0 // the pages' records belong to no single transaction
		}
		if w.idx.Unique {
			all.owners = append(all.owners, owner{until: all.count, xid: w.xid})
		}
	}
	ctx, release := sharedContext(ws)
	refused, err := ws[0].method.insertOnce(ctx, ws[0].idx, all)
	cut := ctx.Err() != nil
	release()
	first := 0
	for _, w := range ws {
		switch {
		case err == nil:
			w.refused, refused = cutConflicts(refused, first, w.chunks[0].count)
			first += w.chunks[0].count
		case w.ctx.Err() != nil:
			w.err = pluginError(w.method.keeper.name, "Insert", w.idx.Name, context.Cause(w.ctx))
		case cut || authorClasses[pgerr.CodeOf(err).Class()]:
			w.insertFirst()
		default:
			w.err = err
		}
	}
}

// cutConflicts divides the conflicts of a call: those of the rows [first, first+count), counted from first, and the others.
func cutConflicts(all []wire.Conflict, first, count int) (own, rest []wire.Conflict) {
	for len(all) > 0 && all[0].Row < first+count {
		all[0].Row -= first
		own, all = append(own, all[0]), all[1:]
	}
	return own, all
}

// sharedContext ends when all sessions have cancelled, or some time after the first of them has.
func sharedContext(ws []*insertion) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var mu sync.Mutex
	left := len(ws)
	var late *time.Timer
	stops := make([]func() bool, len(ws))
	for i, w := range ws {
		stops[i] = context.AfterFunc(w.ctx, func() {
			mu.Lock()
			defer mu.Unlock()
			left--
			if left == 0 {
				cancel()
			} else if late == nil {
				late = time.AfterFunc(cancelPatience, cancel)
			}
		})
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		mu.Lock()
		defer mu.Unlock()
		if late != nil {
			late.Stop()
		}
		cancel()
	}
}

// combiners has a combiner for each index that rows go into.
type combiners struct {
	mu struct {
		sync.Mutex
		byRel map[page.RelFileNumber]*combinerUse
	}
}

type combinerUse struct {
	combiner combiner
	uses     int
}

func newCombiners() *combiners {
	c := &combiners{}
	c.mu.byRel = make(map[page.RelFileNumber]*combinerUse)
	return c
}

// insert fills in w.refused and w.err.
func (c *combiners) insert(w *insertion) {
	rel := w.idx.Rel.Rel
	w.lead, w.done = make(chan struct{}), make(chan struct{})
	c.mu.Lock()
	u := c.mu.byRel[rel]
	if u == nil {
		u = &combinerUse{}
		c.mu.byRel[rel] = u
	}
	u.uses++
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		u.uses--
		if u.uses == 0 {
			delete(c.mu.byRel, rel)
		}
	}()
	u.combiner.insert(w)
}
