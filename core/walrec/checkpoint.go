package walrec

import (
	"encoding/binary"

	"github.com/quiredb/quire/core/page"
)

// Checkpoint is the payload of both checkpoint records. Every page changed before RedoLSN is in its file when the record
// is written, so recovery starts there.
//
//	+-------------+------------+------------+------------+---------+-----------------+----------------------------+
//	| redo LSN v  | timeline v | next xid v | next oid v | time sv | active: count v | xid v, count v, relation v |
//	+-------------+------------+------------+------------+---------+-----------------+----------------------------+
type Checkpoint struct {
	RedoLSN  page.LSN
	Timeline page.TimelineID
	NextXID  uint64
	NextOID  uint32
	Time     int64        // microseconds since 1970-01-01 00:00 UTC
	Active   []ActiveXact // transactions with a number and no outcome when the record was made
}

// ActiveXact is a transaction that was running at a checkpoint. If it never ends, its relations go with it.
type ActiveXact struct {
	XID     uint64
	Created []page.RelFileNumber
}

// OldestActiveXID returns the smallest number of a running transaction, NextXID if there is none.
func (c Checkpoint) OldestActiveXID() uint64 {
	oldest := c.NextXID
	for _, x := range c.Active {
		oldest = min(oldest, x.XID)
	}
	return oldest
}

// Append appends the payload to dst.
func (c Checkpoint) Append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(c.RedoLSN))
	dst = binary.AppendUvarint(dst, uint64(c.Timeline))
	dst = binary.AppendUvarint(dst, c.NextXID)
	dst = binary.AppendUvarint(dst, uint64(c.NextOID))
	dst = appendInt(dst, c.Time)
	dst = binary.AppendUvarint(dst, uint64(len(c.Active)))
	for _, x := range c.Active {
		dst = binary.AppendUvarint(dst, x.XID)
		dst = appendRels(dst, x.Created)
	}
	return dst
}

// DecodeCheckpoint is the inverse of Checkpoint.Append.
func DecodeCheckpoint(b []byte) (Checkpoint, error) {
	d := decoder{what: "checkpoint", b: b}
	c := Checkpoint{
		RedoLSN:  page.LSN(d.uint64("redo LSN")),
		Timeline: page.TimelineID(d.uint32("timeline")),
		NextXID:  d.uint64("next xid"),
		NextOID:  d.uint32("next oid"),
		Time:     d.int("time"),
	}
	for n := d.count("active", 2); n > 0 && d.err == nil; n-- {
		c.Active = append(c.Active, ActiveXact{XID: d.uint64("xid"), Created: d.rels("created")})
	}
	return c, d.done()
}

// EndOfRecovery is the payload of the record that follows crash recovery or promotion. Where no timeline ended, both
// timelines are the same.
//
//	+------------+---------------------+---------+
//	| timeline v | previous timeline v | time sv |
//	+------------+---------------------+---------+
type EndOfRecovery struct {
	Timeline page.TimelineID
	Previous page.TimelineID
	Time     int64 // microseconds since 1970-01-01 00:00 UTC
}

// Append appends the payload to dst.
func (e EndOfRecovery) Append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(e.Timeline))
	dst = binary.AppendUvarint(dst, uint64(e.Previous))
	return appendInt(dst, e.Time)
}

// DecodeEndOfRecovery is the inverse of EndOfRecovery.Append.
func DecodeEndOfRecovery(b []byte) (EndOfRecovery, error) {
	d := decoder{what: "end of recovery", b: b}
	e := EndOfRecovery{
		Timeline: page.TimelineID(d.uint32("timeline")),
		Previous: page.TimelineID(d.uint32("previous timeline")),
		Time:     d.int("time"),
	}
	return e, d.done()
}
