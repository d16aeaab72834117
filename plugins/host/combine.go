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
// queue leads, and takes the others' rows along.
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
	chunks []chunk
	lead   chan struct{} // closed: you lead
	done   chan struct{} // closed: err is set
	err    error
}

// insertFirst makes one call of the first chunk alone. The index is not unique, so there are no conflicts.
func (w *insertion) insertFirst() error {
	_, err := w.method.insertOnce(w.ctx, w.idx, w.xid, w.chunks[0])
	return err
}

// insert returns when all rows are in, or with the error that concerns them.
func (c *combiner) insert(w *insertion) error {
	c.mu.Lock()
	if !c.mu.leading {
		c.mu.leading = true
		c.mu.Unlock()
		c.run(w)
		return w.err
	}
	c.mu.queue = append(c.mu.queue, w)
	c.mu.Unlock()
	select {
	case <-w.done:
		return w.err
	case <-w.lead:
		c.run(w)
		return w.err
	case <-w.ctx.Done():
	}
	if c.leaveQueue(w) {
		return pluginError(w.method.keeper.name, "Insert", w.idx.Name, context.Cause(w.ctx))
	}
	select {
	case <-w.done:
	case <-w.lead: // nothing of it was sent; run notices the context and hands over
		c.run(w)
	}
	return w.err
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
		w.err = w.insertFirst()
		w.chunks = w.chunks[1:]
	}
	if w.err != nil {
		return
	}
	others := c.take(wire.MaxRowBatch - len(w.chunks[0].packed))
	insertTogether(append([]*insertion{w}, others...))
	for _, o := range others {
		close(o.done)
	}
}

// take removes insertions from the queue whose rows fit into size bytes. Those of several chunks wait to lead.
func (c *combiner) take(size int) (taken []*insertion) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.queue = slices.DeleteFunc(c.mu.queue, func(w *insertion) bool {
		if len(w.chunks) > 1 || len(w.chunks[0].packed) > size {
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
		ws[0].err = ws[0].insertFirst()
		return
	}
	all, xid := chunk{}, ws[0].xid
	for _, w := range ws {
		all.packed = append(all.packed, w.chunks[0].packed...)
		all.count += w.chunks[0].count
		if w.xid != xid {
			xid = 0 // the pages' records belong to no single transaction
		}
	}
	ctx, release := sharedContext(ws)
	_, err := ws[0].method.insertOnce(ctx, ws[0].idx, xid, all)
	cut := ctx.Err() != nil
	release()
	for _, w := range ws {
		switch {
		case err == nil:
		case w.ctx.Err() != nil:
			w.err = pluginError(w.method.keeper.name, "Insert", w.idx.Name, context.Cause(w.ctx))
		case cut || authorClasses[pgerr.CodeOf(err).Class()]:
			w.err = w.insertFirst()
		default:
			w.err = err
		}
	}
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

func (c *combiners) insert(ctx context.Context, m *method, idx am.Index, xid uint64, chunks []chunk) error {
	c.mu.Lock()
	u := c.mu.byRel[idx.Rel.Rel]
	if u == nil {
		u = &combinerUse{}
		c.mu.byRel[idx.Rel.Rel] = u
	}
	u.uses++
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		u.uses--
		if u.uses == 0 {
			delete(c.mu.byRel, idx.Rel.Rel)
		}
	}()
	return u.combiner.insert(&insertion{
		ctx: ctx, method: m, idx: idx, xid: xid, chunks: chunks, lead: make(chan struct{}), done: make(chan struct{}),
	})
}
