// Package storage keeps relation forks in files and makes page writes atomic.
//
// A fork is a row of blocks in segment files of 1 GiB: base/<rel> for the main fork, base/<rel>_init for the init fork,
// base/<rel>_vm for the visibility map, then <name>.1, <name>.2 and so on. Every page reaches its file through the double-write area, the file "doublewrite".
//
// Always true:
//
//	S1. A page is verified after it is read and before it is written. The checksum covers the relation and the block
//	    number, so a write or read that went to another place is caught. An all-zero page inside the file is a new page.
//	S2. Pages are written in place only after a batch that holds them is durable in the double-write area.
//	S3. Double-write space is used again only after the files of the pages it holds were synced.
//	S4. Batches are written and applied in order by one writer, so the newest batch that names a block holds the newest
//	    version that was ever written in place.
//	S5. A file that has unsynced writes stays open. A failed fsync is kept (ErrFsync) and never tried again: the kernel
//	    may have dropped the data and report success the second time.
//	S6. Segment n+1 holds a block only if segment n has its full size.
//
// Locks, outer to inner; skip levels freely, never go back:
//
//	Manager.writer → Manager.rels → relation.mu → Manager.syncing → Manager.progress, fileCache.mu
//	Manager.queue is a leaf
//
// The caller never has two writes, or a read and a write, of one block under way at the same time; package buffer sees to
// that with one frame for a block.
package storage
