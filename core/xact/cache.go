package xact

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
)

// defaultCachedPages is how many status pages are kept decoded: 2 million transactions, 16 MiB.
const defaultCachedPages = 2048

// chunk is one status page in memory. Entries change from entryNone to their final value, once.
type chunk [entriesPerPage]atomic.Uint64

// cache answers how transactions ended without touching the buffer pool, for most of them. A lookup takes no lock.
type cache struct {
	pool  *buffer.Pool
	limit int
	// floor is the block of the oldest running transaction: its chunk and those above stay, because what they say
	// may not be on the page yet.
	floor func() page.BlockNumber

	chunks atomic.Pointer[[]atomic.Pointer[chunk]] // by block; grown by copying under mu

	mu     sync.Mutex
	loaded []page.BlockNumber // oldest first
}

func newCache(pool *buffer.Pool, limit int, floor func() page.BlockNumber) *cache {
	c := &cache{pool: pool, limit: limit, floor: floor}
	empty := make([]atomic.Pointer[chunk], 64)
	c.chunks.Store(&empty)
	return c
}

// peek returns the chunk of a block if it is in memory.
func (c *cache) peek(blk page.BlockNumber) *chunk {
	if all := *c.chunks.Load(); int(blk) < len(all) {
		return all[blk].Load()
	}
	return nil
}

// entry returns the entry of xid; that of a subtransaction whose page refers to its transaction is the transaction's.
func (c *cache) entry(xid XID) (uint64, error) {
	blk, i := statusBlock(xid)
	ch := c.peek(blk)
	if ch == nil {
		var err error
		if ch, err = c.load(blk); err != nil {
			return 0, err
		}
	}
	e := ch[i].Load()
	if e&entryOfTop != 0 {
		return c.entry(XID(e &^ entryOfTop))
	}
	return e, nil
}

// set stores the final entry of a transaction whose chunk is in memory, and does nothing if it is not.
func (c *cache) set(xid XID, entry uint64) {
	blk, i := statusBlock(xid)
	if ch := c.peek(blk); ch != nil {
		ch[i].Store(entry)
	}
}

// apply stores what redo has just written to the status page. The page is newer than any chunk read before, so under mu
// either the chunk is there and is set, or it will be read from the page.
func (c *cache) apply(xid XID, entry uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(xid, entry)
}

// load reads a status page into a chunk.
func (c *cache) load(blk page.BlockNumber) (*chunk, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ch := c.peek(blk); ch != nil {
		return ch, nil
	}
	ch := new(chunk)
	if err := c.read(blk, ch); err != nil {
		return nil, err
	}
	c.grow(blk)
	(*c.chunks.Load())[blk].Store(ch)
	c.loaded = append(c.loaded, blk)
	c.evict(blk)
	return ch, nil
}

func (c *cache) read(blk page.BlockNumber, ch *chunk) error {
	length, err := c.pool.Length(statusRelation.File())
	if err != nil || blk >= length {
		return wrapStatus(err, blk) // a block past the end has no entries yet
	}
	b, err := c.pool.PinForRedo(statusRelation.Tag(blk))
	if err != nil {
		return wrapStatus(err, blk)
	}
	defer b.Unpin()
	b.RLock()
	defer b.RUnlock()
	p := b.Page()
	for i := range ch {
		if e := entryAt(p, i); e != entryNone {
			ch[i].Store(e)
		}
	}
	return nil
}

func wrapStatus(err error, blk page.BlockNumber) error {
	if err == nil {
		return nil
	}
	first := XID(blk) * entriesPerPage
	return fmt.Errorf("read the status of transactions %d to %d: %w", first, first+entriesPerPage-1, err)
}

// grow makes room for blk in the directory. A copy that misses a store made meanwhile loses nothing: stores into the directory happen
// under mu. Holds: mu.
func (c *cache) grow(blk page.BlockNumber) {
	old := *c.chunks.Load()
	if int(blk) < len(old) {
		return
	}
	bigger := make([]atomic.Pointer[chunk], max(2*len(old), int(blk)+1))
	for i := range old {
		bigger[i].Store(old[i].Load())
	}
	c.chunks.Store(&bigger)
}

// evict drops the chunk loaded longest ago that may go, when there are too many. Holds: mu.
func (c *cache) evict(keep page.BlockNumber) {
	floor := c.floor()
	for tries := len(c.loaded); len(c.loaded) > c.limit && tries > 0; tries-- {
		blk := c.loaded[0]
		c.loaded = c.loaded[1:]
		if blk == keep || blk >= floor {
			c.loaded = append(c.loaded, blk)
			continue
		}
		(*c.chunks.Load())[blk].Store(nil)
	}
}
