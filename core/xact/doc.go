// Package xact numbers transactions, remembers how they ended, and decides what a reader may see.
//
// Always true:
//
//	X1. A snapshot is an LSN. A transaction is visible to it if its commit record starts at or below that LSN, and,
//	    for the session that made it, also from the moment of its own commit (R8).
//	X2. A commit is in the status cache before its record is complete in the log, so before anybody can find the record
//	    durable: nobody takes a snapshot that covers a commit and then finds the transaction running.
//	X3. The visible LSN never passes a commit record that the watermark has not covered whole. The watermark is the
//	    durable end of the log, lower when replicas must have it too, and the replay position on a standby.
//	X4. Whoever waits for a transaction wakes after its outcome is visible. If the wait for durability was given up, the
//	    transaction is committed all the same, and waiters wait for visibility on their own.
//	X5. A transaction that wrote nothing leaves nothing: no number, no record.
//	X6. A status entry is written once. Zero means running if the number is at least the oldest running one, and
//	    aborted otherwise: whoever crashed or ended without a record is below it.
//	    An entry that refers to the transaction of a subtransaction stands in between, and is as good as that one's.
//	X7. Horizon never passes the LSN of a snapshot in use, nor of one that is being taken.
//	X8. A transaction and its subtransactions that were not rolled back get their outcome from one record. A subtransaction that is
//	    rolled back is aborted from then on, while its transaction runs. Numbers ascend from the outside inwards.
//
// Locks, outer to inner; skip levels freely, never go back:
//
//	content locks of status pages, ascending → the WAL insertion lock → visibility.mu
//	cache.mu → content lock of a status page (shared)
//	registry.mu → visibility.mu
//
// No I/O under registry.mu or visibility.mu. core/lock is called with none of these held.
package xact
