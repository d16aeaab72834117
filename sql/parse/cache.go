package parse

import (
	"container/list"
	"hash/maphash"
	"sync"
)

// cacheableBytes is the longest text worth remembering: long ones are bulk inserts that never come back.
const cacheableBytes = 8 << 10

// seenTexts is how many texts the cache knows to have met.
const seenTexts = 4096

// Cache remembers the trees of query texts that come again, least recently used out first. A text is remembered when it is met for the
// second time: those of clients that write their values into them never come back, and would push out the others. Safe for concurrent
// use.
type Cache struct {
	capacity int
	seed     maphash.Seed
	mu       struct {
		sync.Mutex
		byText map[string]*list.Element
		recent *list.List        // of *cached, front is newest
		seen   [seenTexts]uint64 // hashes of texts met, each at the place that it gives
	}
}

type cached struct {
	text  string
	stmts []Statement
}

// NewCache makes a cache of at most capacity texts.
func NewCache(capacity int) *Cache {
	c := &Cache{capacity: max(capacity, 1), seed: maphash.MakeSeed()}
	c.mu.byText = make(map[string]*list.Element)
	c.mu.recent = list.New()
	return c
}

// Parse is the package's Parse through the cache. Errors are not remembered.
func (c *Cache) Parse(query string) ([]Statement, error) {
	c.mu.Lock()
	if e, ok := c.mu.byText[query]; ok {
		c.mu.recent.MoveToFront(e)
		stmts := e.Value.(*cached).stmts
		c.mu.Unlock()
		return stmts, nil
	}
	c.mu.Unlock()
	stmts, err := Parse(query)
	if err != nil || len(query) > cacheableBytes {
		return stmts, err
	}
	hash := maphash.String(c.seed, query)
	c.mu.Lock()
	defer c.mu.Unlock()
	if seen := &c.mu.seen[hash%seenTexts]; *seen != hash {
		*seen = hash
		return stmts, nil
	}
	if _, ok := c.mu.byText[query]; !ok {
		c.mu.byText[query] = c.mu.recent.PushFront(&cached{query, stmts})
		for c.mu.recent.Len() > c.capacity {
			oldest := c.mu.recent.Back()
			delete(c.mu.byText, c.mu.recent.Remove(oldest).(*cached).text)
		}
	}
	return stmts, nil
}

// Len is the number of texts remembered.
func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.recent.Len()
}
