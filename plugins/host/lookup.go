package host

import (
	"context"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// isLookup reports whether a scan asks for the one live row of a unique key, or welcomes a span. Such scans of several sessions share calls.
func isLookup(idx am.Index, keys []am.ScanKey, opts am.ScanOptions, span bool) bool {
	if span {
		return true
	}
	if !idx.Unique || len(keys) != len(idx.Columns) || opts.Direction == am.Backward {
		return false
	}
	for i, k := range keys {
		if k.Strategy != "=" || k.Column != i {
			return false
		}
	}
	return true
}

// A desk serves the lookups in one index. While calls are under way, as many as half of the processors, those that arrive queue up and
// then travel in one call: what a lookup costs is mostly to wake the plugin and to be woken by it.
//
// A lookup is queued, or taken into somebody's call, or told to lead, and hears of it through its turn. Nothing depends on a lookup whose session
// has gone: its answer is dropped.
type desk struct {
	mu struct {
		sync.Mutex
		queue   []*lookup
		leaders int
	}
}

type lookup struct {
	ctx     context.Context
	keys    []wire.ScanKey
	columns []int // whose values are wanted
	returns *returned
	span    bool      // one is welcome
	turn    chan bool // true: lead; false: the answer is there
	taken   bool      // by a leader; under desk.mu

	hits  []am.Hit
	err   error
	again bool // it has to go alone
}

// serve returns the answer to w, or says that it has to be asked again, alone.
func (d *desk) serve(m *method, idx am.Index, w *lookup) (hits []am.Hit, again bool, err error) {
	d.mu.Lock()
	if d.mu.leaders < max(1, runtime.GOMAXPROCS(0)/2) {
		d.mu.leaders++
		d.mu.Unlock()
		d.lead(m, idx, w)
		return w.hits, w.again, w.err
	}
	d.mu.queue = append(d.mu.queue, w)
	d.mu.Unlock()
	select {
	case lead := <-w.turn:
		if lead {
			d.lead(m, idx, w)
		}
	case <-w.ctx.Done():
		d.leave(w) // a leader may still write into it
		return nil, false, pluginError(m.keeper.name, "Scan", idx.Name, context.Cause(w.ctx))
	}
	return w.hits, w.again, w.err
}

// leave takes a lookup back that nobody waits for.
func (d *desk) leave(w *lookup) {
	d.mu.Lock()
	i := slices.Index(d.mu.queue, w)
	if i >= 0 {
		d.mu.queue = slices.Delete(d.mu.queue, i, i+1)
	}
	leads := i < 0 && !w.taken
	d.mu.Unlock()
	if leads {
		<-w.turn
		d.handOver()
	}
}

// lead makes a call for w and for those that wait.
func (d *desk) lead(m *method, idx am.Index, w *lookup) {
	batch := d.take(w, int(m.keeper.lookups.Load()))
	err := m.lookUp(idx, batch)
	if err != nil && len(batch) > 1 && w.ctx.Err() == nil {
		w.again = true // it may be another's keys, or another's patience
	} else {
		w.err = err
	}
	for _, o := range batch[1:] {
		o.again = o.again || err != nil
		o.turn <- false
	}
	d.handOver()
}

// take adds to w what waits and asks for the same columns.
func (d *desk) take(w *lookup, limit int) []*lookup {
	d.mu.Lock()
	defer d.mu.Unlock()
	batch := []*lookup{w}
	d.mu.queue = slices.DeleteFunc(d.mu.queue, func(o *lookup) bool {
		if len(batch) >= limit || !slices.Equal(o.columns, w.columns) {
			return false
		}
		o.taken = true
		batch = append(batch, o)
		return true
	})
	return batch
}

func (d *desk) handOver() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.mu.queue) == 0 {
		d.mu.leaders--
		return
	}
	next := d.mu.queue[0]
	d.mu.queue = d.mu.queue[1:]
	next.turn <- true
}

// lookUp makes one call of lookups and sets the hits of each, or says that none has any. The first one's context is the call's.
func (m *method) lookUp(idx am.Index, batch []*lookup) error {
	msg := &pb.Call{Lookups: make([]*pb.Lookup, len(batch))}
	for _, c := range batch[0].columns {
		msg.ReturnColumns = append(msg.ReturnColumns, uint32(c))
	}
	for i, w := range batch {
		msg.Lookups[i] = &pb.Lookup{Keys: wire.KeysToProto(w.keys), Span: w.span}
	}
	c, err := m.open(batch[0].ctx, pb.Method_SCAN, idx, 0, msg)
	if err != nil {
		return err
	}
	r, err := c.result()
	if err != nil {
		return err
	}
	if len(r.GetFound()) != len(batch) {
		return c.failure(protocolError("%d answers to %d lookups", len(r.GetFound()), len(batch)))
	}
	for i, w := range batch {
		answer := r.GetFound()[i]
		switch {
		case w.span:
			err = m.keep(&idx, answer.GetSpan())
		case answer.GetSpan() != nil:
			err = protocolError("a span that nobody asked for")
		}
		if err != nil {
			return c.failure(err)
		}
		if w.again = answer.GetAgain(); w.again || answer.GetHits() == nil {
			continue
		}
		cur := &cursor{call: c, pages: m.keeper.cfg.Pages, returns: w.returns}
		if err := cur.decode(answer.GetHits()); err != nil {
			return c.failure(err)
		}
		w.hits = cur.hits
	}
	return nil
}

// found is the cursor of a lookup.
type found struct {
	hits []am.Hit
	one  [1]am.Hit // where most answers find room
}

// Next returns all hits, once.
func (f *found) Next() ([]am.Hit, error) {
	if len(f.hits) == 0 {
		return nil, io.EOF
	}
	hits := f.hits
	f.hits = nil
	return hits, nil
}

// Close does nothing: the call is over.
func (f *found) Close() error { return nil }

// desks has a desk for each index that is being searched.
type desks struct {
	mu struct {
		sync.Mutex
		byRel map[page.RelFileNumber]*deskUse
	}
}

type deskUse struct {
	desk desk
	uses int
}

func newDesks() *desks {
	d := &desks{}
	d.mu.byRel = make(map[page.RelFileNumber]*deskUse)
	return d
}

func (d *desks) serve(m *method, idx am.Index, w *lookup) (hits []am.Hit, again bool, err error) {
	d.mu.Lock()
	u := d.mu.byRel[idx.Rel.Rel]
	if u == nil {
		u = &deskUse{}
		d.mu.byRel[idx.Rel.Rel] = u
	}
	u.uses++
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		u.uses--
		if u.uses == 0 {
			delete(d.mu.byRel, idx.Rel.Rel)
		}
	}()
	return u.desk.serve(m, idx, w)
}
