package walrec

import (
	"encoding/binary"
	"math"

	"github.com/quiredb/quire/core/page"
)

// Commit is the payload of a Commit record; the transaction's id stands in the record header.
//
//	+-------+---------+--------------------+-----------------+---------------+----------------+
//	| flags | time sv | dropped: count v   | relation v ...  | subs: count v | distance v ... |
//	+-------+---------+--------------------+-----------------+---------------+----------------+
//
// The numbers of subtransactions ascend; each is stored as the distance from the one before, the first from 0.
// sv is a varint of the number folded so that small negative ones are short. Flags: bit 0 CatalogChanged, others zero.
type Commit struct {
	Time           int64                // microseconds since 1970-01-01 00:00 UTC
	CatalogChanged bool                 // cached catalogs older than this record are outdated
	DroppedRels    []page.RelFileNumber // whose files go now
	Subs           []uint64             // subtransactions that commit with it, ascending
}

const flagCatalogChanged = 1

// Append appends the payload to dst.
func (c Commit) Append(dst []byte) []byte {
	var flags byte
	if c.CatalogChanged {
		flags |= flagCatalogChanged
	}
	dst = append(dst, flags)
	dst = appendInt(dst, c.Time)
	return appendSubs(appendRels(dst, c.DroppedRels), c.Subs)
}

// DecodeCommit is the inverse of Commit.Append.
func DecodeCommit(b []byte) (Commit, error) {
	d := decoder{what: "commit", b: b}
	flags := d.uint("flags", flagCatalogChanged)
	c := Commit{CatalogChanged: flags&flagCatalogChanged != 0, Time: d.int("time"), DroppedRels: d.rels("dropped"), Subs: d.subs()}
	return c, d.done()
}

// Abort is the payload of an Abort record, of a transaction or of a subtransaction that is rolled back.
//
//	+------------------+----------------+---------------+----------------+
//	| dropped: count v | relation v ... | subs: count v | distance v ... |
//	+------------------+----------------+---------------+----------------+
type Abort struct {
	DroppedRels []page.RelFileNumber // created by the transaction; their files go now
	Subs        []uint64             // subtransactions that end with it, ascending
}

// Append appends the payload to dst.
func (a Abort) Append(dst []byte) []byte { return appendSubs(appendRels(dst, a.DroppedRels), a.Subs) }

// DecodeAbort is the inverse of Abort.Append.
func DecodeAbort(b []byte) (Abort, error) {
	d := decoder{what: "abort", b: b}
	a := Abort{DroppedRels: d.rels("dropped"), Subs: d.subs()}
	return a, d.done()
}

func appendRels(dst []byte, rels []page.RelFileNumber) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(rels)))
	for _, rel := range rels {
		dst = binary.AppendUvarint(dst, uint64(rel))
	}
	return dst
}

func (d *decoder) rels(field string) []page.RelFileNumber {
	n := d.count(field, 1)
	if n == 0 {
		return nil
	}
	rels := make([]page.RelFileNumber, n)
	for i := range rels {
		rels[i] = page.RelFileNumber(d.uint32(field))
	}
	return rels
}

func appendSubs(dst []byte, subs []uint64) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(subs)))
	var before uint64
	for _, xid := range subs {
		dst = binary.AppendUvarint(dst, xid-before)
		before = xid
	}
	return dst
}

func (d *decoder) subs() []uint64 {
	n := d.count("subtransactions", 1)
	if n == 0 {
		return nil
	}
	subs := make([]uint64, n)
	var xid uint64
	for i := range subs {
		step := d.uint("subtransaction", math.MaxUint64-xid)
		if step == 0 {
			d.fail("subtransaction", "numbers must ascend from 1")
			return nil
		}
		xid += step
		subs[i] = xid
	}
	return subs
}
