// Package crashtest holds no code, only tests of everything together: SQL sessions on an engine on a disk in memory, with the
// bloom access method behind a real lane in the same process. What they say is in README.md.
//
// Always true of the tests:
//
//	T1. A history is a function of its seed. It is made before it runs, so every run of it, whatever the settings, is the same
//	    statements in the same order from the same sessions; and every failure names the seed.
//	T2. A model knows what each statement does. No answer of the program is ever compared with itself alone.
//	T3. The model's states in the order of commits are the ledger: after a crash exactly one of those from the last
//	    acknowledged commit on must be there, nothing in between and nothing else.
//	T4. One goroutine issues all statements, and sessions touch rows of their own, so no statement waits for another.
package crashtest
