package catalog

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/redo"
)

// Config names what a Store works on.
type Config struct {
	Heap  *heap.Store
	Xact  *xact.Manager
	Locks *lock.Manager
	Pool  *buffer.Pool
	Files redo.Files
	// NextOID is the OID after the last one known to recovery; 0 means FirstOID.
	NextOID uint32
}

// Store reads and changes the catalog. It is safe for concurrent use.
type Store struct {
	heap  *heap.Store
	xact  *xact.Manager
	locks *lock.Manager
	pool  *buffer.Pool
	files redo.Files
	next  atomic.Uint32 // next OID

	mu     sync.Mutex
	shared *Catalog            // the newest committed state that was asked for
	own    map[*xact.Txn]*view // of transactions that see changes of their own
}

// view is what a transaction with changes of its own sees.
type view struct {
	lsn page.LSN
	cid uint32
	cat *Catalog
}

// Open returns a store on the catalog relation, which must exist. It looks through all row versions for the highest OID, those of
// transactions that ended badly included, so that no OID is used twice (C4).
func Open(cfg Config) (*Store, error) {
	s := &Store{
		heap: cfg.Heap, xact: cfg.Xact, locks: cfg.Locks, pool: cfg.Pool, files: cfg.Files,
		own: make(map[*xact.Txn]*view),
	}
	return s, s.SetNextOID(cfg.NextOID)
}

// SetNextOID moves the counter of OIDs up to next, or beyond what the catalog has if that is more. A standby calls it
// when it is promoted.
func (s *Store) SetNextOID(next uint32) error {
	highest, err := s.highestOID()
	if err != nil {
		return err
	}
	next = max(next, highest+1, FirstOID)
	for have := s.next.Load(); next > have; have = s.next.Load() {
		if s.next.CompareAndSwap(have, next) {
			break
		}
	}
	return nil
}

func (s *Store) highestOID() (uint32, error) {
	highest := FirstOID - 1
	err := s.heap.Versions(Relation(), func(tid page.TID, row []byte) error {
		oid, err := peekHighest(tid, row)
		highest = max(highest, oid)
		return err
	})
	return highest, err
}

// NextOID returns the next OID to be handed out; a checkpoint records it.
func (s *Store) NextOID() uint32 { return s.next.Load() }

// NewOID returns an OID that nothing ever had.
func (s *Store) NewOID() uint32 { return s.next.Add(1) - 1 }

// NewRelFile returns a file number that nothing ever had.
func (s *Store) NewRelFile() page.RelFileNumber { return page.RelFileNumber(s.NewOID()) }

// Orphans returns those of the files that no object of the state owns. After recovery, before the first session, they are
// left-overs that may be removed.
func (c *Catalog) Orphans(files []page.RelFileNumber) []page.RelFileNumber {
	return slices.DeleteFunc(slices.Clone(files), func(rel page.RelFileNumber) bool {
		return rel == Rel || rel == xact.StatusRel || c.byRelFile[rel] != nil
	})
}
