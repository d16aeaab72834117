// Package clienttest asks unmodified PostgreSQL clients what they think of a running host: pgx, lib/pq, psql and pgbench. Nothing
// here imports the engine; the tests see what a user sees.
//
// Always true:
//
//	T1. One host serves the whole test binary. It is built once, listens on loopback and a unix socket of a temporary directory, and
//	    is ended by its process id. A test that kills its host has one of its own, and shuts it down and verifies it at its end.
//	T2. Every test ends with a look at what the host logged meanwhile (no error, no panic), and the binary ends with a clean shutdown
//	    and `quire verify`.
//	T3. Tests own their tables and drop them; no test depends on another.
//	T4. Where PostgreSQL 15's server programs are installed, the error table and the random queries are put to a real server too, so
//	    that the expectations written down here are PostgreSQL's and not ours.
//	T5. What is missing is skipped with a line that starts with LOUD.
package clienttest
