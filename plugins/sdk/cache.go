package sdk

import (
	"container/list"
	"os"
	"sync"
	"sync/atomic"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire/shm"
)

// defaultCachePages bounds the cache of a process: 32 MiB.
const defaultCachePages = 4096

// A pageCache holds pages of any index of this process by the version they had. It may be out of date and says so by
// that version: the host confirms it ("unchanged"), or Finish refuses it.
type pageCache struct {
	mu struct {
		sync.Mutex
		pages  map[cacheKey]*list.Element
		recent *list.List // of *cachedPage, the last used first
		frames map[cacheKey]uint32
		blocks []cacheKey // what frames has for each frame
	}
	limit int
	arena atomic.Pointer[shm.Arena] // nil if pages are read by message only
}

type cacheKey struct {
	rel page.RelFileNumber
	blk page.BlockNumber
}

type cachedPage struct {
	key     cacheKey
	version page.LSN
	page    page.Page
	word    uint64 // of the arena's frame that held this page when last looked at, 0 for none
}

func newPageCache(limit int) *pageCache {
	c := &pageCache{limit: limit}
	c.mu.pages = make(map[cacheKey]*list.Element)
	c.mu.recent = list.New()
	return c
}

// mapArena maps the host's memory of this access method's pages, once.
func (c *pageCache) mapArena(file *os.File) error {
	defer file.Close()
	if c.arena.Load() != nil {
		return nil
	}
	a, err := shm.MapArena(file)
	if err == nil {
		c.useArena(a)
	}
	return err
}

func (c *pageCache) useArena(a *shm.Arena) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.arena.Load() == nil {
		c.mu.frames, c.mu.blocks = make(map[cacheKey]uint32), make([]cacheKey, a.Frames())
		c.arena.Store(a)
	}
}

// located notes in which frame the host says that a block is: 1 + its number, 0 for none. A frame holds one block, so that there
// are no more notes than frames.
func (c *pageCache) located(rel page.RelFileNumber, blk page.BlockNumber, frame uint32) {
	a := c.arena.Load()
	if a == nil || frame == 0 || int(frame) > a.Frames() {
		return
	}
	key := cacheKey{rel, blk}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.mu.blocks[frame-1]; c.mu.frames[old] == frame {
		delete(c.mu.frames, old)
	}
	c.mu.frames[key], c.mu.blocks[frame-1] = frame, key
}

// current is a page as it is now, found without asking the host: the copy in hand if the arena says that it is still the one, or a
// new one. ok is false if the block is in no frame that is known here, or is just being changed.
func (c *pageCache) current(rel page.RelFileNumber, blk page.BlockNumber) (e cachedPage, ok bool) {
	a := c.arena.Load()
	if a == nil {
		return e, false
	}
	c.mu.Lock()
	frame, ok := c.mu.frames[cacheKey{rel, blk}]
	if !ok {
		c.mu.Unlock()
		return e, false
	}
	frame--
	el, known := c.mu.pages[cacheKey{rel, blk}]
	if known {
		e = *el.Value.(*cachedPage)
		if e.word != 0 && e.word == a.Word(frame) {
			c.mu.recent.MoveToFront(el)
			c.mu.Unlock()
			return e, true
		}
	}
	c.mu.Unlock()
	tag := page.Tag{RelFile: page.RelFile{Rel: rel}, Block: blk}
	if known {
		word, version, ok := a.Version(frame, tag)
		if !ok {
			return e, false
		}
		if version == e.version {
			e.word = word
			c.keep(e)
			return e, true
		}
	}
	p := make(page.Page, page.Size)
	word, ok := a.Copy(frame, tag, p)
	if !ok {
		return e, false
	}
	e = cachedPage{key: cacheKey{rel, blk}, version: p.LSN(), page: p, word: word}
	c.keep(e)
	return e, true
}

func (c *pageCache) get(rel page.RelFileNumber, blk page.BlockNumber) (cachedPage, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.mu.pages[cacheKey{rel, blk}]
	if !ok {
		return cachedPage{}, false
	}
	c.mu.recent.MoveToFront(e)
	return *e.Value.(*cachedPage), true
}

// put keeps p, which nobody may change any more. A version older than the one held is ignored.
func (c *pageCache) put(rel page.RelFileNumber, blk page.BlockNumber, p page.Page, version page.LSN) {
	c.keep(cachedPage{key: cacheKey{rel, blk}, version: version, page: p})
}

func (c *pageCache) keep(p cachedPage) {
	if p.version == 0 { // a page never written: nothing to compare with later
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.mu.pages[p.key]; ok {
		old := e.Value.(*cachedPage)
		if old.version <= p.version {
			e.Value = &p
			c.mu.recent.MoveToFront(e)
		}
		return
	}
	c.mu.pages[p.key] = c.mu.recent.PushFront(&p)
	for c.mu.recent.Len() > c.limit {
		last := c.mu.recent.Back()
		delete(c.mu.pages, last.Value.(*cachedPage).key)
		c.mu.recent.Remove(last)
	}
}

func (c *pageCache) drop(rel page.RelFileNumber, blk page.BlockNumber) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.mu.pages[cacheKey{rel, blk}]; ok {
		delete(c.mu.pages, e.Value.(*cachedPage).key)
		c.mu.recent.Remove(e)
	}
}
