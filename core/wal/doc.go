// Package wal is the write-ahead log: records, segment files, insertion, group commit and reading back.
//
// An LSN is a byte position. Records follow each other without gaps through 16 MiB segment files; nothing marks a
// segment boundary inside the stream.
//
// Always true:
//
//	W1. The byte at an LSN is decided once, by the insertion that covers it. Writing it again writes the same value.
//	W2. Everything below FlushedLSN was covered by a sync that succeeded. FlushedLSN never falls, and on a log that this
//	    node writes itself it is the end of a record.
//	W3. The ring holds every byte from the block of FlushedLSN up to InsertLSN.
//	W4. The checksum of a record covers system id, timeline and the record's own LSN, so bytes left over from another
//	    place, log or history never pass for a record. A record names its predecessor, so the chain has no gap.
//	W5. A record that carries the durable LSN D proves that every byte below D was on this node's disk: a bad record
//	    below D is damage, never a torn tail. In a log received from elsewhere D belongs to the sender and proves nothing.
//	W6. After a failed write or sync nothing more is acknowledged. It is not tried again.
//	W7. Never more than 64 MiB are written or inserted and not durable.
//	W8. A segment file is made whole (zero filled, or full of recycled bytes), synced, and its name synced, before the
//	    first record byte goes there.
//	W9. Open makes what it trusts durable again and removes everything behind it, durably, before the first insertion.
//
// Locks, outer to inner; skip levels freely, never go back:
//
//	insertion.mu → flushing.mu
//	insertion.mu → leadership of the flush → segments.mu → reading.mu
//
// Leadership is not a mutex but the flag flushing.busy: its holder alone writes and syncs, holding no mutex. An inserter
// that finds the ring full flushes under insertion.mu; therefore the leader never takes that mutex and reads the insert
// position as an atomic.
package wal
