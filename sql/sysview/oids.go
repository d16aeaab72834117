package sysview

import (
	"github.com/quiredb/quire/core/catalog"
)

// Some things have a number of their own in PostgreSQL and are part of a bigger thing here: operator classes of their access method,
// defaults of their column. Their numbers are made of the bigger thing's and their place in it, above all others.
type part uint32

const (
	opclassPart part = iota // of an access method; its family has the same number
	opPart                  // of an access method: 32 for each operator class
	defaultPart             // of a table: attribute number
	handlerPart             // of an access method
)

// partOID returns the number of the nth part of an object, n below 2048. Objects that are 65536 numbers apart share theirs, which takes
// as many objects made in the lifetime of a database.
func partOID(kind part, of uint32, n int) uint32 {
	return 1<<31 | uint32(kind)<<27 | (of-catalog.FirstOID)&0xffff<<11 | uint32(n)&0x7ff
}
