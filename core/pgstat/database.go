package pgstat

import (
	"sync/atomic"
	"time"
)

// Database is what was counted of the database as a whole.
type Database struct {
	Commits     int64         `json:"commits,omitempty"`
	Rollbacks   int64         `json:"rollbacks,omitempty"`
	Returned    int64         `json:"returned,omitempty"` // rows of sequential scans and entries of indexes
	Fetched     int64         `json:"fetched,omitempty"`  // rows by way of indexes
	Inserted    int64         `json:"inserted,omitempty"`
	Updated     int64         `json:"updated,omitempty"`
	Deleted     int64         `json:"deleted,omitempty"`
	TempFiles   int64         `json:"tempFiles,omitempty"`
	TempBytes   int64         `json:"tempBytes,omitempty"`
	Sessions    int64         `json:"sessions,omitempty"`
	SessionTime time.Duration `json:"sessionTime,omitempty"` // of sessions that are over
	Outside
	Reset time.Time `json:"reset,omitzero"` // zero if never
}

// Outside are numbers of the database that other parts count since they started.
type Outside struct {
	BlocksRead int64 `json:"blocksRead,omitempty"`
	BlocksHit  int64 `json:"blocksHit,omitempty"`
	Deadlocks  int64 `json:"deadlocks,omitempty"`
}

// plus adds n times other.
func (o Outside) plus(n int64, other Outside) Outside {
	return Outside{o.BlocksRead + n*other.BlocksRead, o.BlocksHit + n*other.BlocksHit, o.Deadlocks + n*other.Deadlocks}
}

// outside is where Outside comes from, and what is to be added to it: what was counted before the start, less what was before a reset.
type outside struct {
	now  func() Outside
	base Outside
}

func (o *outside) get() Outside {
	if o.now == nil {
		return o.base
	}
	return o.base.plus(1, o.now())
}

// database is the shared form of a Database.
type database struct {
	commits, rollbacks, returned, fetched, inserted, updated, deleted atomic.Int64
	tempFiles, tempBytes, sessions, sessionTime, reset                atomic.Int64
	outside                                                           atomic.Pointer[outside]
}

func (d *database) set(v Database) {
	for _, f := range d.fields(&v) {
		f.shared.Store(*f.value)
	}
	d.sessionTime.Store(int64(v.SessionTime))
	d.reset.Store(0)
	if !v.Reset.IsZero() {
		d.reset.Store(v.Reset.UnixMicro())
	}
	o := &outside{now: d.outside.Load().now, base: v.Outside}
	if o.now != nil {
		o.base = o.base.plus(-1, o.now())
	}
	d.outside.Store(o)
}

func (d *database) get() Database {
	v := Database{SessionTime: time.Duration(d.sessionTime.Load()), Outside: d.outside.Load().get()}
	for _, f := range d.fields(&v) {
		*f.value = f.shared.Load()
	}
	if at := d.reset.Load(); at != 0 {
		v.Reset = time.UnixMicro(at).UTC()
	}
	return v
}

// field is a counter in both forms.
type field struct {
	shared *atomic.Int64
	value  *int64
}

func (d *database) fields(v *Database) []field {
	return []field{
		{&d.commits, &v.Commits}, {&d.rollbacks, &v.Rollbacks}, {&d.returned, &v.Returned}, {&d.fetched, &v.Fetched},
		{&d.inserted, &v.Inserted}, {&d.updated, &v.Updated}, {&d.deleted, &v.Deleted},
		{&d.tempFiles, &v.TempFiles}, {&d.tempBytes, &v.TempBytes}, {&d.sessions, &v.Sessions},
	}
}

// Database returns the counters of the database.
func (s *Store) Database() Database { return s.database.get() }

// SetOutside says where Outside comes from. What the store has of it already is added to it.
func (s *Store) SetOutside(now func() Outside) {
	old := s.database.outside.Load()
	s.database.outside.Store(&outside{now: now, base: old.get().plus(-1, now())})
}

// TempFile counts a temporary file that is over, by its size in bytes.
func (s *Store) TempFile(size int64) {
	s.database.tempFiles.Add(1)
	s.database.tempBytes.Add(size)
}
