package sdk

import (
	"container/list"
	"sync"

	"github.com/quiredb/quire/core/page"
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
	}
	limit int
}

type cacheKey struct {
	rel page.RelFileNumber
	blk page.BlockNumber
}

type cachedPage struct {
	key     cacheKey
	version page.LSN
	page    page.Page
}

func newPageCache(limit int) *pageCache {
	c := &pageCache{limit: limit}
	c.mu.pages = make(map[cacheKey]*list.Element)
	c.mu.recent = list.New()
	return c
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
	if version == 0 { // a page never written: nothing to compare with later
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := cacheKey{rel, blk}
	if e, ok := c.mu.pages[key]; ok {
		old := e.Value.(*cachedPage)
		if old.version <= version {
			e.Value = &cachedPage{key: key, version: version, page: p}
			c.mu.recent.MoveToFront(e)
		}
		return
	}
	c.mu.pages[key] = c.mu.recent.PushFront(&cachedPage{key: key, version: version, page: p})
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
