package wal

import (
	"github.com/quiredb/quire/core/page"
)

// What the scan for proof reads at a time, and the largest body of a record that it recognises. Records that carry the
// durable LSN are small; the bound keeps the scan of hostile bytes from checksumming a megabyte at every position.
const (
	scanBytes   = 1 << 20
	scanMaxBody = 64 << 10
)

// findProof looks behind bad for a valid record which was inserted when the log was already durable beyond bad (W5). It
// reads to the end of the segment and on through all segments that exist. It returns nil if there is none: then bad is
// where a crash cut the log, and what lies behind it, if anything, was never acknowledged.
func (r *Reader) findProof(bad page.LSN) (*Record, error) {
	g := r.files.geo
	numbers, err := listSegments(r.files.fs, r.files.dir, g, r.files.tli)
	if err != nil {
		return nil, err
	}
	var w window
	step := page.LSN(min(scanBytes, g.size))
	for _, number := range numbers {
		end := g.start(number + 1)
		if r.limit != 0 {
			end = min(end, r.limit)
		}
		for at := max(g.start(number), bad+1); at < end; at += step {
			// Read past the piece, so that a record which starts in it is there as a whole.
			if err := w.load(&r.files, at, at+step+maxHeader+scanMaxBody); err != nil {
				return nil, err
			}
			if rec := r.proofIn(w.buf, at, int(min(end-at, step)), bad); rec != nil {
				return rec, nil
			}
		}
	}
	return nil, nil
}

// proofIn looks for a proof that starts in the first n bytes of b, which lies at base. It looks for a byte that may be a
// kind with the durable bit and then tries each place where such a record would start: up to two bytes more for each of
// the integers before the kind.
func (r *Reader) proofIn(b []byte, base page.LSN, n int, bad page.LSN) *Record {
	for i := minRecord - 2; i < min(len(b), n+crcSize+6); i++ {
		if !Kind(b[i]).provesDamage() {
			continue
		}
		for before := crcSize + 2; before <= crcSize+6; before++ {
			start := i - before
			if start < 0 || start >= n {
				continue
			}
			if rec := r.proofAt(b[start:], base+page.LSN(start), bad); rec != nil {
				return rec
			}
		}
	}
	return nil
}

// proofAt decodes a candidate at lsn. Its predecessor must not lie before bad, or it belongs to another history.
func (r *Reader) proofAt(b []byte, lsn, bad page.LSN) *Record {
	var f fields
	beyond := uint64(lsn - bad)
	if f.parse(b) != nil || !f.kind.provesDamage() || f.bodyLen > scanMaxBody || f.dist == 0 || f.dist > beyond || f.back >= beyond {
		return nil
	}
	rec := new(Record)
	if _, err := r.code.decode(b, lsn, anyPrev, rec); err != nil {
		return nil
	}
	return rec
}
