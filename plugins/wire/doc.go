// Package wire is what crosses between the host and an access method's process: the gRPC messages (package pb), the
// Go types both halves work with, and the carrier-neutral page requests.
//
// Always true:
//
//	W1. Nothing here trusts a byte. Every decoder checks lengths before it allocates and returns an error that
//	    says what was wrong; none panics (fuzzed).
//	W2. The page plane is the interface PageCarrier. The lane (gRPC) is one way to carry it, an in-memory store in
//	    tests is another, shared memory slots in beside them. No caller can tell them apart but by time.
//	W3. Errors cross by code. What the receiver gets satisfies errors.Is for the sentinel of that code.
//	W4. A message is at most MaxMessage bytes by the sender's care, and HardCap by the receiver's.
//
// The package imports core/page and nothing else of the host, so that a plugin links none of it.
package wire
