// Package sdk is what the author of an access method builds on: implement AccessMethod, call Serve from main, and the
// program is a plugin that a Quire host starts, feeds and replicates.
//
// Pages live in the host. A method reads them at a version, edits copies, and hands the edits back; one Finish is one
// record in the host's log and changes all its pages or none. So a plugin needs no locks in the host, no log of its
// own and no recovery: killed at any instant it leaves nothing behind, and what it finished is on every replica.
//
// Always true:
//
//	K1. Pages handed to an author are shared and immutable; writing goes through an editor or a bulk writer.
//	K2. A page that was read and then registered between Start and Finish is registered at the version that was
//	    read: if it moved on meanwhile, Finish answers ErrConflict and nothing changed.
//	K3. Blocks from NewPage that no Finish used go back to the host when the call ends, whatever ended it.
//	K4. What an author's code does (panic, return early, leave requests unanswered) costs its own call; the lane is
//	    back in step before the call's answer is sent.
//	K5. Standard output belongs to the handshake. Whatever else writes to file descriptor 1 lands on standard error.
//
// Locks, outer to inner: laneCarrier.mu → nothing; pageCache.mu → nothing; callTable.mu → nothing.
package sdk
