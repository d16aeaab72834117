// Package buffer keeps blocks of relation forks in fixed arrays of frames.
//
// A Buffer is a frame. Pin finds or loads a block and keeps it there until Unpin; a content lock protects its bytes.
// The bytes of all frames of one arena are one mapping, which the kernel can show to an access method read only.
//
// Always true:
//
//	B1. A frame with a pin keeps its tag. Eviction considers unpinned frames only.
//	B2. A page is written after the log is durable up to the end of the record that changed it last (R6).
//	B3. Page bytes change in Install, under a pin and the exclusive content lock, or while the frame is loaded, when
//	    nobody else can reach it. The version word is odd for as long.
//	B4. A block is in at most one frame, and it is read by one goroutine; others that want it wait for that read.
//	B5. A frame is marked dirty before the record of its change is inserted, so that a checkpoint that starts behind the
//	    record finds the frame. It becomes clean only if nothing changed since the copy that was written was taken.
//	B6. A frame that holds nothing worth keeping (a new block that was pinned and never installed) vanishes with its
//	    last pin, so that blocks exist by being changed and not by being looked at.
//	B7. Whoever writes pages never waits for a content lock while holding more than that page's pin.
//	B8. The version word of a changed page is odd from MarkDirty to Unlock. All pages of a record are marked before the first is
//	    installed and unlocked after the last, so that a reader of the arena who has seen one of them changed finds none of the
//	    others as it was.
//
// Locks, outer to inner; skip levels freely, never go back:
//
//	Pool.flushing → Buffer.writing → Buffer.content → partition.mu → Buffer.hdr
//	Buffer.content → the locks of the log and of package storage
//	relation.claims, waiters.mu, arena.mu, Pool.rels, Pool.arenas: leaves, except that Pool.rels and relation.claims are
//	held over calls into package storage
//
// Several content locks at once are the caller's order: ascending block number within a relation, redo in record order.
// An evicting goroutine may hold content locks of other pages; it only tries locks (Buffer.writing, Buffer.content).
package buffer
