// Package maintain runs the statements that work on whole relations: CREATE INDEX, REINDEX, TRUNCATE, VACUUM, VACUUM FULL,
// ANALYZE and CHECK. It knows catalog objects and access methods, and no SQL text: names are resolved and privileges are
// checked by the caller.
//
// Always true:
//
//	M1. An access method that is needed is asked for before anything is changed. Without it the statement fails with that
//	    error, and the table is as it was.
//	M2. A row version leaves every index before its line pointer is freed (A2 of core/am), and on a standby no index loses an entry
//	    while a snapshot is in use that could still look for it.
//	M3. A new index has every row version that some snapshot, here or to come, may see, so snapshots that are older than the
//	    index may use it.
//	M4. A rewritten table gets new files for the heap and for all its indexes, and they take the old ones' place in one
//	    transaction. Whoever sees the new definition sees all of it; the old files go at commit.
//	M5. VACUUM commits table by table: what it has done for one stays when the next one fails.
//	M6. Statistics are written by whoever holds ShareUpdateExclusive on the table, or more.
//
// Locks, outer to inner:
//
//	the table's lock → the locks that core/catalog takes → the locks of core/heap
//
// No lock of Go's is held while an access method is called.
package maintain
