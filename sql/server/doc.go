// Package server speaks PostgreSQL's wire protocol (version 3) with clients and hands what they ask to sql/session.
//
// It holds listeners (TCP on loopback by default, a unix socket beside it), one goroutine a connection, the
// start-up packets, TLS, authentication and the encoding of results. It knows nothing of plans, tables or pages.
//
// Always true:
//
//	S1. Nothing read before TLS began is used after it: start-up packets are read byte-exactly, without a buffer.
//	S2. Before authentication a connection costs a bounded number of packets of bounded size and a bounded time.
//	S3. A failure of one connection, a panic included, ends that connection only.
//	S4. After an error in the extended protocol everything up to Sync is discarded, simple queries too; exactly one
//	    ReadyForQuery answers each Sync and each simple Query that was heard.
//	S5. Replication connections outlive ordinary sessions at shutdown, so that the shutdown checkpoint reaches them.
//	S6. A message that has no place in a session, or is none, ends the connection.
//
// Locks: Server.mu and cancelKeys.mu are leaves; no I/O while either is held.
package server
