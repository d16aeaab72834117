// Package lock lets transactions wait for each other: table locks in PostgreSQL's eight modes, the end of a
// transaction, the right to be next at a row, the right to use a name.
//
// Always true:
//
//	L1. Two owners never hold modes that conflict on one tag.
//	L2. Whoever waits is behind everybody who asked earlier for a conflicting mode, save that an owner which already
//	    blocks a waiter goes before it, and that a queue is rearranged where that alone avoids a deadlock.
//	L3. The wait-for graph has no cycle once Acquire or WaitFor has gone to sleep. The request that would close one
//	    fails with 40P01 instead; so no timer is needed to find deadlocks.
//	L4. An owner waits for at most one tag at a time: an owner belongs to one goroutine.
//	L5. ReleaseAll wakes exactly those that can be granted, in queue order.
//
// Locks: Manager.mu is a leaf. Nothing blocks and nothing is called while it is held; waiting happens on a channel of the
// waiter's own. A caller of Acquire or WaitFor must hold no page lock.
package lock
