// Package heap stores the rows of tables: unordered, versioned, found by scanning or by TID.
//
// Always true:
//
//	H1. A row version is written once. Afterwards only the fields that say who deleted or replaced it change, and they
//	    change through genericxlog like everything else: no hint bits, nothing that is not in the log.
//	H2. A version is seen by a snapshot if its inserter is visible and its deleter is not. Both answers come from
//	    core/xact and never change for one snapshot.
//	H3. A version is removed only if no snapshot, here or to come, can see it. A TID that an index may have is used again only after
//	    a vacuum has removed it from every index (A2 of core/am): until then its line pointer redirects or is dead.
//	H4. A version that was replaced names its successor in ctid. While a snapshot that sees the older version is in use, the chain
//	    from it to the newest committed version is unbroken.
//	H5. Of several transactions that want to change one row, one does; the others wait for its end, in turn.
//	    So do those that want a row which another has locked, and row locks are taken and looked for under the content
//	    lock of the row's page.
//	H6. One update is one record: there is no moment at which the old version is gone and the new one is not there.
//	H7. Indexes lead to roots. All versions that a root leads to agree in every indexed column, except for indexes that know it
//	    (catalog.Index.BuiltBy). A link to a heap-only version counts only if that one was inserted by the transaction
//	    which the link names, since the place of what an aborted update left may have gone to something else.
//	H8. The bit of a page in the visibility map is set only if each root on the page leads to one version, which all snapshots see whose LSN is
//	    not below that of the setting, and if nothing on the page is dead. It is set and cleared in one record with the page.
//
// Locks, outer to inner; skip levels freely, never go back:
//
//	core/lock (tuple, then transaction) → slot.mu → content locks by ascending block → content locks of the map likewise → relState.mu
//
// Nobody waits in core/lock with a slot or a content lock held. relState.mu is a leaf.
package heap
