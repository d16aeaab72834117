package sequence

import (
	"fmt"
	"sync"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/genericxlog"
)

// Config names what a Store works on.
type Config struct {
	GX   *genericxlog.Manager
	Pool *buffer.Pool
}

// Store reads and advances sequences. It is safe for concurrent use.
type Store struct {
	gx     *genericxlog.Manager
	pool   *buffer.Pool
	states sync.Map // page.RelFileNumber → *state
}

// NewStore returns a store that knows no sequence yet: their pages say where they stand.
func NewStore(cfg Config) *Store { return &Store{gx: cfg.GX, pool: cfg.Pool} }

// Standing is where a sequence is.
type Standing struct {
	Last int64
	// Called says that Last has been handed out. Else it is the next value.
	Called bool
	// Ahead is how many values after Last are covered by the log already, pg's log_cnt.
	Ahead int64
}

// state is what is known of a sequence beyond its page.
type state struct {
	mu     sync.Mutex
	loaded bool
	now    Standing
	logged page.LSN // the log must be durable up to here before a value taken is certain (Q2)
}

func (s *Store) state(rel page.RelFileNumber) *state {
	if st, ok := s.states.Load(rel); ok {
		return st.(*state)
	}
	st, _ := s.states.LoadOrStore(rel, new(state))
	return st.(*state)
}

// Forget drops what is remembered of a sequence's file that is gone.
func (s *Store) Forget(rel page.RelFileNumber) { s.states.Delete(rel) }

// Create writes the first standing of a sequence into its new, empty file. The file goes again if t does not commit.
func (s *Store) Create(t *xact.Txn, rel page.RelFileNumber, at Standing) error {
	t.OnEnd(func(committed bool) {
		if !committed {
			s.Forget(rel)
		}
	})
	st := s.state(rel)
	st.mu.Lock()
	defer st.mu.Unlock()
	blk, err := s.pool.Reserve(file(rel))
	if err != nil {
		return fmt.Errorf("sequence %d: %w", rel, err)
	}
	b, err := s.pool.PinNew(relation(rel).Tag(blk))
	if err != nil {
		s.pool.Release(file(rel), blk)
		return err
	}
	defer b.Unpin()
	b.Lock()
	defer b.Unlock()
	if err := s.write(t, rel, b, at); err != nil {
		s.pool.Release(file(rel), blk)
		return err
	}
	st.settle(s, at)
	return nil
}

// Read returns where a sequence stands now. On a standby that is what has been replayed of it.
func (s *Store) Read(rel page.RelFileNumber) (Standing, error) {
	st := s.state(rel)
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.loaded {
		return st.now, nil
	}
	return s.read(rel)
}

// Set puts the sequence at a standing. It is logged, and not undone by a rollback (Q3).
func (s *Store) Set(t *xact.Txn, rel page.RelFileNumber, at Standing) error {
	st := s.state(rel)
	st.mu.Lock()
	defer st.mu.Unlock()
	return s.log(t, st, rel, Standing{Last: at.Last, Called: at.Called}, Standing{Last: at.Last, Called: at.Called})
}

// load makes the page's standing the known one. Holds: st.mu.
func (s *Store) load(st *state, rel page.RelFileNumber) (err error) {
	if st.loaded {
		return nil
	}
	st.now, err = s.read(rel)
	st.loaded = err == nil
	return err
}

// log writes a standing to the page; now is what it stands at in memory. Holds: st.mu.
func (s *Store) log(t *xact.Txn, st *state, rel page.RelFileNumber, onPage, now Standing) error {
	b, err := s.pool.Pin(relation(rel).Tag(0))
	if err != nil {
		return fmt.Errorf("sequence %d: %w", rel, err)
	}
	defer b.Unpin()
	b.Lock()
	defer b.Unlock()
	if err := s.write(t, rel, b, onPage); err != nil {
		return err
	}
	st.settle(s, now)
	return nil
}

// settle notes a standing whose record has just been written. Holds: st.mu.
func (st *state) settle(s *Store, now Standing) {
	st.now, st.loaded, st.logged = now, true, s.gx.Log().InsertLSN()
}
