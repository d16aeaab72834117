// Package engine opens a data directory: it locks it, recovers it, ties log, pool, transactions and heap together, and
// keeps them going with checkpoints, a WAL writer and a background writer.
//
// Always true:
//
//	E1. A directory is open at most once: quire.lock is held from before the first write to after the last.
//	E2. Everything that records before the control file's redo position did is in the files, durably. So recovery begins
//	    there, from either copy of the control file.
//	E3. The log is kept from the smallest of: the redo positions of both copies, what replication retains, wal_keep_size.
//	E4. Nobody but redo changes a page before recovery has ended. What it read of the log was written anew and synced first.
//	E5. A standby inserts no record. It makes restartpoints out of replayed checkpoint records, and no page reaches its file
//	    before the control file's minimum recovery point covers the record that changed it.
//
// Locks, outer to inner:
//
//	Engine.checkpointing → the locks of buffer, storage and wal
//	Engine.checkpointing → controlFile.mu, which is held over the write of the file
package engine
