// Package am is the contract between those who use an index (executor, heap, vacuum) and those who provide one (the
// plugin host, and in tests a fake). It holds no machinery: types, two interfaces and the errors.
//
// Always true:
//
//	A1. An index is asked for places, never believed about rows: every TID of a Hit is looked up in the heap with the
//	    reader's snapshot, and a Hit with Recheck set is tested against the condition again.
//	A2. A row enters the heap before its TID enters an index, and leaves every index before its line pointer is freed.
//	    So a TID that an index still holds is never that of another row.
//	A3. An Insert that returned an error may have added some of its rows. That is harmless by A1, because the
//	    transaction ends.
//	A4. BulkDelete removes every entry whose TID is in the set and may be repeated with the same set; Cleanup comes
//	    once at the end of a vacuum even when there was nothing to delete.
//	A5. An index that cannot be reached is an error for writers and a reason to plan another path for readers;
//	    nothing skips it silently.
//	A6. A unique index holds no two entries of equal keys without a NULL whose rows are both live. A row without a Conflict is
//	    in the index when Insert returns, one with a Conflict is not. Rows of one call conflict with one another as with
//	    rows stored before: the later one has the Conflict. A row whose own key and TID are there already counts as added, so
//	    that an Insert may be repeated.
//
// A Method is used from many goroutines at once. A Cursor belongs to one.
package am
