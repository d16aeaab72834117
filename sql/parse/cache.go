package parse

import (
	"container/list"
	"sync"
)

// cacheableBytes is the longest text worth remembering: long ones are bulk inserts that never come back.
const cacheableBytes = 8 << 10

// Cache remembers the trees of recent query texts, least recently used out first. Safe for concurrent use.
type Cache struct {
	capacity int
	mu       struct {
		sync.Mutex
		byText map[string]*list.Element
		recent *list.List // of *cached, front is newest
	}
}

type cached struct {
	text  string
	stmts []Statement
}

// NewCache makes a cache of at most capacity texts.
func NewCache(capacity int) *Cache {
	c := &Cache{capacity: max(capacity, 1)}
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
	c.mu.Lock()
	defer c.mu.Unlock()
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
