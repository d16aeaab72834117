// Package vfs is the door to files: the operating system's, and an in-memory disk that a test can cut the power of.
//
// Always true, of both:
//
//	V1. Bytes are durable after File.Sync returned nil, names after FS.SyncDir of their directory did. Nothing else is.
//	V2. A failed Sync tells nothing about what reached the disk, and a later Sync that succeeds does not either.
//	V3. Every method may be called from any goroutine. One ReadAt beside a WriteAt of the same bytes may see a mix.
//	V4. Errors carry the path and wrap the errno, so errors.Is finds fs.ErrNotExist, syscall.ENOSPC and their kind.
//
// Of the in-memory disk alone:
//
//	M1. A crash image holds every byte that was synced and not written since; what was written since is kept or lost
//	    sector by sector (512 bytes), the size on its own, directory entries on their own.
//	M2. A crash image depends on the history of operations and on the generator given, on nothing else.
//	M3. The hook runs before an operation and outside of all locks: it may take a crash image.
//
// Locks of the in-memory disk, outer to inner: MemFS.mu (shared by operations on bytes, exclusive for names and for
// crash images) → memNode.mu. A handle has no lock.
package vfs
