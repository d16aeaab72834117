// Package sequence keeps where sequences stand, and hands out their values.
//
// Always true:
//
//	Q1. The page of a sequence is a function of the log (R1 of the design). It says a value that was logged ahead: every value
//	    handed out lies at or before it. What was handed out in between is in memory alone.
//	Q2. A value is handed out after the record that covers it is in the log, and a transaction that took one does not commit before that
//	    record is durable. So a value that reached a committed row, or a client through a committed statement, is never
//	    handed out again: not after a crash, not by a replica that was promoted. Values may be left out.
//	Q3. Taking a value waits for no transaction and no disk. It is not undone by a rollback.
//	Q4. A new standing that must be undone by a rollback (ALTER SEQUENCE, TRUNCATE … RESTART IDENTITY) is a new file: nobody takes
//	    values from a file that may go again, but its own transaction.
//
// Locks, outer to inner:
//
//	core/lock (the sequence) → state.mu → the content lock of the page → the WAL insertion lock
package sequence
