package heap

import (
	"sync"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/storage"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/genericxlog"
	"github.com/quiredb/quire/redo"
)

// Config names what a Store works on.
type Config struct {
	GX      *genericxlog.Manager
	Pool    *buffer.Pool
	Storage *storage.Manager
	Xact    *xact.Manager
	Locks   *lock.Manager
}

// Store reads and writes heap relations. It is safe for concurrent use.
type Store struct {
	gx      *genericxlog.Manager
	pool    *buffer.Pool
	storage *storage.Manager
	xact    *xact.Manager
	locks   *lock.Manager
	files   redo.Files

	relations sync.Map // page.RelFileNumber → *relState
	pages     sync.Pool
}

// NewStore returns a store without knowledge of free space; inserts and vacuums gather it.
func NewStore(cfg Config) *Store {
	h := &Store{gx: cfg.GX, pool: cfg.Pool, storage: cfg.Storage, xact: cfg.Xact, locks: cfg.Locks}
	h.files = redo.Files{GX: cfg.GX, Pool: cfg.Pool, Storage: cfg.Storage}
	h.pages.New = func() any { return new([page.Size]byte) }
	return h
}

// Relation names a heap.
type Relation struct {
	Rel      page.RelFileNumber
	Name     string // for messages
	Unlogged bool
}

func (r Relation) gx() genericxlog.Relation {
	return genericxlog.Relation{Rel: r.Rel, Fork: page.MainFork, Unlogged: r.Unlogged}
}

// File returns the relation fork that holds the rows.
func (r Relation) File() page.RelFile { return page.RelFile{Rel: r.Rel, Fork: page.MainFork} }

func (r Relation) tag(blk page.BlockNumber) page.Tag { return page.Tag{RelFile: r.File(), Block: blk} }

// Blocks returns the length of the heap in pages.
func (h *Store) Blocks(rel Relation) (page.BlockNumber, error) { return h.pool.Length(rel.File()) }

// Forget drops what is remembered of a relation that is gone.
func (h *Store) Forget(rel page.RelFileNumber) { h.relations.Delete(rel) }

// state returns what is remembered of a relation.
func (h *Store) state(rel Relation) *relState {
	if s, ok := h.relations.Load(rel.Rel); ok {
		return s.(*relState)
	}
	s, _ := h.relations.LoadOrStore(rel.Rel, newRelState())
	return s.(*relState)
}

// copyPage copies a block as it is now. A block that was reserved and never written is a page of zeros.
func (h *Store) copyPage(rel Relation, blk page.BlockNumber, dst page.Page) error {
	b, err := h.pool.Pin(rel.tag(blk))
	if err != nil {
		return err
	}
	b.RLock()
	copy(dst, b.Page())
	b.RUnlock()
	b.Unpin()
	return nil
}

func (h *Store) borrowPage() (page.Page, func()) {
	buf := h.pages.Get().(*[page.Size]byte)
	return buf[:], func() { h.pages.Put(buf) }
}
