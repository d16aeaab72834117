package xact

import (
	"sync"
	"sync/atomic"

	"github.com/quiredb/quire/core/page"
)

// registry knows the snapshots in use and the transactions that have a number. Both lists are ordered by themselves,
// because LSNs and numbers are handed out in ascending order under mu: so the oldest is always in front.
type registry struct {
	next   atomic.Uint64 // next XID
	oldest atomic.Uint64 // oldest XID running, or next

	mu        sync.Mutex
	snapshots list[Snapshot]
	numbered  list[Txn]
	tops      map[XID]XID // the transactions of running subtransactions
}

// node is an element's place in a list.
type node[T any] struct {
	prev, next *T
	linked     bool
}

// list is doubly linked through nodes inside its elements, so that joining and leaving allocate nothing.
type list[T any] struct {
	first, last *T
	node        func(*T) *node[T]
}

func (l *list[T]) push(e *T) {
	n := l.node(e)
	n.linked, n.prev, n.next = true, l.last, nil
	if l.last == nil {
		l.first = e
	} else {
		l.node(l.last).next = e
	}
	l.last = e
}

func (l *list[T]) remove(e *T) {
	n := l.node(e)
	if !n.linked {
		return
	}
	if n.prev == nil {
		l.first = n.next
	} else {
		l.node(n.prev).next = n.next
	}
	if n.next == nil {
		l.last = n.prev
	} else {
		l.node(n.next).prev = n.prev
	}
	*n = node[T]{}
}

func (r *registry) init(next XID) {
	r.next.Store(uint64(next))
	r.oldest.Store(uint64(next))
	r.snapshots.node = func(s *Snapshot) *node[Snapshot] { return &s.node }
	r.tops = map[XID]XID{}
	r.numbered.node = func(t *Txn) *node[Txn] { return &t.node }
}

// register takes a snapshot: reading the visible LSN and entering the list are one step (X7).
func (r *registry) register(s *Snapshot, visible func() page.LSN) {
	r.mu.Lock()
	s.LSN = visible()
	r.snapshots.push(s)
	r.mu.Unlock()
}

func (r *registry) unregister(s *Snapshot) {
	r.mu.Lock()
	r.snapshots.remove(s)
	r.mu.Unlock()
}

// horizon returns the oldest LSN in use, or the visible one.
func (r *registry) horizon(visible func() page.LSN) page.LSN {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.snapshots.first; s != nil {
		return s.LSN
	}
	return visible()
}

// number gives t the next XID if ready says that its outcome can be remembered, and reports whether it did.
func (r *registry) number(t *Txn, ready func(XID) bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	xid := XID(r.next.Load())
	if !ready(xid) {
		return false
	}
	t.xid = xid
	r.next.Store(uint64(xid) + 1)
	r.numbered.push(t)
	return true
}

// numberSub gives a subtransaction of top the next XID if ready says that its outcome can be remembered, else InvalidXID.
func (r *registry) numberSub(top XID, ready func(XID) bool) XID {
	r.mu.Lock()
	defer r.mu.Unlock()
	xid := XID(r.next.Load())
	if !ready(xid) {
		return InvalidXID
	}
	r.next.Store(uint64(xid) + 1)
	r.tops[xid] = top
	return xid
}

// endSubs forgets subtransactions whose outcome is in the cache.
func (r *registry) endSubs(xids []XID) {
	if len(xids) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, xid := range xids {
		delete(r.tops, xid)
	}
}

// sameTop reports whether two running transactions are one, or parts of one.
func (r *registry) sameTop(a, b XID) bool {
	if a == b {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if top, sub := r.tops[a]; sub {
		a = top
	}
	if top, sub := r.tops[b]; sub {
		b = top
	}
	return a == b
}

// end releases the snapshots of a transaction.
func (r *registry) end(t *Txn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range t.snaps {
		r.snapshots.remove(s)
	}
}

// unnumber takes t out of the running ones once its outcome is in the cache (X6).
func (r *registry) unnumber(t *Txn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.numbered.remove(t)
	for _, xid := range t.live {
		delete(r.tops, xid)
	}
	if first := r.numbered.first; first != nil {
		r.oldest.Store(uint64(first.xid))
	} else {
		r.oldest.Store(r.next.Load())
	}
}
