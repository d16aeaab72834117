// Package control keeps the few facts that a data directory cannot be opened without: whose it is, where recovery
// begins, and whether it was shut down.
//
// Always true:
//
//	C1. There are two copies, control.a and control.b. An update overwrites the older one and syncs it, so a torn or
//	    flipped copy costs one update at most.
//	C2. A copy is one 512-byte sector with a CRC over all of it, in every format version.
//	C3. The log is kept from the redo position of the older copy on, so that either copy can start recovery.
package control
