// Package parse turns SQL text into PostgreSQL's own raw parse trees.
//
// The grammar is PostgreSQL's (through pg_query_go), so what is a syntax error
// and how it reads is PostgreSQL's too. Nothing here knows tables or types.
//
// Always true:
//
//	P1. A tree that was handed out is never changed: trees are shared through the cache by every session.
//	P2. Locations inside a tree are byte offsets into the whole text that was parsed, not into one statement
//	    of it; a Locator turns them into the 1-based character positions that clients expect.
//	P3. Text beyond MaxBytes, or nested beyond MaxDepth, is refused before anything walks the tree.
//
// Locks: Cache.mu is a leaf; the C parser runs outside it.
package parse
