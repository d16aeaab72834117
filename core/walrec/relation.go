package walrec

import (
	"encoding/binary"

	"github.com/quiredb/quire/core/page"
)

// RelCreate is the payload of a RelCreate record: the main fork of a relation comes into being, and for an unlogged one
// the init fork with the empty image that a crash resets it to.
//
//	+------------+-------+--------------------+----------------+-----------------+
//	| relation v | flags | access method: v+s | pages: count v | page image ...  |
//	+------------+-------+--------------------+----------------+-----------------+
//
// Flags: bit 0 Unlogged, bit 1 VisibilityMap, others zero. The form of a page image is told at appendImage.
type RelCreate struct {
	Rel      page.RelFileNumber
	Unlogged bool
	// VisibilityMap says that the relation has a visibility fork too, empty at first.
	VisibilityMap bool
	AM            string      // access method of an index, "heap" or "" for a table; for display
	InitPages     []page.Page // the empty image
}

const (
	flagUnlogged      = 1
	flagVisibilityMap = 2
)

// Append appends the payload to dst.
func (r RelCreate) Append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(r.Rel))
	var flags byte
	if r.Unlogged {
		flags |= flagUnlogged
	}
	if r.VisibilityMap {
		flags |= flagVisibilityMap
	}
	dst = append(dst, flags)
	dst = appendString(dst, r.AM)
	dst = binary.AppendUvarint(dst, uint64(len(r.InitPages)))
	for _, p := range r.InitPages {
		dst = appendImage(dst, p)
	}
	return dst
}

// DecodeRelCreate is the inverse of RelCreate.Append. Its pages are copies.
func DecodeRelCreate(b []byte) (RelCreate, error) {
	d := decoder{what: "relation create", b: b}
	r := RelCreate{Rel: d.rel()}
	flags := d.uint("flags", flagUnlogged|flagVisibilityMap)
	r.Unlogged, r.VisibilityMap = flags&flagUnlogged != 0, flags&flagVisibilityMap != 0
	r.AM = d.string("access method")
	for n := d.count("pages", 2); n > 0 && d.err == nil; n-- {
		r.InitPages = append(r.InitPages, d.image())
	}
	return r, d.done()
}

// RelTruncate is the payload of a RelTruncate record: the fork keeps its first Blocks blocks.
//
//	+------------+--------+----------+
//	| relation v | fork v | blocks v |
//	+------------+--------+----------+
type RelTruncate struct {
	File   page.RelFile
	Blocks page.BlockNumber
}

// Append appends the payload to dst.
func (r RelTruncate) Append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(r.File.Rel))
	dst = binary.AppendUvarint(dst, uint64(r.File.Fork))
	return binary.AppendUvarint(dst, uint64(r.Blocks))
}

// DecodeRelTruncate is the inverse of RelTruncate.Append.
func DecodeRelTruncate(b []byte) (RelTruncate, error) {
	d := decoder{what: "relation truncate", b: b}
	r := RelTruncate{File: page.RelFile{Rel: d.rel(), Fork: d.fork()}, Blocks: page.BlockNumber(d.uint32("blocks"))}
	return r, d.done()
}

// RelDrop is the payload of a RelDrop record: all forks of the relations go.
//
//	+----------+----------------+
//	| count v  | relation v ... |
//	+----------+----------------+
type RelDrop struct {
	Rels []page.RelFileNumber
}

// Append appends the payload to dst.
func (r RelDrop) Append(dst []byte) []byte { return appendRels(dst, r.Rels) }

// DecodeRelDrop is the inverse of RelDrop.Append.
func DecodeRelDrop(b []byte) (RelDrop, error) {
	d := decoder{what: "relation drop", b: b}
	r := RelDrop{Rels: d.rels("relations")}
	return r, d.done()
}

func (d *decoder) rel() page.RelFileNumber { return page.RelFileNumber(d.uint32("relation")) }
func (d *decoder) fork() page.ForkNumber   { return page.ForkNumber(d.uint("fork", 255)) }
