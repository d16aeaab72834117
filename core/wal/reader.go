package wal

import (
	"fmt"
	"io"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
)

// chunkBytes is how much a Reader reads at a time.
const chunkBytes = 256 << 10

// Reader reads records from segment files: one after the other from a record's start, or any record by its LSN. It
// trusts nothing it reads and belongs to one goroutine. It does not see what a running Log holds in memory only, and a
// log that is being written must be read under a limit: what is durable.
type Reader struct {
	files   segmentReader
	code    codec
	limit   page.LSN // nothing at or beyond is read; 0 = none
	durable page.LSN // known to have been on disk
	foreign bool     // durable LSNs in records say nothing (W5)

	next    page.LSN // where the next record starts
	prev    page.LSN // its predecessor, anyPrev if unknown
	rec     Record
	ahead   window
	reason  error         // why the log ends at next
	damaged *CorruptError // sticky
	random  window        // for ReadAt
	found   Record
}

// ReaderOption changes what a Reader knows about its log.
type ReaderOption func(*Reader)

// WithKnownDurable tells an LSN below which the log is known to have been on disk, from the control file for example. A
// bad record that starts there is damage even if nothing follows it; so the LSN must be the end of a record.
func WithKnownDurable(lsn page.LSN) ReaderOption { return func(r *Reader) { r.durable = lsn } }

// WithReceived says that the log was received from another node, whose durable LSNs say nothing about this disk (W5). A
// bad record is then the end of the log unless WithKnownDurable says otherwise: the rest is received again.
func WithReceived() ReaderOption { return func(r *Reader) { r.foreign = true } }

// WithSegmentBytes is for logs with segments of another size, which only tests have.
func WithSegmentBytes(n int) ReaderOption {
	return func(r *Reader) { r.files.geo = geometry{uint64(n)} }
}

// NewReader reads the log in dir from the record that starts at from. It reads nothing at or beyond limit; 0 means no
// limit. No file is opened yet.
func NewReader(fs vfs.FS, dir string, systemID uint64, tli page.TimelineID, from, limit page.LSN, opts ...ReaderOption) *Reader {
	r := &Reader{
		files: segmentReader{fs: fs, dir: dir, tli: tli, geo: geometry{SegmentBytes}},
		code:  newCodec(systemID, tli),
		limit: limit,
		next:  from,
		prev:  anyPrev,
	}
	for _, opt := range opts {
		opt(r)
	}
	return r
}

// SetLimit moves the limit. A Reader that has returned io.EOF goes on where it was; so a standby follows its log by
// setting the limit to what is durable.
func (r *Reader) SetLimit(limit page.LSN) { r.limit = limit }

// Next returns the next record, valid until the next call.
//
// io.EOF means that the log ends here, for now: a later call looks again. *CorruptError means that a record was there
// and is damaged. Any other error is about reading files.
func (r *Reader) Next() (*Record, error) {
	if r.damaged != nil {
		return nil, r.damaged
	}
	why, err := r.decode(&r.ahead, r.next, r.prev, r.next, &r.rec)
	switch {
	case err != nil:
		return nil, err
	case why != nil:
		r.reason = why
		r.ahead.drop()
		return nil, r.atEnd(why)
	}
	r.reason = nil
	r.prev, r.next = r.rec.LSN, r.rec.EndLSN
	return &r.rec, nil
}

// ReadAt returns the record that starts at lsn, valid until the next ReadAt. If there is none the error is a *ReadError,
// also at the end of the log: the caller has the LSN from somewhere.
func (r *Reader) ReadAt(lsn page.LSN) (*Record, error) {
	g := r.files.geo
	base := max(lsn&^(chunkBytes-1), g.start(g.number(lsn))) // aligned, because page chains walk backwards
	why, err := r.decode(&r.random, lsn, anyPrev, base, &r.found)
	if err != nil {
		return nil, err
	}
	if why != nil {
		r.random.drop()
		return nil, &ReadError{LSN: lsn, File: r.files.path(g.number(lsn)), Offset: g.offset(lsn), Err: why}
	}
	return &r.found, nil
}

// Position returns where the next record starts or will start. After io.EOF it is the end of the log.
func (r *Reader) Position() page.LSN { return r.next }

// LastLSN returns the start of the record that Next returned last, 0 before the first.
func (r *Reader) LastLSN() page.LSN {
	if r.prev == anyPrev {
		return 0
	}
	return r.prev
}

// EndReason says, after io.EOF, what was found where the next record would start, for a line in the server's log.
func (r *Reader) EndReason() string {
	if r.reason == nil {
		return ""
	}
	return r.reason.Error()
}

// Close closes files.
func (r *Reader) Close() error { return r.files.close() }

// decode decodes the record at lsn into rec, loading w from base on as far as needed. why is non-nil if there is no valid
// record; err is non-nil if the files cannot be read.
func (r *Reader) decode(w *window, lsn, prev, base page.LSN, rec *Record) (why, err error) {
	if r.limit != 0 && lsn >= r.limit {
		return errLimit, nil
	}
	fresh := false
	for have := w.bytes(lsn); ; {
		want, why := r.code.decode(have, lsn, prev, rec)
		if why == nil || why != errIncomplete && fresh {
			return why, nil
		}
		// More bytes are needed, or these were read when the log was shorter.
		to := max(lsn+page.LSN(want), base+page.LSN(min(chunkBytes, r.files.geo.size)))
		if r.limit != 0 {
			to = min(to, r.limit)
		}
		if err := w.load(&r.files, base, to); err != nil {
			w.drop()
			return nil, err
		}
		more := w.bytes(lsn)
		if fresh && len(more) <= len(have) {
			if r.limit != 0 && w.base+page.LSN(len(w.buf)) == r.limit {
				return errLimit, nil
			}
			return r.absent(w.base + page.LSN(len(w.buf))), nil
		}
		have, fresh = more, true
	}
}

// absent says which file does not have the byte at lsn.
func (r *Reader) absent(lsn page.LSN) error {
	return fmt.Errorf("segment %s is missing or ends at offset %d", r.files.path(r.files.geo.number(lsn)), r.files.geo.offset(lsn))
}

// atEnd decides what it means that there is no valid record at r.next.
func (r *Reader) atEnd(why error) error {
	switch {
	case why == errLimit:
		return io.EOF
	case why == errNewerFormat:
		return fmt.Errorf("WAL record at %v: %w: run the version of the program that wrote it", r.next, why)
	case r.next < r.durable:
		r.damaged = r.corrupt(r.next, why)
		return r.damaged
	case r.foreign:
		return io.EOF
	}
	proof, err := r.findProof(r.next)
	if err != nil {
		return err
	}
	if proof == nil {
		return io.EOF
	}
	r.damaged = r.corrupt(r.next, why)
	r.damaged.Follows, r.damaged.FollowsKind = proof.LSN, proof.Kind
	return r.damaged
}

func (r *Reader) corrupt(lsn page.LSN, why error) *CorruptError {
	g := r.files.geo
	return &CorruptError{File: r.files.path(g.number(lsn)), Offset: g.offset(lsn), LSN: lsn, Reason: why.Error()}
}
