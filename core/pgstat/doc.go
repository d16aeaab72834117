// Package pgstat holds the cumulative statistics: what happened to tables, indexes and the database since the counters were last reset.
//
// Always true:
//
//	P1. Counting never fails, never waits for I/O and never changes what a statement does. A nil *Session or *Pending counts nothing.
//	P2. What a session counts is its own until its transaction ends, and everybody's from then on.
//	P3. Live and dead rows follow the outcome: those of an aborted transaction or savepoint were tried, and are dead. Neither is ever
//	    below zero.
//	P4. The file of a clean stop is read once and by the next start only. Without it, or if it is damaged, all counters are zero.
//
// A Session belongs to one goroutine. A Store may be used by all; the lock of an entry is a leaf.
package pgstat
