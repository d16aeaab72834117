// Package replica sends the log to standbys and, on a standby, receives and replays it.
//
// A Sender serves one replication connection on a primary. A Receiver is its peer. A Standby owns a data directory: it
// takes a base copy if the directory is empty, then receives, makes durable, replays and serves reads.
//
// Always true:
//
//	P1. Only durable log is sent: a standby is never ahead of what its primary would find after a crash.
//	P2. A standby acknowledges as flushed only what its own fsync has confirmed, and replays only that.
//	P3. Received bytes continue exactly where the standby's log ends; a gap or an overlap ends the connection.
//	P4. A standby follows one system identifier. A directory of another is refused before anything is written.
//	P5. Replay needs no plugin: records describe pages (R5 of the design).
//	P6. At a clean shutdown a Sender ends only when its peer has confirmed everything, the shutdown checkpoint included,
//	    or has gone.
//
// Locks: senders.mu and progress.mu are leaves; no I/O while one is held.
package replica
