package walrec

import (
	"encoding/binary"

	"github.com/quiredb/quire/core/page"
)

// Commit is the payload of a Commit record; the transaction's id stands in the record header.
//
//	+-------+---------+--------------------+-----------------+
//	| flags | time sv | dropped: count v   | relation v ...  |
//	+-------+---------+--------------------+-----------------+
//
// sv is a varint of the number folded so that small negative ones are short. Flags: bit 0 CatalogChanged, others zero.
type Commit struct {
	Time           int64                // microseconds since 1970-01-01 00:00 UTC
	CatalogChanged bool                 // cached catalogs older than this record are outdated
	DroppedRels    []page.RelFileNumber // whose files go now
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
	return appendRels(dst, c.DroppedRels)
}

// DecodeCommit is the inverse of Commit.Append.
func DecodeCommit(b []byte) (Commit, error) {
	d := decoder{what: "commit", b: b}
	flags := d.uint("flags", flagCatalogChanged)
	c := Commit{CatalogChanged: flags&flagCatalogChanged != 0, Time: d.int("time"), DroppedRels: d.rels("dropped")}
	return c, d.done()
}

// Abort is the payload of an Abort record.
//
//	+------------------+----------------+
//	| dropped: count v | relation v ... |
//	+------------------+----------------+
type Abort struct {
	DroppedRels []page.RelFileNumber // created by the transaction; their files go now
}

// Append appends the payload to dst.
func (a Abort) Append(dst []byte) []byte { return appendRels(dst, a.DroppedRels) }

// DecodeAbort is the inverse of Abort.Append.
func DecodeAbort(b []byte) (Abort, error) {
	d := decoder{what: "abort", b: b}
	a := Abort{DroppedRels: d.rels("dropped")}
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
