package pgstat

import "time"

// maxKept is how many relations a session keeps in mind from one transaction to the next.
const maxKept = 1000

// A Session counts for one client, and shares what it has counted at the end of each transaction (P2).
type Session struct {
	store   *Store
	kept    map[uint32]*Pending
	touched []*Pending // counted on in this transaction
	level   int        // of savepoints
	started time.Time
}

// NewSession starts counting for a client, which is counted too.
func (s *Store) NewSession() *Session {
	s.database.sessions.Add(1)
	return &Session{store: s, kept: map[uint32]*Pending{}, started: s.clock()}
}

// Close ends a session, between transactions.
func (s *Session) Close() {
	if s != nil {
		s.store.database.sessionTime.Add(int64(s.store.clock().Sub(s.started)))
	}
}

// Relation returns what the session counts of a table or index in this transaction. It must not be used beyond the transaction's end.
func (s *Session) Relation(oid uint32) *Pending {
	if s == nil {
		return nil
	}
	p := s.kept[oid]
	if p == nil {
		p = &Pending{session: s, shared: s.store.entry(oid)}
		s.kept[oid] = p
	}
	if !p.touched {
		p.touched = true
		s.touched = append(s.touched, p)
	}
	return p
}

// Dropped forgets a relation that is gone for good.
func (s *Session) Dropped(oid uint32) {
	if s != nil {
		delete(s.kept, oid)
		s.store.Drop(oid)
	}
}

// Transaction counts the end of a transaction.
func (s *Session) Transaction(committed bool) {
	switch {
	case s == nil:
	case committed:
		s.store.database.commits.Add(1)
	default:
		s.store.database.rollbacks.Add(1)
	}
}

// BeginSub says that a savepoint of this level, counted from 1, has begun.
func (s *Session) BeginSub(level int) {
	if s != nil {
		s.level = level
	}
}

// ReleaseSub makes what was counted from a level inwards part of what is around it.
func (s *Session) ReleaseSub(level int) {
	if s == nil {
		return
	}
	for _, p := range s.touched {
		p.release(level)
	}
	s.level = level - 1
}

// RollbackToSub settles what was counted from a level inwards: it was for nothing. The savepoint itself goes on.
func (s *Session) RollbackToSub(level int) {
	if s == nil {
		return
	}
	for _, p := range s.touched {
		p.rollback(level)
	}
	s.level = level
}

// End shares what was counted in a transaction whose outcome is decided.
func (s *Session) End(committed bool) {
	if s == nil {
		return
	}
	s.level = 0
	if len(s.touched) == 0 {
		return
	}
	var sum Pending
	for _, p := range s.touched {
		p.end(committed)
		sum.returned += p.returned
		sum.fetched += p.fetched
		sum.tried.add(p.tried)
		p.share()
	}
	s.touched = s.touched[:0]
	d := &s.store.database
	addTo(&d.returned, sum.returned)
	addTo(&d.fetched, sum.fetched)
	addTo(&d.inserted, sum.tried.inserted)
	addTo(&d.updated, sum.tried.updated)
	addTo(&d.deleted, sum.tried.deleted)
	if len(s.kept) > maxKept {
		clear(s.kept)
	}
}
