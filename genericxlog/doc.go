// Package genericxlog is the one door through which a shared page changes.
//
// A caller registers the buffers that it wants to change, edits private copies, and Finish turns the copies
// into one WAL record and the new contents of the shared pages, all of them or none. The heap, the catalog and the
// commit status use the lock-holding form (State); access methods in other processes use the conditional form
// (FinishEdits), which takes locks only for its own duration. Redo applies records with the same code.
//
// Always true:
//
//	G1. A page is a function of the log: what Finish installs is what ApplyBlocks rebuilds from the record and the
//	    page before it, byte for byte, header and hole included.
//	G2. All pages of a record change, or none. Every check that can fail comes before the first frame is
//	    marked dirty; from there to the last Install a failure stops the host.
//	G3. A page that did not change is not in the record, keeps its LSN and stays clean, unless it carries a conflict
//	    horizon. No page and no payload means no record.
//	G4. The LSN of a page is the start of the record that last changed it, and each block reference carries
//	    the LSN before. So the records of a page form a chain that can be walked back.
//	G5. Each block reference carries the CRC of the content after the change. Redo compares it on every page.
//	G6. Pages of unlogged relations take the same path, carry a counter where others carry an LSN, and emit no record.
//	G7. ErrConflict and *ValidationError leave no trace: no byte, no dirty mark, no record.
//
// Locks, outer to inner:
//
//	content locks, in the order of registration → the WAL insertion lock
//
// FinishEdits registers by ascending block number. In-process callers that hold several content locks of one
// relation take them in ascending block number too, so the two forms cannot wait for each other in a circle. ApplyBlocks
// locks in the order of the record and releases in the same order after all pages are done.
package genericxlog
