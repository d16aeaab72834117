// Package redo makes pages and files what the log says they are: after a crash, and for ever on a standby.
//
// Always true:
//
//	D1. Applying a record twice is applying it once: a page that already has the change is skipped, a file that is
//	    already there or already gone is left alone. So recovery may crash and start again.
//	D2. No code of an access method runs here. What a record does is in its blocks section and in its kind.
//	D3. A page is changed only if it is the page that the record was made for (its previous LSN says so), and only to
//	    what the record says it becomes (its CRC says so). Anything else stops recovery, with record and page named.
//	D4. A page or file that a record expects and that is not there must be explained by a later truncation or drop. What is
//	    still unexplained at the end, or when a standby becomes consistent, is an error.
//	D5. A file is removed only when the record that says so is durable on this node.
//
// Locks: ApplyBlocks locks pages in the order of the record. An Applier serves one goroutine at a time; the positions that it
// reports are safe to read from others.
package redo
