// Package session is what a client talks to: statements in text, answers through an Output, with transactions, prepared statements,
// portals and settings. It knows no wire format but COPY's.
//
// Always true:
//
//	S1. A statement runs in a transaction: the block that is open, or one of its own that ends with it (simple protocol: with the
//	    query text; extended: with Sync).
//	S2. CommandComplete for the last statement of an implicit transaction is sent after the commit is durable, unless
//	    synchronous_commit says otherwise.
//	S3. A failed statement leaves nothing visible: its transaction is aborted at once, and a block refuses everything but its
//	    end (25P02).
//	S4. A table is locked before its definition is relied on: after the lock was granted, the names are looked up again unless the
//	    catalog is still the one they were looked up in.
//	S5. A plan is used again only under the catalog and the settings it was made with.
//	S6. A panic in a statement ends that statement with XX000 and is logged; the session goes on.
//	S7. No statement reads or changes a table without the privileges of the current role at that moment; plans do not remember rights.
//	S8. Whatever is not supported is an error that names it.
//
// A Session is used by one goroutine at a time. DB is safe for concurrent use; DB.mu is a leaf.
package session
