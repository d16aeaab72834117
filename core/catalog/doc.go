// Package catalog knows what exists: tables, indexes, sequences, access methods, roles and stored settings.
//
// Everything is a row, or several, of one heap relation (number 1): oid, kind, name, file and a definition as JSON. So the
// catalog is transactional, replicated and recovered like any table, and needs no code of its own for that.
//
// Always true:
//
//	C1. A Catalog is one state of all objects and never changes. Equal versions (xact.Manager.CatalogVersion) are the same
//	    Catalog.
//	C2. Names are unique within their space (tables, indexes and sequences share one): who creates or renames takes the name's lock to
//	    the end of the transaction, then looks at the newest state, own changes included.
//	C3. An object changes or goes under a lock that keeps its users out: AccessExclusive on the table for its own end,
//	    Share for the coming of an index, ShareRowExclusive on a sequence (its end: AccessExclusive), the name's lock for
//	    an access method.
//	C4. Files come with the transaction that creates an object and go with the one that drops it (core/xact). OIDs and
//	    file numbers are never used twice; both come from one counter.
//	C5. An access method that an index depends on cannot be dropped, nor an index be created on one that is being dropped.
//	C6. A column keeps its position for ever: rows are stored by it. A dropped column stays as a place without a name.
//
// Locks, outer to inner:
//
//	core/lock (name, then relation) → Store.mu
//
// Store.mu is a leaf but for reading heap pages on the way to a new Catalog.
package catalog
