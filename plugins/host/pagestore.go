package host

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/genericxlog"
	"github.com/quiredb/quire/plugins/wire"
)

// Fates is the verdict on rows of a table in the eyes of the transaction xid, 0 for none: for each a live row is there, or none
// is, or that depends on a transaction that has not ended.
type Fates func(ctx context.Context, table heap.Relation, xid xact.XID, tids []page.TID) ([]wire.RowFate, error)

// HeapFates returns the verdicts of a heap.
func HeapFates(rows *heap.Store) Fates {
	return func(_ context.Context, table heap.Relation, xid xact.XID, tids []page.TID) ([]wire.RowFate, error) {
		found, err := rows.Statuses(xid, table, tids)
		if err != nil {
			return nil, err
		}
		fates := make([]wire.RowFate, len(found))
		for i, f := range found {
			switch f.Life {
			case heap.Live:
				fates[i].State = wire.RowLive
			case heap.Undecided:
				fates[i] = wire.RowFate{State: wire.RowRunning, XID: uint64(f.XID)}
			}
		}
		return fates, nil
	}
}

// A PoolStore is the PageStore of a host: pages in the buffer pool, changes through genericxlog, verdicts on rows from
// the heap. Blocks that access methods gave back are remembered until the host ends; the next vacuum reports them again.
type PoolStore struct {
	pool  *buffer.Pool
	gx    *genericxlog.Manager
	fates Fates
	mu    struct {
		sync.Mutex
		free map[page.RelFileNumber][]page.BlockNumber // the lowest last
	}
}

// NewPoolStore returns a store on the parts of an engine.
func NewPoolStore(pool *buffer.Pool, gx *genericxlog.Manager, fates Fates) *PoolStore {
	s := &PoolStore{pool: pool, gx: gx, fates: fates}
	s.mu.free = make(map[page.RelFileNumber][]page.BlockNumber)
	return s
}

// HeapLength is the length of the index's table in blocks.
func (s *PoolStore) HeapLength(idx am.Index) (page.BlockNumber, error) {
	return s.pool.Length(page.RelFile{Rel: idx.Heap, Fork: page.MainFork})
}

// Watch is the buffer pool's.
func (s *PoolStore) Watch(idx am.Index, blk page.BlockNumber, version page.LSN) (buffer.Watch, bool, error) {
	return s.pool.Watch(idx.Rel.Tag(blk), version)
}

// Arena is the buffer pool's of that name.
func (s *PoolStore) Arena(method string) (*os.File, error) {
	file, _, err := s.pool.ArenaFile(method)
	if errors.Is(err, buffer.ErrNotShared) {
		return nil, nil
	}
	return file, err
}

// Open gives a call access to the pages of its index.
func (s *PoolStore) Open(method string, idx am.Index, xid uint64) CallPages {
	return &callPages{store: s, method: method, idx: idx, xid: xid}
}

// takeFree removes a block from those given back.
func (s *PoolStore) takeFree(rel page.RelFileNumber) (page.BlockNumber, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	free := s.mu.free[rel]
	if len(free) == 0 {
		return 0, false
	}
	blk := free[len(free)-1]
	if len(free) == 1 {
		delete(s.mu.free, rel)
	} else {
		s.mu.free[rel] = free[:len(free)-1]
	}
	return blk, true
}

// giveBack adds blocks to those that may be handed out again. A block that is there already is not there twice.
func (s *PoolStore) giveBack(rel page.RelFileNumber, blocks []page.BlockNumber) {
	s.mu.Lock()
	defer s.mu.Unlock()
	free := append(s.mu.free[rel], blocks...)
	slices.SortFunc(free, func(a, b page.BlockNumber) int { return int(int64(b) - int64(a)) })
	s.mu.free[rel] = slices.Compact(free)
}

// callPages are the pages of one index during one call.
type callPages struct {
	store  *PoolStore
	method string
	idx    am.Index
	xid    uint64
	handed map[page.BlockNumber]bool // handed out and not used; true = it held a page before
	gaps   []page.BlockNumber        // reserved because a bulk write left them out
}

var _ CallPages = (*callPages)(nil)

func (c *callPages) file() page.RelFile { return c.idx.Rel.File() }

// NBlocks is the length of the index.
func (c *callPages) NBlocks(context.Context) (page.BlockNumber, error) {
	return c.store.pool.Length(c.file())
}

// ReadPages copies pages, each under its content lock; those the caller knows already are not copied. Where the page lies in the
// access method's arena, it says so.
func (c *callPages) ReadPages(ctx context.Context, refs []wire.PageRef) ([]wire.PageRead, error) {
	reads := make([]wire.PageRead, len(refs))
	for i, ref := range refs {
		if i%16 == 15 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		b, err := c.store.pool.Pin(c.idx.Rel.Tag(ref.Block))
		if errors.Is(err, buffer.ErrBeyondEnd) {
			return nil, c.beyondEnd(ref.Block)
		}
		if err != nil {
			return nil, err
		}
		b.RLock()
		reads[i].Version = b.Version()
		if ref.Known != 0 && reads[i].Version == ref.Known {
			reads[i].Unchanged = true
		} else {
			reads[i].Page = append(make(page.Page, 0, page.Size), b.Page()...)
		}
		b.RUnlock()
		if b.Arena() == c.method {
			reads[i].Frame = uint32(b.Frame()) + 1
		}
		b.Unpin()
	}
	return reads, nil
}

func (c *callPages) beyondEnd(blk page.BlockNumber) error {
	length, err := c.NBlocks(context.Background())
	if err != nil {
		return err
	}
	e := wire.Errorf(wire.ErrNotFound, "block %d lies beyond the end of index %s, which has %d blocks", blk, c.idx.Name, length)
	e.Block, e.HasBlock = blk, true
	return e
}

// Extend hands out blocks that were given back, then new ones.
func (c *callPages) Extend(_ context.Context, count int) ([]wire.NewBlock, error) {
	if c.handed == nil {
		c.handed = make(map[page.BlockNumber]bool)
	}
	length, err := c.store.pool.Length(c.file())
	if err != nil {
		return nil, err
	}
	out := make([]wire.NewBlock, 0, count)
	for len(out) < count {
		blk, ok := c.store.takeFree(c.idx.Rel.Rel)
		if ok && blk >= length { // the index was truncated since
			continue
		}
		if !ok {
			if blk, err = c.store.pool.Reserve(c.file()); err != nil {
				return nil, err
			}
		}
		c.handed[blk] = ok
		out = append(out, wire.NewBlock{Block: blk, Recycled: ok})
	}
	return out, nil
}

// Finish applies a plugin's edits in one record.
func (c *callPages) Finish(_ context.Context, annotation string, blocks []wire.BlockEdit) ([]page.LSN, error) {
	edits := make([]genericxlog.BlockEdit, len(blocks))
	for i, b := range blocks {
		recycled, handed := c.handed[b.Block]
		if b.New && (!handed || recycled) {
			return nil, &genericxlog.ValidationError{Tag: c.idx.Rel.Tag(b.Block), Reason: "called new, and was not handed out to this call"}
		}
		edits[i] = genericxlog.BlockEdit{
			Block: b.Block, Version: b.Version, New: b.New, Forward: b.Forward, Image: b.Image,
			ConflictHorizon: b.ConflictHorizon, Recycled: recycled,
		}
		if b.FullImage {
			edits[i].Flags = genericxlog.FullImage
		}
	}
	versions, err := c.store.gx.FinishEdits(c.idx.Rel, c.xid, annotation, edits)
	if err != nil {
		return nil, err
	}
	for i, b := range blocks {
		if versions[i] != b.Version {
			delete(c.handed, b.Block)
		}
	}
	return versions, nil
}

// FreePages takes blocks back for later Extends. One that was never written and that a call has reserved, or Reserve will hand
// out, looks free to a vacuum, and is left to its owner.
func (c *callPages) FreePages(_ context.Context, blocks []page.BlockNumber) error {
	length, err := c.store.pool.Length(c.file())
	if err != nil {
		return err
	}
	free := make([]page.BlockNumber, 0, len(blocks))
	for _, blk := range blocks {
		if blk >= length {
			return c.beyondEnd(blk)
		}
		if !c.store.pool.Claimed(c.file(), blk) {
			free = append(free, blk)
		}
	}
	c.store.giveBack(c.idx.Rel.Rel, free)
	return nil
}

// BulkWrite writes finished pages. Blocks that were left out are reserved, so that they can be written later.
func (c *callPages) BulkWrite(_ context.Context, first page.BlockNumber, pages []page.Page) error {
	const farthest = 1 << 20 // blocks that may be left out at once: 8 GiB
	length, err := c.store.pool.Length(c.file())
	if err != nil {
		return err
	}
	if int64(first) > int64(length)+farthest {
		return wire.Errorf(wire.ErrInvalidEdit, "bulk write to block %d of index %s, which has %d blocks", first, c.idx.Name, length)
	}
	for next := length; next < first; next++ {
		if c.store.pool.Reserved(c.file(), next) {
			continue
		}
		blk, err := c.store.pool.Reserve(c.file())
		if err != nil {
			return err
		}
		c.gaps = append(c.gaps, blk)
	}
	return c.store.gx.BulkWrite(c.idx.Rel, first, pages)
}

// RowFates is the heap's verdict.
func (c *callPages) RowFates(ctx context.Context, xid uint64, tids []page.TID) ([]wire.RowFate, error) {
	table := heap.Relation{Rel: c.idx.Heap, Name: "under index " + c.idx.Name, Unlogged: c.idx.Rel.Unlogged}
	return c.store.fates(ctx, table, xact.XID(xid), tids)
}

// Close takes back what was handed out and not used.
func (c *callPages) Close() {
	var recycled []page.BlockNumber
	for blk, again := range c.handed {
		if again {
			recycled = append(recycled, blk)
		} else {
			c.store.pool.Release(c.file(), blk)
		}
	}
	if recycled != nil {
		c.store.giveBack(c.idx.Rel.Rel, recycled)
	}
	for _, blk := range c.gaps {
		c.store.pool.Release(c.file(), blk)
	}
	c.handed, c.gaps = nil, nil
}
