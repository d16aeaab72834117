package wal

import "github.com/quiredb/quire/core/page"

// ring keeps the newest bytes of the log; the byte at an LSN lies at LSN modulo its size.
//
// It holds no position and takes no lock: insertion writes behind the insert position, the flush leader reads before
// it, and insertion never laps the block that holds the flushed position (rule W3).
type ring struct {
	buf  []byte
	mask uint64
}

func newRing(size int) ring { return ring{buf: make([]byte, size), mask: uint64(size - 1)} }

// put copies b to [at, at+len(b)).
func (r *ring) put(at page.LSN, b []byte) {
	n := copy(r.buf[uint64(at)&r.mask:], b)
	copy(r.buf, b[n:])
}

// spans returns the bytes [from, to) as one or two pieces of the ring.
func (r *ring) spans(from, to page.LSN) (first, second []byte) {
	start := uint64(from) & r.mask
	n := uint64(to - from)
	if start+n <= uint64(len(r.buf)) {
		return r.buf[start : start+n], nil
	}
	return r.buf[start:], r.buf[:start+n-uint64(len(r.buf))]
}

// copyOut fills dst with the bytes from an LSN on.
func (r *ring) copyOut(dst []byte, from page.LSN) {
	a, b := r.spans(from, from+page.LSN(len(dst)))
	copy(dst[copy(dst, a):], b)
}
