package genericxlog

import "github.com/quiredb/quire/core/page"

// Relation names the fork that a record is about. One record is about one relation; a record about a heap's main fork may change pages
// of its visibility map as well.
type Relation struct {
	Rel      page.RelFileNumber
	Fork     page.ForkNumber
	Unlogged bool   // no records; the LSN field of its pages holds a counter (G6)
	Arena    string // buffer arena of the access method that owns the relation; "" is the host's
}

// File returns the relation fork that holds the pages.
func (r Relation) File() page.RelFile { return page.RelFile{Rel: r.Rel, Fork: r.Fork} }

// Tag returns the identity of one block of the relation.
func (r Relation) Tag(block page.BlockNumber) page.Tag {
	return page.Tag{RelFile: r.File(), Block: block}
}
