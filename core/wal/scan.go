package wal

import (
	"encoding/binary"

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
// kind with the durable bit and from there back over the two integers that stand between checksum and kind. The last byte
// of an integer is below 0x80, the others are not; where the first one begins is open, if the checksum ends in such bytes.
func (r *Reader) proofIn(b []byte, base page.LSN, n int, bad page.LSN) *Record {
	for i := crcSize + 2; i < min(len(b), n+crcSize+6); i++ {
		if !Kind(b[i]).provesDamage() || b[i-1] >= 0x80 {
			continue
		}
		length := i - 2 // the last byte of the body length
		for length > crcSize && b[length] >= 0x80 && length > i-4 {
			length--
		}
		for start := length - crcSize; start >= 0 && start < n && b[length] < 0x80; start-- {
			if rec := r.proofAt(b[start:], base+page.LSN(start), bad); rec != nil {
				return rec
			}
			if start == length-crcSize-2 || start == 0 || b[start+crcSize-1] < 0x80 {
				break
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
	size := f.size + f.bodyLen
	if len(b) < size || r.code.sum(lsn, b[crcSize:size]) != binary.LittleEndian.Uint32(b) {
		return nil
	}
	return &Record{LSN: lsn, EndLSN: lsn + page.LSN(size), Prev: lsn - page.LSN(f.dist), Durable: lsn - page.LSN(f.back), Kind: f.kind, XID: f.xid}
}
