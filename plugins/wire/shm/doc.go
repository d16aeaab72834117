// Package shm carries lanes through shared memory: the same messages as over gRPC, in two rings of bytes between host and plugin.
// The README has the layout and what each side checks.
//
// Always true:
//
//	S1. The host makes the memory and seals its size before anybody else has it, so no access can fault.
//	S2. Each counter has one writer, which keeps its own copy and never reads it back from the memory.
//	S3. What the other side wrote is read once, checked, and copied before it is used. Nonsense is ErrProtocol, never a
//	    fault: a counter out of range, a length beyond wire.HardCap.
//	S4. A waiter sleeps no longer than a second before it looks again, whatever the other side does to the words it sleeps on.
//	S5. The memory is unmapped when nobody is in it any more.
//
// An End is used by one goroutine at a time, but for Close, Hangup and Gone, which may come from anywhere. End.mu is a leaf, held for
// reading while the memory is in use.
package shm
