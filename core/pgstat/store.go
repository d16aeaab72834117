package pgstat

import (
	"sync"
	"sync/atomic"
	"time"
)

// Relation is what was counted of one table or index. For an index, Scans are searches, Returned the entries they found, and Fetched the rows
// that were read and seen for them. For a table, Scans and Returned are those of sequential scans, and Fetched the rows that came
// by way of bitmaps.
type Relation struct {
	Scans    int64 `json:"scans,omitempty"`
	Returned int64 `json:"returned,omitempty"`
	Fetched  int64 `json:"fetched,omitempty"`
	Changes
}

// Changes is what was counted of a table's rows.
type Changes struct {
	Inserted   int64 `json:"inserted,omitempty"`
	Updated    int64 `json:"updated,omitempty"`
	Deleted    int64 `json:"deleted,omitempty"`
	HotUpdated int64 `json:"hotUpdated,omitempty"`
	// Live and Dead are estimates of what is in the table.
	Live                int64     `json:"live,omitempty"`
	Dead                int64     `json:"dead,omitempty"`
	SinceAnalyze        int64     `json:"sinceAnalyze,omitempty"`        // rows changed
	InsertedSinceVacuum int64     `json:"insertedSinceVacuum,omitempty"` // rows
	LastVacuum          time.Time `json:"lastVacuum,omitzero"`
	LastAnalyze         time.Time `json:"lastAnalyze,omitzero"`
	Vacuums             int64     `json:"vacuums,omitempty"`
	Analyzes            int64     `json:"analyzes,omitempty"`
}

// entry is the shared form of a Relation.
type entry struct {
	scans, returned, fetched atomic.Int64
	mu                       sync.Mutex
	changes                  Changes // by mu
}

func (e *entry) get() Relation {
	e.mu.Lock()
	defer e.mu.Unlock()
	return Relation{Scans: e.scans.Load(), Returned: e.returned.Load(), Fetched: e.fetched.Load(), Changes: e.changes}
}

func (e *entry) set(r Relation) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.scans.Store(r.Scans)
	e.returned.Store(r.Returned)
	e.fetched.Store(r.Fetched)
	e.changes = r.Changes
}

// A Store has the counters that sessions share.
type Store struct {
	clock     func() time.Time
	relations sync.Map // uint32 → *entry, by OID
	database  database
}

// New returns a store in which all counters are zero.
func New(clock func() time.Time) *Store {
	s := &Store{clock: clock}
	s.database.outside.Store(&outside{})
	return s
}

// entry returns the counters of a relation, new ones if need be.
func (s *Store) entry(oid uint32) *entry {
	if e, ok := s.relations.Load(oid); ok {
		return e.(*entry)
	}
	e, _ := s.relations.LoadOrStore(oid, &entry{})
	return e.(*entry)
}

// Relation returns the counters of a table or index; zeros if nothing was counted.
func (s *Store) Relation(oid uint32) Relation {
	if e, ok := s.relations.Load(oid); ok {
		return e.(*entry).get()
	}
	return Relation{}
}

// Drop forgets a relation that is gone.
func (s *Store) Drop(oid uint32) { s.relations.Delete(oid) }

// Reset sets all counters of the database and its relations to zero.
func (s *Store) Reset() {
	s.relations.Range(func(_, e any) bool {
		e.(*entry).set(Relation{})
		return true
	})
	s.database.set(Database{Reset: s.clock()})
}

// ResetRelation sets the counters of one table or index to zero. As in PostgreSQL the time of the database's reset is that of the last one.
func (s *Store) ResetRelation(oid uint32) {
	if e, ok := s.relations.Load(oid); ok {
		e.(*entry).set(Relation{})
	}
	s.database.reset.Store(s.clock().UnixMicro())
}

// vacuumed notes what a VACUUM found.
func (e *entry) vacuumed(at time.Time, live, dead int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := &e.changes
	c.Live, c.Dead = max(live, 0), max(dead, 0)
	c.InsertedSinceVacuum = 0
	c.LastVacuum = at
	c.Vacuums++
}

// analyzed notes what an ANALYZE found; all says that it was of every column.
func (e *entry) analyzed(at time.Time, live, dead int64, all bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := &e.changes
	c.Live, c.Dead = max(live, 0), max(dead, 0)
	if all {
		c.SinceAnalyze = 0
	}
	c.LastAnalyze = at
	c.Analyzes++
}
